import { sortedText } from "../base/order.ts";
import type { AttributeValue, RoleAttributes } from "../model/role.ts";
import type { StateRules } from "../model/state-rules.ts";
import type { RoleClaim } from "./claims.ts";
import type { RoleEntry } from "./manifest.ts";
import type { Findings } from "./report.ts";

/** The attributes that are kept as they are written. */
const PLAIN = [
  "bypassrls",
  "connection_limit",
  "connections_per_hour",
  "createdb",
  "createrole",
  "inherit",
  "login",
  "password_days",
  "password_expired",
  "plugin",
  "queries_per_hour",
  "replication",
  "statement_seconds",
  "superuser",
  "tls",
  "updates_per_hour",
] as const satisfies readonly (keyof RoleEntry)[];

/** The attributes that are lists: kept as a sorted JSON array, in text. */
const LIST_ATTRIBUTES: readonly ("cidr_groups" | "datacenters" | "identities")[] = [
  "cidr_groups",
  "datacenters",
  "identities",
];

const ATTRIBUTES: ReadonlySet<string> = new Set<keyof RoleEntry>([...PLAIN, ...LIST_ATTRIBUTES, "valid_until"]);

/** Whether a manifest can say this attribute of a role. */
export function isSayable(attribute: string): boolean {
  return ATTRIBUTES.has(attribute);
}

/** What a manifest has no word for stays as it is, whoever claims the role. */
export function unclaimed(attributes: RoleAttributes): RoleAttributes {
  return Object.fromEntries(Object.entries(attributes).filter(([name]) => !isSayable(name)));
}

/** Whole numbers are kept as numbers, others as text: no digest holds a fraction. */
function keptNumber(value: number): number | string {
  return Number.isSafeInteger(value) ? value : String(value);
}

/** An attribute in the form in which a manifest says it: the inverse of `saidAttributes`. */
export function writtenAttribute(name: string, value: AttributeValue): AttributeValue | readonly string[] {
  if (typeof value !== "string") return value;
  if (LIST_ATTRIBUTES.some((list) => list === name)) return JSON.parse(value) as readonly string[];
  return name === "statement_seconds" ? Number(value) : value;
}

interface Server {
  readonly rules: StateRules;
  readonly findings: Findings;
}

/** The attributes that a role's entry says, in the form in which they are kept; those that such a role cannot have are findings. */
export function saidAttributes(claim: RoleClaim, server: Server): RoleAttributes {
  const said: Record<string, AttributeValue> = {};
  const { entry, path } = claim;
  for (const key of PLAIN) {
    const value = entry[key];
    if (value === undefined) continue;
    const kept = typeof value === "number" ? keptNumber(value) : value;
    if (fits(claim, key, kept, server)) said[key] = kept;
  }
  for (const key of LIST_ATTRIBUTES) {
    const value = entry[key];
    if (value === undefined) continue;
    const text = value === null ? null : JSON.stringify(sortedText(new Set(value)));
    if (fits(claim, key, text, server)) said[key] = text;
  }
  if (entry.valid_until === undefined) return said;
  const until = instant(entry.valid_until);
  if (until === undefined) {
    const help = "write it as `2027-01-01T00:00:00Z`, `infinity` or null";
    const message = `expected a time with its zone, found \`${entry.valid_until}\``;
    server.findings.add("RW105", [...path, "valid_until"], message, { help });
  } else if (fits(claim, "valid_until", until, server)) said["valid_until"] = until;
  return said;
}

function fits({ name, path }: RoleClaim, key: string, value: AttributeValue, { rules, findings }: Server): boolean {
  const known = rules.defaultAttributes(name);
  if (!Object.hasOwn(known, key)) {
    const sayable = sortedText(Object.keys(known).filter(isSayable));
    const help = `it can have ${sayable.map((each) => `\`${each}\``).join(", ")}`;
    findings.add("RW237", [...path, key], `role \`${name}\` cannot have \`${key}\` on this server`, { help });
    return false;
  }
  const refused = rules.refusesAttribute(name, key, value);
  if (refused === null) return true;
  const message = `role \`${name}\` cannot have \`${key}: ${String(value)}\` on this server`;
  findings.add("RW237", [...path, key], message, { help: refused });
  return false;
}

/** Whether a role could ever sign in with the password that is said of it; a finding when not. */
export function canHavePassword({ name, path }: RoleClaim, { rules, findings }: Server): boolean {
  const refused = rules.refusesAttribute(name, "login", true);
  if (refused === null) return true;
  const message = `role \`${name}\` cannot log in on this server, and so has no password`;
  findings.add("RW237", [...path, "password"], message, { help: refused });
  return false;
}

/** A time in the form in which it is kept: UTC with microseconds; undefined when it is not one. */
function instant(text: string | null): string | null | undefined {
  // The two say the same, and a server cannot be brought back from the one to the other.
  if (text === null || text === "infinity") return null;
  if (text === "-infinity") return text;
  const match = /^(\d{4}-\d{2}-\d{2})[T ](\d{2}:\d{2})(:\d{2})?(\.\d{1,6})?(Z|[+-]\d{2}:?\d{2})$/iu.exec(text);
  if (match === null) return undefined;
  const [, day, time, seconds, fraction, zone] = match;
  const milliseconds = Date.parse(`${day}T${time}${seconds ?? ":00"}${zone?.toUpperCase()}`);
  if (Number.isNaN(milliseconds)) return undefined;
  const micros = (fraction ?? ".").slice(1).padEnd(6, "0");
  return new Date(milliseconds).toISOString().replace(/\.\d{3}Z$/u, `.${micros}Z`);
}
