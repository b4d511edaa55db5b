import type { AccessIndex } from "../../analysis/access-index.ts";
import type { Change, GrantChange } from "../../model/change.ts";
import { databaseOf, type Resource, resourceKey } from "../../model/resource.ts";
import type { Advice } from "./advice.ts";
import { grantKey, memberKey } from "./ways.ts";

/** What following the advice changes: every grantor's copy of what goes, memberships, and columns in place of tables. */
export function changesOf(
  { removals, narrowings }: Pick<Advice, "removals" | "narrowings">,
  index: AccessIndex,
  /** Units that stay, by whatever else they share. */
  kept: ReadonlySet<string> = new Set(),
): readonly Change[] {
  const grants = new Set(removals.flatMap(({ unit }) => unit.grants).filter((key) => !kept.has(key)));
  const members = new Set(removals.flatMap(({ unit }) => unit.members).filter((key) => !kept.has(key)));
  for (const { unit } of narrowings) for (const key of unit.grants) grants.add(key);
  const added = new Set(
    narrowings.flatMap(({ grantee, privilege, table, columns }) =>
      columns.map((name) => grantKey(grantee, privilege, { kind: "column", path: [...table.path, name] })),
    ),
  );
  const held = new Set<string>();
  const changes: Change[] = [];
  for (const { resource, owner, list } of index.recorded.holdings.values()) {
    for (const { grantee, grantor, privileges, grantable } of list.entries) {
      if (grantee === owner) continue;
      for (const privilege of privileges) {
        const key = grantKey(grantee, privilege, resource);
        if (added.has(key)) held.add(key);
        if (!grants.has(key) || added.has(key)) continue;
        changes.push(
          grantChange("remove-grant", resource, {
            grantee,
            grantor,
            privilege,
            grantable: grantable.includes(privilege),
          }),
        );
      }
    }
  }
  for (const membership of index.recorded.memberships.values()) {
    if (!membership.implied && members.has(memberKey(membership.member, membership.role))) {
      changes.push({ kind: "remove-membership", membership });
    }
  }
  for (const { grantee, privilege, table, columns } of narrowings) {
    const owner = index.recorded.holdings.get(resourceKey(table))?.owner ?? "";
    for (const name of columns) {
      const column: Resource = { kind: "column", path: [...table.path, name] };
      if (held.has(grantKey(grantee, privilege, column))) continue;
      changes.push(grantChange("add-grant", column, { grantee, grantor: owner, privilege, grantable: false }));
    }
  }
  return changes;
}

/** The grants that units hold together with units that stay. */
export function keptKeys({ needed, withheld }: Pick<Advice, "needed" | "withheld">): ReadonlySet<string> {
  const stay = [...needed, ...withheld.map(({ unit }) => unit)];
  return new Set(stay.flatMap(({ grants, members }) => [...grants, ...members]));
}

function grantChange(
  kind: GrantChange["kind"],
  resource: Resource,
  of: { readonly grantee: string; readonly grantor: string; readonly privilege: string; readonly grantable: boolean },
): GrantChange {
  return {
    kind,
    resourceKind: resource.kind,
    database: databaseOf(resource),
    resources: [resource],
    privileges: [of.privilege],
    grantee: of.grantee,
    grantor: of.grantor,
    grantable: of.grantable,
  };
}
