import type { AccessState } from "../../model/access-state.ts";
import type { Finding } from "../../model/finding.ts";
import { describeName, describeResource, type Resource } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { RenderRequest } from "../engine.ts";

/** Databases that every cluster has and that nobody works in: roles can be dropped without having looked into them. */
const TEMPLATES: ReadonlySet<string> = new Set(["template0", "template1"]);

/** So many roles are named in one finding; the rest are counted. */
const NAMED = 5;

/** Why roles could not be dropped: something is still theirs, or a database was not looked into. */
export function dropObstacles({ all, after }: RenderRequest, snapshot: Snapshot): readonly Finding[] {
  const dropped = new Set(all.flatMap((change) => (change.kind === "drop-role" ? [change.role.name] : [])));
  if (dropped.size === 0) return [];
  const some = [...dropped].slice(0, NAMED).map((name) => `\`${describeName(name)}\``);
  const names = [...some, ...(dropped.size > NAMED ? [`${dropped.size - NAMED} more`] : [])].join(", ");
  const unread = [...snapshot.access.holdings.values()]
    .flatMap(({ resource }) => (resource.kind === "database" ? [resource.path[0] ?? ""] : []))
    .filter((database) => !TEMPLATES.has(database) && !snapshot.catalog.databases.includes(database));
  const findings: Finding[] = [];
  if (unread.length > 0) {
    findings.push({
      code: "RW312",
      severity: "error",
      message: `${names} cannot be dropped while ${unread.map((name) => `database \`${describeName(name)}\``).join(", ")} was not read: the role may own or hold something there`,
      help: "read all databases of the target: `databases: all`",
    });
  }
  for (const [role, resources] of ownedBy(after, dropped)) {
    const [first] = resources;
    const more = resources.length > 1 ? ` and ${resources.length - 1} more` : "";
    findings.push({
      code: "RW313",
      severity: "error",
      message: `\`${describeName(role)}\` cannot be dropped: it owns ${first === undefined ? "" : describeResource(first)}${more}`,
      help: "name a successor: `retire: { successor: other_role }`",
    });
  }
  const given = [...after.memberships.values()].find(({ grantor }) => dropped.has(grantor));
  if (given !== undefined) {
    findings.push({
      code: "RW313",
      severity: "error",
      message: `\`${describeName(given.grantor)}\` cannot be dropped: it gave \`${describeName(given.member)}\` membership in \`${describeName(given.role)}\``,
      help: "have another role give that membership first",
    });
  }
  return findings;
}

function ownedBy(state: AccessState, roles: ReadonlySet<RoleName>): ReadonlyMap<RoleName, readonly Resource[]> {
  const owned = new Map<RoleName, Resource[]>();
  for (const { owner, resource } of state.holdings.values()) {
    if (owner === null || !roles.has(owner)) continue;
    const list = owned.get(owner);
    if (list === undefined) owned.set(owner, [resource]);
    else list.push(resource);
  }
  return owned;
}
