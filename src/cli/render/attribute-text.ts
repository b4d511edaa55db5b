import type { AttributeValue, RoleAttributes } from "../../model/role.ts";
import { escapeLine } from "../output/escape.ts";

/** What is worth saying of a role's attributes: whether it can log in, what else it may, and every limit that is set. */
export function describeAttributes(attributes: RoleAttributes): string {
  const told = Object.entries(ATTRIBUTES).flatMap(([name, say]) => {
    const value = attributes[name];
    const text = value === undefined ? null : say(value, attributes);
    return text === null ? [] : [text];
  });
  return [attributes["login"] === true ? "can log in" : "cannot log in", ...told].join(", ");
}

/** One value of an attribute as people read it: `unlimited`, `yes`, `dc1, dc2`. */
export function describeValue(name: string, value: AttributeValue): string {
  if (value === null) return NOTHING[name] ?? "none";
  if (value === true) return "yes";
  if (value === false) return "no";
  if (value === -1 || (value === 0 && PER_HOUR.has(name))) return "unlimited";
  if (value === 0 && name === "password_days") return "never";
  return typeof value === "string" && SETS.has(name) ? listed(value) : escapeLine(String(value));
}

/** What null means. */
const NOTHING: Readonly<Record<string, string>> = {
  datacenters: "all",
  cidr_groups: "all",
  password_days: "the server's default",
};

/** Limits of which 0 is none. */
const PER_HOUR: ReadonlySet<string> = new Set([
  "connections_per_hour",
  "queries_per_hour",
  "updates_per_hour",
  "statement_seconds",
]);

/** Kept as a JSON array. */
const SETS: ReadonlySet<string> = new Set(["datacenters", "cidr_groups", "identities"]);

type Say = (value: AttributeValue, all: RoleAttributes) => string | null;

const power =
  (name: string): Say =>
  (value) =>
    value === true ? name : null;

const limit =
  (text: (count: number) => string): Say =>
  (value) =>
    typeof value === "number" && value !== 0 ? text(value) : null;

/** In the order in which they are told; what is not here is not told. */
const ATTRIBUTES: Readonly<Record<string, Say>> = {
  superuser: power("superuser"),
  createrole: power("createrole"),
  createdb: power("createdb"),
  replication: power("replication"),
  bypassrls: power("bypassrls"),
  inherit: (value) => (value === false ? "noinherit" : null),
  // Accounts that have limits by the hour write "no limit" as 0; elsewhere it is -1, and 0 lets nobody in.
  connection_limit: (value, all) => {
    const none = "connections_per_hour" in all ? 0 : -1;
    return typeof value === "number" && value !== none ? `at most ${value} connections` : null;
  },
  connections_per_hour: limit((count) => `at most ${count} connections an hour`),
  queries_per_hour: limit((count) => `at most ${count} statements an hour`),
  updates_per_hour: limit((count) => `at most ${count} changes an hour`),
  statement_seconds: limit((count) => `statements end after ${count} s`),
  valid_until: (value) =>
    typeof value === "string" && value !== "infinity" ? `password valid until ${escapeLine(value)}` : null,
  password_expired: power("password expired"),
  password_days: (value) =>
    typeof value !== "number" ? null : value === 0 ? "password never expires" : `password valid for ${value} days`,
  tls: (value) => (typeof value === "string" && value !== "none" ? (TLS[value] ?? `needs ${escapeLine(value)}`) : null),
  plugin: (value) => (typeof value === "string" && value !== "" ? `signs in by ${escapeLine(value)}` : null),
  datacenters: (value) => (typeof value === "string" ? `only in datacenters ${listed(value)}` : null),
  cidr_groups: (value) => (typeof value === "string" ? `only from networks ${listed(value)}` : null),
  identities: (value) => (typeof value === "string" && value !== "[]" ? `certificates of ${listed(value)}` : null),
};

const TLS: Readonly<Record<string, string>> = { any: "needs TLS", x509: "needs a client certificate" };

function listed(text: string): string {
  const parts = names(text);
  return parts === null ? escapeLine(text) : parts.length === 0 ? "none" : parts.map(escapeLine).join(", ");
}

function names(text: string): string[] | null {
  try {
    const value: unknown = JSON.parse(text);
    return Array.isArray(value) ? value.map(String) : null;
  } catch {
    return null;
  }
}
