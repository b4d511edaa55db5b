import type { EngineName } from "../../../model/engine-name.ts";
import type { Fix } from "../../../model/check-finding.ts";
import type { Purpose } from "../../../model/declared.ts";
import type { Privilege } from "../../../model/access-list.ts";
import type { GrantChange } from "../../../model/change.ts";
import { sorted, sortedText } from "../../../base/order.ts";
import { compareResources, databaseOf, describeName, describeTyped, type Resource } from "../../../model/resource.ts";
import { type Grantee, PUBLIC, type RoleName } from "../../../model/role.ts";
import { hasBit } from "../../bits.ts";
import { hasEverything, powerfulRoles } from "../../escalation/mysql-held.ts";
import { recordedGrants } from "../../sources.ts";
import type { CheckContext, Hit } from "../check.ts";

/** What these checks are about. */
export const ENGINES: readonly EngineName[] = ["mariadb", "mysql"];

/** Whether something that was granted to this name is a matter of escalation: it is somebody in scope, or everybody, and does not have everything anyway. */
export function concerned(context: CheckContext, grantee: Grantee): boolean {
  return (grantee === PUBLIC || context.inScope(grantee)) && !hasEverything(context.index, grantee);
}

/** Whether a role can do more than use the data of single schemas, by itself or by escalation, or is declared an administrator. */
export function isStrong(context: CheckContext, name: RoleName): boolean {
  let known = strength.get(context);
  if (known === undefined) strength.set(context, (known = new Map()));
  let found = known.get(name);
  if (found === undefined) known.set(name, (found = workOutStrength(context, name)));
  return found;
}

const strength = new WeakMap<CheckContext, Map<RoleName, boolean>>();

function workOutStrength(context: CheckContext, name: RoleName): boolean {
  const { graph } = context.index;
  const id = graph.idOf(name);
  if (!hasBit(graph.existing, id)) return false;
  if (hasBit(powerfulRoles(context.index), id) || context.people.administers(name)) return true;
  // What takes somebody else's doing does not make it strong.
  return context.escalation.toSuperuser(name)?.needsVictim === false;
}

/** Whether the manifest says that a role is for one of these, or is a member of one that is; administrators are for everything. */
export function isFor(context: CheckContext, name: Grantee, purposes: readonly Purpose[]): boolean {
  if (context.people.administers(name)) return true;
  const { graph } = context.index;
  const id = graph.idOf(name);
  for (const role of context.declared?.roles.values() ?? []) {
    if (role.purpose === null || !purposes.includes(role.purpose)) continue;
    // A role is its own reacher; what is not there, PUBLIC too, has the number -1 and is nobody's.
    if (graph.isReacher(graph.idOf(role.name), id, null)) return true;
  }
  return false;
}

/** A name in backticks; everybody by that word. */
export function said(name: Grantee): string {
  return name === PUBLIC ? "everybody (PUBLIC)" : `\`${describeName(name)}\``;
}

const NAMED = 3;

/** Things in backticks: the first ones, and how many more. */
export function saidPlaces(resources: readonly Resource[]): string {
  const texts = sorted(resources, compareResources).map((each) => `\`${describeTyped(each)}\``);
  const more = texts.length > NAMED ? ` and ${texts.length - NAMED} more` : "";
  return `${texts.slice(0, NAMED).join(", ")}${more}`;
}

/** What takes privileges on things of one kind from somebody. */
export function revoke(
  grantee: Grantee,
  resources: readonly Resource[],
  privileges: readonly Privilege[],
): GrantChange {
  const [first] = resources;
  if (first === undefined) throw new TypeError("nothing to revoke on");
  return {
    kind: "remove-grant",
    resourceKind: first.kind,
    database: databaseOf(first),
    resources: sorted(resources, compareResources),
    privileges: sortedText(privileges),
    grantee,
    grantor: "",
    grantable: false,
  };
}

/** A fix that takes something away, told with what it takes. */
export function revoking(
  grantee: Grantee,
  resources: readonly Resource[],
  privileges: readonly Privilege[],
  more = "",
): Fix {
  const names = sortedText(privileges).join(", ");
  const text = `revoke ${names} on ${saidPlaces(resources)} from ${said(grantee)}${more}`;
  return { text, changes: [revoke(grantee, resources, privileges)] };
}

/** What takes a privilege from whoever it is recorded for, so that somebody does not have it on a thing any more by itself. */
export function revokingRecorded(
  { index }: CheckContext,
  grantee: Grantee,
  wanted: readonly { readonly privilege: Privilege; readonly resource: Resource }[],
): readonly GrantChange[] {
  return wanted.flatMap((question) =>
    recordedGrants(index, grantee, question).map((source) =>
      revoke(source.grantee, [source.resource], [question.privilege]),
    ),
  );
}

/** How sure it is: what was never seen on a live server rests on the manual. */
export function sure(context: CheckContext): Pick<Hit, "confidence"> {
  return { confidence: context.index.rules.accounts?.confidence ?? "documented" };
}
