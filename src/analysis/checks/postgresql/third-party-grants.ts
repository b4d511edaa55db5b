import { compareBy, sorted } from "../../../base/order.ts";
import type { AccessEntry, Privilege } from "../../../model/access-list.ts";
import type { Change, GrantChange } from "../../../model/change.ts";
import { describeName, type Resource, type ResourceKind, schemaOf } from "../../../model/resource.ts";
import { type Grantee, PUBLIC, type RoleName } from "../../../model/role.ts";
import type { ResourceClass } from "../../resource-class.ts";
import type { Check, CheckContext } from "../check.ts";
import { distinct, isJudged, what, who, words } from "./given.ts";

/** PGE-21. */
export const thirdPartyGrants: Check = {
  id: "PGE-21",
  title: "a grant was made by somebody other than the owner",
  why: "A REVOKE by the owner does not remove what another grantor gave, and says nothing: the access stays. Who holds a grant option may even open a thing to everybody.",
  fix: "Let the owner give what shall stay, and revoke the other copy as its grantor (`granted by`, or after SET ROLE); then take the grant option away.",
  danger: "medium",
  principles: ["traceability", "inheritance control"],
  engines: ["postgresql"],
  *find(context) {
    for (const group of groupsOf(context)) {
      const { grantor, grantee, owner, privileges } = group;
      const resources = distinct(group.resources);
      yield {
        message: `${who(grantee)} holds ${words(privileges)} on ${what(resources)} from \`${describeName(grantor)}\`, who is not the owner \`${describeName(owner)}\`: a revoke by the owner leaves it`,
        principals: grantee === PUBLIC ? [PUBLIC, grantor] : [grantee, grantor],
        resources,
        about: ["by", grantor, "to", grantee, group.kind, group.database, group.schema, privileges.join()].join("\0"),
        path: [`\`${describeName(grantor)}\` holds the grant option there and gave it to ${who(grantee)}`],
        fix: {
          text: `let \`${describeName(owner)}\` grant what is to stay, and revoke the copy of \`${describeName(grantor)}\``,
          changes: [
            ...given(group, resources, "add-grant", owner),
            ...given(group, resources, "remove-grant", grantor),
          ],
        },
      };
    }
  },
};

interface Group {
  readonly grantor: RoleName;
  readonly grantee: Grantee;
  readonly owner: RoleName;
  readonly kind: ResourceKind;
  readonly database: string | null;
  readonly schema: string | null;
  readonly privileges: readonly Privilege[];
  /** Those that the owner gave to the same grantee already. */
  readonly alsoByOwner: readonly Privilege[];
  readonly resources: Resource[];
}

function groupsOf(context: CheckContext): readonly Group[] {
  const groups = new Map<string, Group>();
  const foreign = new Map<string, readonly AccessEntry[]>();
  for (const place of context.index.classes.all) {
    const { owner, list, kind, database } = place;
    if (owner === null) continue;
    const key = `${owner}\0${list.id}`;
    let entries = foreign.get(key);
    if (entries === undefined) foreign.set(key, (entries = foreignEntries(context, place, owner)));
    for (const { grantor, grantee, privileges } of entries) {
      const alsoByOwner =
        list.entries.find((each) => each.grantee === grantee && each.grantor === owner)?.privileges ?? [];
      for (const [schema, resources] of Map.groupBy(place.resources, schemaOf)) {
        const group: Group = {
          grantor,
          grantee,
          owner,
          kind,
          database,
          schema,
          privileges,
          alsoByOwner,
          resources: [],
        };
        const id = [grantor, grantee, owner, kind, database, schema, privileges, alsoByOwner].join("\0");
        const known = groups.get(id) ?? group;
        groups.set(id, known);
        for (const resource of resources) known.resources.push(resource);
      }
    }
  }
  return sorted(
    groups.values(),
    compareBy(
      (each) => each.grantor,
      (each) => each.grantee,
      (each) => each.owner,
      (each) => each.kind,
      (each) => each.database,
      (each) => each.schema,
      (each) => each.privileges.join(),
      (each) => each.alsoByOwner.join(),
    ),
  );
}

function foreignEntries(context: CheckContext, { list }: ResourceClass, owner: RoleName): readonly AccessEntry[] {
  return list.entries.filter(
    (each) => each.grantor !== owner && isJudged(context, each.grantee) && each.grantee !== owner,
  );
}

/** The copy of one grantor; of the owner only what it did not give already. */
function given(
  group: Group,
  resources: readonly Resource[],
  kind: "add-grant" | "remove-grant",
  grantor: RoleName,
): readonly Change[] {
  const missing = group.privileges.filter((each) => !group.alsoByOwner.includes(each));
  const privileges = kind === "add-grant" ? missing : group.privileges;
  if (privileges.length === 0) return [];
  const change: GrantChange = {
    kind,
    resourceKind: group.kind,
    database: group.kind === "database" ? null : group.database,
    resources,
    privileges,
    grantee: group.grantee,
    grantor,
    grantable: false,
  };
  return [change];
}
