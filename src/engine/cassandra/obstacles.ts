import { isGrantChange, type Change } from "../../model/change.ts";
import type { Finding } from "../../model/finding.ts";
import { describeName, describeTyped, resourceKey } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { RenderRequest } from "../engine.ts";
import { missingRights } from "./authority.ts";
import { canonicalMbean } from "./mbean-names.ts";
import { edgesOf, waysTo } from "./membership-order.ts";
import { missingFindings } from "./missing.ts";
import { quoteIdentifier } from "./quote.ts";
import { copiesFindings, copiesInLimits } from "./replication.ts";

/** What stands in the way of the changes: rights that the connection's role lacks, and what this server cannot do at all. */
export function obstacles(request: RenderRequest, snapshot: Snapshot): readonly Finding[] {
  return [
    ...copiesFindings(copiesInLimits(snapshot.limits)),
    ...missingFindings(missingRights(request, snapshot), snapshot),
    ...danglingFindings(request, snapshot),
    ...nameFindings(request.all),
    ...mbeanFindings(request.all),
    ...impliedFindings(request, snapshot),
  ];
}

/** The server refuses GRANT and REVOKE alike on what does not exist, so that a grant that was left behind cannot be taken back. */
function danglingFindings({ all }: RenderRequest, { catalog }: Snapshot): Finding[] {
  const created = new Set(all.flatMap((change) => (change.kind === "create-role" ? [change.role.name] : [])));
  const dropped = new Set(all.flatMap((change) => (change.kind === "drop-role" ? [change.role.name] : [])));
  return all.flatMap((change) => {
    if (!isGrantChange(change)) return [];
    const missing = change.resources.filter((resource) => {
      const comes = resource.kind === "role" && created.has(resource.path[0] ?? "");
      return !comes && catalog.entries.get(resourceKey(resource))?.missing === true;
    });
    return missing.map((resource): Finding => {
      const what = describeTyped(resource);
      const whose = `\`${describeName(change.grantee)}\``;
      if (change.kind === "add-grant") {
        const message = `${what} does not exist, so nothing can be granted on it to ${whose}`;
        return { code: "RW315", severity: "error", message, help: "make it first, or take the grant out" };
      }
      return {
        code: "RW315",
        severity: "error",
        message: `${whose} holds ${change.privileges.join(", ")} on ${what}, which does not exist any more, and the server revokes nothing on what does not exist`,
        help: dropped.has(change.grantee)
          ? `drop the role by hand, which takes its grants along: drop role ${quoteIdentifier(change.grantee)}; then plan again`
          : "make something of that name, apply, and drop it again; or leave the grant as it is: it counts again as soon as there is something of that name",
      };
    });
  });
}

/** The server writes names into statements of its own without quoting them: such a role comes and goes only in part. */
function nameFindings(all: readonly Change[]): Finding[] {
  return all.flatMap((change): Finding[] => {
    const names: readonly RoleName[] =
      change.kind === "create-role" || change.kind === "drop-role"
        ? [change.role.name]
        : change.kind === "alter-role" && change.attributes.some(({ name }) => name !== "login" && name !== "superuser")
          ? [change.role]
          : [];
    return names
      .filter((name) => name.includes("'"))
      .map((name) => ({
        code: "RW316",
        severity: "error",
        message: `the name of role \`${describeName(name)}\` has a single quote, and the server makes, changes and drops such a role only in part`,
        help: "use another name; have a superuser get rid of such a role by hand",
      }));
  });
}

/** The server keeps the name of an MBean in one form, so that a grant in another form would never be found again. */
function mbeanFindings(all: readonly Change[]): Finding[] {
  return all.flatMap((change): Finding[] => {
    if (change.kind !== "add-grant" || change.resourceKind !== "mbean") return [];
    const names = change.resources.map(({ path }) => path[0] ?? "").filter((name) => canonicalMbean(name) !== name);
    return names.map((name) => ({
      code: "RW322",
      severity: "error",
      message: `the server keeps the MBean \`${name}\` by another form of its name`,
      help: `write it as \`${canonicalMbean(name)}\``,
    }));
  });
}

/**
 * Memberships that follow already from others, which the server refuses to record. Where the others are taken in the same plan there is a way, with a gap; on the way back it would be the same, and that is no reason not to go.
 */
function impliedFindings({ all, before }: RenderRequest, { access }: Snapshot): Finding[] {
  const removed = new Set(
    all.flatMap((change) =>
      change.kind === "remove-membership" ? [`${change.membership.role}\0${change.membership.member}`] : [],
    ),
  );
  const now = edgesOf(before.memberships.values());
  return all.flatMap((change): Finding[] => {
    if (change.kind !== "add-membership") return [];
    const { role, member } = change.membership;
    const staying = waysTo(now, { role, member }).filter((way) => !removed.has(`${way}\0${member}`));
    const [way] = staying;
    if (way === undefined) return [];
    return [
      {
        code: "RW319",
        severity: before === access ? "error" : "warning",
        message: `\`${describeName(member)}\` is a member of \`${describeName(role)}\` through \`${describeName(way)}\` already, and the server refuses a membership that follows from others`,
        help: `take \`${describeName(role)}\` out of the memberships of \`${describeName(member)}\`: it changes nothing`,
      },
    ];
  });
}
