import { compareBy, sorted, sortedText } from "../base/order.ts";
import type { Connection, Dialect, KeptBySessions, LiveSession } from "../engine/engine.ts";
import type { AccessState } from "../model/access-state.ts";
import type { AlterRole, Change } from "../model/change.ts";
import type { Membership, RoleName } from "../model/role.ts";
import { PUBLIC } from "../model/role.ts";
import type { MembershipGraph } from "./membership-graph.ts";
import { membershipGraph } from "./membership-graph.ts";

/** The sessions that keep access which a plan took away. */
export interface Lingering {
  readonly sessions: readonly LiveSession[];
  /** False when we may not see everybody's sessions: there may be more. */
  readonly complete: boolean;
}

/** What was changed, and who knows what the server's sessions keep of it. */
export interface LingeringContext {
  readonly before: AccessState;
  readonly after: AccessState;
  readonly dialect: Pick<Dialect, "keptBySessions">;
}

/**
 * Finds the sessions that keep what these changes revoke: those of logins that may not log in any more or are gone, those that act as a role that they may not become any more, and those that keep what the server checks
 * only once, as its dialect says. Where the server does not tell what a session has become, each session that could have become such a role is listed. Sessions of a role that is dropped can be found only before
 * it is.
 */
export async function lingeringSessions(
  connection: Connection,
  changes: readonly Change[],
  context: LingeringContext,
): Promise<Lingering> {
  const rules = lingeringRules(changes, context);
  const roles = sortedText(rules.flatMap((rule) => [...rule.logins]));
  if (roles.length === 0) return { sessions: [], complete: true };
  const { sessions, complete } = await connection.sessions(roles);
  return {
    sessions: sorted(
      sessions.filter((session) => keepsAny(rules, session)),
      bySession,
    ),
    complete,
  };
}

/** Which sessions to look for: one rule a way of keeping revoked access. */
export function lingeringRules(changes: readonly Change[], context: LingeringContext): readonly LingeringRule[] {
  const { before, after, dialect } = context;
  const maySet = (membership: Membership): boolean => membership.set;
  const graphs: Graphs = {
    before,
    any: membershipGraph([before]),
    given: membershipGraph([before], (membership) => !membership.implied),
    was: membershipGraph([before], maySet),
    is: membershipGraph([after], maySet),
  };
  return changes.flatMap((change) => [
    ...rulesOfRole(change, graphs),
    ...rulesOfKept(dialect.keptBySessions(change), graphs),
  ]);
}

export function keepsAny(rules: readonly LingeringRule[], session: LiveSession): boolean {
  return rules.some((rule) => keeps(rule, session));
}

/** Sessions of several findings, each once. */
export function mergeSessions(...lists: readonly (readonly LiveSession[])[]): readonly LiveSession[] {
  return sorted(new Map(lists.flat().map((session) => [session.id, session])).values(), bySession);
}

const bySession = compareBy<LiveSession>(
  (session) => session.login,
  (session) => session.since,
  (session) => session.id,
);

type AttributeChange = AlterRole["attributes"][number];

interface Graphs {
  readonly before: AccessState;
  /** Who is in whom by any membership; who could become whom before, and who can after. */
  readonly any: MembershipGraph;
  readonly was: MembershipGraph;
  readonly is: MembershipGraph;
  /** By any membership but those that the server gives to whoever makes a role: an administrator's open sessions keep nobody from dropping what it once made. */
  readonly given: MembershipGraph;
}

/** Sessions of these logins keep what was revoked. */
export interface LingeringRule {
  readonly logins: ReadonlySet<RoleName>;
  /** Only when the session may have become one of these; null: whatever it is now. */
  readonly became: ReadonlySet<RoleName> | null;
  /** Only in this database; null: in any. */
  readonly database: string | null;
  /** Only where this is the current schema; null: in any. */
  readonly schema: string | null;
}

function keeps(rule: LingeringRule, session: LiveSession): boolean {
  if (!rule.logins.has(session.login) && !(session.current !== null && rule.logins.has(session.current))) return false;
  if (rule.database !== null && rule.database !== session.database) return false;
  if (rule.schema !== null && rule.schema !== session.schema) return false;
  return rule.became === null || session.current === null || rule.became.has(session.current);
}

const ANYWHERE = { became: null, database: null, schema: null } as const;

/** What is true of every server: nobody is asked once more whether a role may log in, or is still there. */
function rulesOfRole(change: Change, graphs: Graphs): readonly LingeringRule[] {
  if (change.kind === "alter-role") {
    return change.attributes.some(isReduction) ? [{ ...ANYWHERE, logins: new Set([change.role]) }] : [];
  }
  if (change.kind === "drop-role") {
    const own = new Set([change.role.name]);
    return [
      { ...ANYWHERE, logins: graphs.given.below(change.role.name), became: own },
      { ...ANYWHERE, logins: own },
    ];
  }
  return [];
}

function rulesOfKept(kept: KeptBySessions, graphs: Graphs): readonly LingeringRule[] {
  switch (kept.kind) {
    case "nothing":
      return [];
    case "login":
      return [{ ...ANYWHERE, logins: reaching(kept.role, graphs) }];
    case "role":
      return membershipRules(kept.role, kept.member, graphs);
    case "schema":
      return kept.schemas.map((schema) => ({ ...ANYWHERE, logins: reaching(kept.role, graphs), schema }));
    case "database":
      return kept.databases.map((database) => ({ ...ANYWHERE, logins: reaching(kept.role, graphs), database }));
  }
}

/** Everybody below the member who could become the role, or something above it, and now cannot. */
function membershipRules(role: RoleName, member: RoleName, graphs: Graphs): readonly LingeringRule[] {
  const above = graphs.was.above(role);
  const rules: LingeringRule[] = [];
  for (const login of graphs.was.below(member)) {
    if (graphs.before.roles.get(login)?.attributes["superuser"] === true) continue;
    const kept = graphs.is.above(login);
    const lost = new Set([...above].filter((one) => !kept.has(one)));
    if (lost.size > 0) rules.push({ ...ANYWHERE, logins: new Set([login]), became: lost });
  }
  return rules;
}

function isReduction(attribute: AttributeChange): boolean {
  const { name, before, after } = attribute;
  if (name === "login" || name === "superuser") return before === true && after === false;
  // Instants are RFC 3339 in UTC, so the order of the text is the order of time.
  return (
    name === "valid_until" &&
    typeof after === "string" &&
    after !== "infinity" &&
    !(typeof before === "string" && before <= after)
  );
}

/** Everybody who has the privileges of this role, or could. */
function reaching(grantee: RoleName, graphs: Graphs): ReadonlySet<RoleName> {
  return grantee === PUBLIC ? new Set(graphs.before.roles.keys()) : graphs.any.below(grantee);
}
