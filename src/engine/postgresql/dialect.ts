import { isDefaultChange, isGrantChange, type Change } from "../../model/change.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { RoleName } from "../../model/role.ts";
import type { Dialect, KeptBySessions, Placement, RenderedStatement } from "../engine.ts";
import { obstacles } from "./authority.ts";
import { CAPABILITIES } from "./capabilities.ts";
import { listLimits } from "./limits.ts";
import { quoteIdentifier } from "./quote.ts";
import { renderContext } from "./render-context.ts";
import { narrows } from "./render-memberships.ts";
import { ownerLockIsHeavy, policyTable } from "./render-owners.ts";
import { onlyAdds } from "./render-roles.ts";
import { render } from "./render.ts";
import { postgresStateRules } from "./rules.ts";
import { postgresAccessRules } from "./semantics.ts";

/** The rules and the language of one PostgreSQL server as it was read. */
export function postgresDialect(snapshot: Snapshot): Dialect {
  const rules = postgresStateRules(snapshot);
  const context = renderContext(snapshot, rules);
  return {
    capabilities: { ...CAPABILITIES, membershipOptions: rules.membershipOptions },
    rules,
    accessRules: postgresAccessRules({ major: snapshot.version.major, bootstrap: snapshot.actor.bootstrap, rules }),
    quoteIdentifier,
    render: (request) => render(request, context),
    placement,
    obstacles: (request) => obstacles(request, snapshot, rules),
    limits: (after, changed) => listLimits(after, changed, snapshot),
    lockDemand,
    keptBySessions,
  };
}

/** Privileges are checked at each statement; what a session has become by SET ROLE, and the database that it is in, are not. */
function keptBySessions(change: Change): KeptBySessions {
  if (change.kind === "remove-membership") {
    return { kind: "role", role: change.membership.role, member: change.membership.member };
  }
  if (change.kind === "alter-membership" && change.before.set && !change.after.set) {
    return { kind: "role", role: change.after.role, member: change.after.member };
  }
  if (change.kind === "remove-grant" && change.resourceKind === "database" && change.privileges.includes("CONNECT")) {
    const databases = change.resources.map((resource) => resource.path[0] ?? "");
    return { kind: "database", role: change.grantee, databases };
  }
  return { kind: "nothing" };
}

function placement(change: Change): Placement {
  if (isGrantChange(change)) {
    const adds = change.kind === "add-grant" || change.kind === "add-grant-option";
    if (change.database === null) return { stage: adds ? "prepare" : "finish", database: null };
    return { stage: adds ? "add" : "remove", database: change.database };
  }
  if (isDefaultChange(change)) {
    const adds = change.kind === "add-default" || change.kind === "add-default-option";
    return { stage: adds ? "add" : "remove", database: change.target.database };
  }
  const table = policyTable(change);
  if (table !== undefined) return { stage: "heavy", database: table.path[0] ?? null };
  switch (change.kind) {
    case "change-owner":
      if (ownerLockIsHeavy({ kind: change.resourceKind })) return { stage: "heavy", database: change.database };
      return { stage: change.database === null ? "prepare" : "add", database: change.database };
    case "alter-role":
      return { stage: onlyAdds(change) ? "prepare" : "finish", database: null };
    case "alter-membership":
      return { stage: narrows(change) ? "finish" : "prepare", database: null };
    case "remove-membership":
    case "drop-role":
      return { stage: "finish", database: null };
    case "rename-role":
    case "create-role":
    case "set-role-setting":
    case "set-password":
    case "add-membership":
    case "create-policy":
    case "drop-policy":
    case "alter-policy":
    case "set-row-security":
      return { stage: "prepare", database: null };
  }
}

/** The objects that statements name are locked one by one; a role that several name is locked once. */
function lockDemand(statements: readonly RenderedStatement[]): number {
  const roles = new Set<RoleName>();
  let objects = 0;
  for (const { locks } of statements) {
    objects += locks?.objects ?? 1;
    for (const role of locks?.roles ?? []) roles.add(role);
  }
  return objects + roles.size;
}
