import { Client } from "pg";
import type { AccessIndex } from "../../../src/analysis/access-index.ts";
import { buildAccessIndex } from "../../../src/analysis/access-index.ts";
import { Secret } from "../../../src/base/secret.ts";
import { postgresql } from "../../../src/engine/postgresql/index.ts";
import { quoteIdentifier } from "../../../src/engine/postgresql/quote.ts";
import type { AccessEntry } from "../../../src/model/access-list.ts";
import { accessList } from "../../../src/model/access-list.ts";
import type { Holding } from "../../../src/model/access-state.ts";
import type { Need, Requirement } from "../../../src/model/requirements.ts";
import type { Resource, ResourceKey } from "../../../src/model/resource.ts";
import { describeResource, resourceKey } from "../../../src/model/resource.ts";
import type { Snapshot } from "../../../src/model/snapshot.ts";
import { membershipKey } from "../../../src/model/role.ts";
import type { PostgresServer } from "../../support/postgres.ts";

export async function snapshotOf(server: PostgresServer, database = "postgres"): Promise<Snapshot> {
  await using connection = await postgresql.connect({
    url: new Secret(server.url({ database })),
    databases: [database],
  });
  return await connection.introspect();
}

export function indexOf(snapshot: Snapshot): AccessIndex {
  const { accessRules } = postgresql.dialect(snapshot);
  return buildAccessIndex(snapshot.access, snapshot.catalog, accessRules);
}

/** The statement that gives what a need asks for, or takes it away. Null: it is not given by a grant. */
export function statementFor(need: Need, caller: string, verb: "grant" | "revoke"): string | null {
  const { right } = need;
  const role = quoteIdentifier(need.of === "caller" ? caller : need.of.role);
  const whom = verb === "grant" ? `to ${role}` : `from ${role}`;
  if (right.kind === "role") return `${verb} ${quoteIdentifier(right.role)} ${whom}`;
  if (right.kind !== "privilege") return null;
  const { columns } = right;
  const listed =
    columns?.kind === "listed" ? ` (${columns.names.map((name) => quoteIdentifier(name)).join(", ")})` : "";
  // What was given on the table cannot be taken from a column: a grant to an owner is on the table.
  const onColumns = need.of === "caller" ? listed : "";
  return `${verb} ${right.privilege}${onColumns} on ${target(right.resource)} ${whom}`;
}

function target({ kind, path }: Resource): string {
  const names = (kind === "database" ? path : path.slice(1, kind === "routine" ? 3 : 4)).map((name) =>
    quoteIdentifier(name),
  );
  if (kind === "routine") return `routine ${names.join(".")}(${path[3] ?? ""})`;
  return `${kind} ${names.join(".")}`;
}

/** A state with one need given to its role, or taken from it. */
export function changed(snapshot: Snapshot, need: Need, caller: string, verb: "grant" | "revoke"): Snapshot {
  const { right } = need;
  const role = need.of === "caller" ? caller : need.of.role;
  if (right.kind === "role") {
    const memberships = new Map(snapshot.access.memberships);
    for (const [key, each] of memberships)
      if (each.member === role && each.role === right.role) memberships.delete(key);
    if (verb === "grant") {
      const membership = {
        role: right.role,
        member: role,
        grantor: "postgres",
        admin: false,
        inherit: true,
        set: true,
        implied: false,
      };
      memberships.set(membershipKey(membership), membership);
    }
    return { ...snapshot, access: { ...snapshot.access, memberships } };
  }
  if (right.kind !== "privilege") return snapshot;
  const holdings = new Map(snapshot.access.holdings);
  for (const resource of placesOf(need)) update(holdings, resource, { role, privilege: right.privilege, verb });
  return { ...snapshot, access: { ...snapshot.access, holdings } };
}

function placesOf({ right, of }: Need): readonly Resource[] {
  if (right.kind !== "privilege") return [];
  const { resource, columns } = right;
  if (columns?.kind !== "listed" || of !== "caller") return [resource];
  return columns.names.map((name): Resource => ({ kind: "column", path: [...resource.path, name] }));
}

function update(
  holdings: Map<ResourceKey, Holding>,
  resource: Resource,
  { role, privilege, verb }: { readonly role: string; readonly privilege: string; readonly verb: "grant" | "revoke" },
): void {
  const key = resourceKey(resource);
  const known = holdings.get(key) ?? { resource, owner: null, list: accessList([]) };
  const entries: AccessEntry[] = [];
  for (const entry of known.list.entries) {
    if (entry.grantee !== role || verb === "grant") entries.push(entry);
    else {
      const without = (names: readonly string[]): readonly string[] => names.filter((name) => name !== privilege);
      entries.push({ ...entry, privileges: without(entry.privileges), grantable: without(entry.grantable) });
    }
  }
  if (verb === "grant") {
    entries.push({ grantee: role, grantor: known.owner ?? "postgres", privileges: [privilege], grantable: [] });
  }
  holdings.set(key, { ...known, list: accessList(entries) });
}

/** The needs that are given for a requirement to be met: of options the first. */
export function givenFor(requirement: Requirement): Need {
  if (requirement.kind === "need") return requirement;
  return givenFor(requirement.options[0] as Requirement);
}

export type Outcome = "ran" | "denied" | "failed";

/** What really happened to a statement. */
export interface Run {
  readonly outcome: Outcome;
  readonly code: string;
  readonly message: string;
}

/** A refusal for want of a right, or a name that is out of reach. */
const DENIED: ReadonlySet<string> = new Set(["42501", "42P01", "42883", "42704", "3F000"]);

/** Runs a statement as a role and takes it back. Each has a session of its own: sessions keep functions that were inlined while somebody might call them. */
export async function runAs(
  server: PostgresServer,
  text: string,
  {
    role,
    path,
    before = [],
    database = "postgres",
  }: { readonly role: string; readonly path: string; readonly before?: readonly string[]; readonly database?: string },
): Promise<Run> {
  const client = new Client({ host: server.socket, port: server.port, user: "postgres", database });
  await client.connect();
  try {
    await client.query(
      ["begin", ...before, `set local search_path = ${path}`, `set local role ${quoteIdentifier(role)}`].join("; "),
    );
    try {
      await client.query(text);
      return { outcome: "ran", code: "", message: "" };
    } catch (error) {
      const { code = "", message } = error as { code?: string; message: string };
      return { outcome: DENIED.has(code) ? "denied" : "failed", code, message };
    }
  } finally {
    await client.query("rollback");
    await client.end();
  }
}

/** A requirement as one line, comparable between majors. */
export function describeRequirement(requirement: Requirement): string {
  if (requirement.kind === "any-of") return `one of ${requirement.options.map(describeRequirement).join(" | ")}`;
  const { right, of, certainty, origin } = requirement;
  const who = of === "caller" ? "" : `${of.role}: `;
  const from = origin.length === 0 ? "" : ` <- ${origin.join(" > ")}`;
  return `${who}${certainty === "conditional" ? "maybe " : ""}${describeRight(right)}${from}`;
}

function describeRight(right: Need["right"]): string {
  if (right.kind === "attribute") return `attribute ${right.attribute}`;
  if (right.kind === "role") return `${right.mode} role ${right.role}`;
  const what = `${right.resource.kind} ${describeResource(right.resource)}`;
  if (right.kind === "owner") return `owner of ${what}`;
  const { columns } = right;
  const which = columns === undefined ? "" : `(${columns.kind === "listed" ? columns.names.join(", ") : columns.kind})`;
  return `${right.privilege}${which} on ${what}`;
}
