import type { AccessRules } from "../../model/access-rules.ts";
import { type Change, type GrantChange, isGrantChange } from "../../model/change.ts";
import type { Finding } from "../../model/finding.ts";
import { describeName, describeResource, type Resource, resourceKey, tableOf } from "../../model/resource.ts";
import { type Membership, PUBLIC, type RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { RenderRequest } from "../engine.ts";
import { Authority } from "./authority.ts";
import { definerWarnings } from "./definers.ts";
import type { Missing } from "../missing-rights.ts";
import { missingFindings } from "./missing.ts";
import { DATABASE } from "./normalize.ts";
import { REVOKED } from "./privileges.ts";
import type { Product } from "./product.ts";
import { isDefaultChange } from "./render-memberships.ts";
import { granteeText, levelText, privilegeText } from "./render-names.ts";

/** What obstacles are found by. */
export interface ObstacleSettings {
  readonly snapshot: Snapshot;
  readonly rules: AccessRules;
  readonly product: Product;
}

interface Asked extends ObstacleSettings {
  readonly authority: Authority;
  /** Roles that the plan makes: who makes one administers it. */
  readonly created: ReadonlySet<RoleName>;
}

const SERVER: Resource = { kind: "server", path: [] };
const GRANT_OPTION = "GRANT OPTION";

/** What the connection's account may not do of the changes, and what will stop working. semantics-mysql-mariadb.md, sections 8 and 10. */
export function obstacles(request: RenderRequest, settings: ObstacleSettings): readonly Finding[] {
  const { snapshot, rules, product } = settings;
  const me = snapshot.actor.role;
  const authority = new Authority(me, request.before, { catalog: snapshot.catalog, rules });
  const created = new Set(request.all.flatMap((change) => (change.kind === "create-role" ? [change.role.name] : [])));
  const asked: Asked = { ...settings, authority, created };
  const missing = request.all.flatMap((change) =>
    isGrantChange(change) ? grantMissing(change, asked) : roleMissing(change, asked),
  );
  return [
    ...missingFindings(missing, snapshot),
    ...readOnly(authority, settings),
    // Taking back what was given brings nobody below what was there before.
    ...(request.before === snapshot.access ? definerWarnings(request.all, snapshot) : []),
    ...(product.rolesAreAccounts ? missingFindings(protectedAccounts(request, asked), snapshot) : []),
  ];
}

function grantMissing(change: GrantChange, asked: Asked): readonly Missing[] {
  const { authority, product } = asked;
  const verb = change.kind === "add-grant" || change.kind === "add-grant-option" ? "grant" : "revoke";
  const known = new Map<string, readonly Missing[]>();
  return change.resources.flatMap((resource) => {
    const needed = change.privileges.map((name) => (name.startsWith(REVOKED) ? name.slice(REVOKED.length) : name));
    const action = `${verb} ${change.privileges.join(", ")} on ${describeResource(resource)}`;
    if (resource.kind === "role" || resource.kind === "dynamic-privilege") return ownOption(resource, action, asked);
    const level = resource.kind === "column" ? tableOf(resource) : resource;
    const option: Resource = resource.kind === "server" ? { kind: "all-schemas", path: [] } : level;
    const lacking = needed.filter(
      (name) => name !== GRANT_OPTION && !authority.holds(resource, name) && !authority.holds(level, name),
    );
    const hasOption = authority.holds(option, GRANT_OPTION);
    if (lacking.length === 0 && hasOption) return [];
    const words = lacking.length === 0 ? "usage" : lacking.map(privilegeText).join(", ");
    const right = [...lacking, ...(hasOption ? [] : [GRANT_OPTION])].join(", ");
    const key = `${right}\0${levelText(level)}`;
    const found = known.get(key) ?? [
      {
        action,
        right: `${right} on ${describeResource(level)}`,
        statement: `grant ${words} on ${levelText(level)} to ${granteeText(authority.me, product)} with grant option`,
      },
    ];
    const isNew = !known.has(key);
    known.set(key, found);
    return isNew ? found : [];
  });
}

/** PROXY and dynamic privileges are passed on by an option of their own; an empty name stands for every account. */
function ownOption(resource: Resource, action: string, { authority, product }: Asked): readonly Missing[] {
  const who = granteeText(authority.me, product);
  const [name = ""] = resource.path;
  if (resource.kind === "dynamic-privilege") {
    if (authority.passesOn(resource, "USAGE")) return [];
    const right = `${name} with the right to pass it on`;
    return [{ action, right, statement: `grant ${privilegeText(name)} on *.* to ${who} with grant option` }];
  }
  const anybody = ["@", "@%"].map((path): Resource => ({ kind: "role", path: [path] }));
  if (name === authority.me || [resource, ...anybody].some((place) => authority.passesOn(place, "PROXY"))) return [];
  const statement = `grant proxy on ${granteeText(name, product)} to ${who} with grant option`;
  return [
    {
      action: action.replace(" on ", " on the account "),
      right: "PROXY there with the right to pass it on",
      statement,
    },
  ];
}

function roleMissing(change: Exclude<Change, GrantChange>, asked: Asked): readonly Missing[] {
  const needs = (action: string): readonly Missing[] => withCreateUser(action, asked);
  switch (change.kind) {
    case "create-role":
      return needs(`create \`${describeName(change.role.name)}\``);
    case "drop-role":
      return needs(`drop \`${describeName(change.role.name)}\``);
    case "rename-role":
      return needs(`rename \`${describeName(change.from)}\``);
    case "alter-role":
      return needs(`alter \`${describeName(change.role)}\``);
    case "set-password":
      return change.role === asked.authority.me ? [] : needs(`set the password of \`${describeName(change.role)}\``);
    case "add-membership":
    case "remove-membership":
      return membershipMissing(change, change.membership, asked);
    case "alter-membership":
      return membershipMissing(change, change.after, asked);
    case "set-role-setting":
    case "change-owner":
    case "add-default":
    case "remove-default":
    case "add-default-option":
    case "remove-default-option":
    case "create-policy":
    case "alter-policy":
    case "drop-policy":
    case "set-row-security":
      return [];
  }
}

function withCreateUser(action: string, { authority, product }: Asked): readonly Missing[] {
  if (authority.holds(SERVER, "CREATE USER")) return [];
  const statement = `grant create user on *.* to ${granteeText(authority.me, product)}`;
  return [{ action, right: "CREATE USER", statement }];
}

/** Without ADMIN on a MariaDB role nobody gives or takes it, whatever else they may do: root neither. */
function membershipMissing(change: Change, { role, member }: Membership, asked: Asked): readonly Missing[] {
  const { authority, product, created } = asked;
  const missing: Missing[] = [];
  const who = granteeText(authority.me, product);
  const changesEdge = change.kind !== "alter-membership" || change.before.admin !== change.after.admin;
  const byPrivilege =
    product.rolesAreAccounts &&
    (authority.holds(SERVER, "SUPER") || authority.holds({ kind: "dynamic-privilege", path: ["ROLE_ADMIN"] }, "USAGE"));
  if (changesEdge && !created.has(role) && !byPrivilege && !authority.administers(role)) {
    const by = authority.administratorsOf(role);
    missing.push({
      action: `${change.kind === "remove-membership" ? "revoke" : "grant"} \`${describeName(role)}\``,
      right: `to administer \`${describeName(role)}\`${by.length === 0 ? ", which nobody does: drop it and make it anew" : ""}`,
      ...(by.length === 0 ? {} : { statement: `grant ${granteeText(role, product)} to ${who} with admin option`, by }),
    });
  }
  if (isDefaultChange(change, product) && member !== PUBLIC && member !== authority.me) {
    const schema: Resource = { kind: "schema", path: [DATABASE, "mysql"] };
    if (!authority.holds(schema, "UPDATE")) {
      const action = `set the default role of \`${describeName(member)}\``;
      missing.push({ action, right: "UPDATE on the schema mysql", statement: `grant update on \`mysql\`.* to ${who}` });
    }
  }
  return missing;
}

/** MySQL: accounts with SYSTEM_USER are changed by such accounts only. */
function protectedAccounts({ all, before }: RenderRequest, asked: Asked): readonly Missing[] {
  const resource: Resource = { kind: "dynamic-privilege", path: ["SYSTEM_USER"] };
  if (asked.authority.holds(resource, "USAGE")) return [];
  const entries = before.holdings.get(resourceKey(resource))?.list.entries ?? [];
  const guarded = new Set(entries.map(({ grantee }) => grantee));
  const statement = `grant system_user on *.* to ${granteeText(asked.authority.me, asked.product)}`;
  return all.flatMap((change) => {
    const name = accountChanged(change);
    if (name === null || !guarded.has(name)) return [];
    return [{ action: `change \`${describeName(name)}\``, right: "SYSTEM_USER, as that account has it", statement }];
  });
}

function accountChanged(change: Change): RoleName | null {
  if (isGrantChange(change)) return change.grantee;
  if (change.kind === "drop-role") return change.role.name;
  if (change.kind === "alter-role" || change.kind === "set-password") return change.role;
  return change.kind === "rename-role" ? change.from : null;
}

function readOnly(authority: Authority, { snapshot, product }: ObstacleSettings): readonly Finding[] {
  const { limits } = snapshot;
  const strictly = limits["super_read_only"] === 1;
  if (limits["read_only"] !== 1 && !strictly) return [];
  const exempt = product.rolesAreAccounts
    ? authority.holds(SERVER, "SUPER") ||
      authority.holds({ kind: "dynamic-privilege", path: ["CONNECTION_ADMIN"] }, "USAGE")
    : authority.holds(SERVER, "READ_ONLY ADMIN");
  return [
    {
      code: "RW327",
      severity: exempt && !strictly ? "warning" : "error",
      message:
        "the server is read-only, as a replica is: what is changed here and not on its primary makes them differ",
      help: "plan and apply on the primary: replicas receive it from there",
    },
  ];
}
