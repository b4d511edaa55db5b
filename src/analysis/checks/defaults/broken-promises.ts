import { compareText, sorted } from "../../../base/order.ts";
import type { Privilege } from "../../../model/access-list.ts";
import type { DefaultPrivilege } from "../../../model/access-state.ts";
import type { GrantChange } from "../../../model/change.ts";
import {
  describeName,
  type Resource,
  type ResourceKey,
  type ResourceKind,
  resourceKey,
  schemaOf,
} from "../../../model/resource.ts";
import { type Grantee, PUBLIC, type RoleName } from "../../../model/role.ts";
import { heldMask } from "../../access-index.ts";
import { EVERYBODY, type ResourceClass } from "../../resource-class.ts";
import type { Check, CheckContext } from "../check.ts";
import { distinct, isJudged, what, who, words } from "../postgresql/given.ts";
import { futureOf, plural } from "./future.ts";

/** DEF-06. */
export const brokenPromises: Check = {
  id: "DEF-06",
  title: "objects do not carry what the default privileges of their owner say",
  why: "Default privileges count for what is made after them. What was made before, or was revoked since, is closed, though whoever reads them believes that it is open.",
  fix: "Grant on the objects that exist; where one is closed on purpose, name it under `sensitive`.",
  danger: "medium",
  principles: ["availability"],
  engines: ["postgresql"],
  *find(context) {
    for (const { creator, grantee, privileges, resources, kind, database } of lacking(context)) {
      const all = distinct(resources);
      const change: GrantChange = {
        kind: "add-grant",
        resourceKind: kind,
        database,
        resources: all,
        privileges,
        grantee,
        grantor: creator,
        grantable: false,
      };
      yield {
        message: `${who(grantee)} does not hold ${words(privileges)} on ${what(all)}, which the default privileges of \`${describeName(creator)}\` say for ${plural(kind)}`,
        principals: [grantee],
        resources: all,
        about: ["lacks", creator, kind, database, schemaOf(all[0] as Resource), privileges.join()].join("\0"),
        fix: {
          text: `grant ${words(privileges)} on what exists, or take the default privilege away`,
          changes: [change],
        },
      };
    }
  },
};

interface Lacking {
  readonly creator: RoleName;
  readonly grantee: Grantee;
  readonly kind: ResourceKind;
  readonly database: string;
  readonly privileges: readonly Privilege[];
  readonly resources: Resource[];
}

function lacking(context: CheckContext): readonly Lacking[] {
  const { index } = context;
  const groups = new Map<string, Lacking>();
  const sensitive = new Set((context.declared?.sensitive ?? []).flatMap(({ resources }) => resources.map(resourceKey)));
  const governed = new Set([...index.state.defaultPrivileges.values()].map(governs));
  for (const place of index.classes.all) {
    const { owner, kind, database } = place;
    if (owner === null || database === null || !governed.has(governs({ creator: owner, kind, database }))) continue;
    for (const [schema, resources] of Map.groupBy(place.resources, schemaOf)) {
      const missing = missingIn(context, place, schema ?? "");
      if (missing.length === 0) continue;
      const there = resources.filter((each) => isMeant(context, sensitive, each));
      if (there.length === 0) continue;
      for (const { grantee, privileges } of missing) {
        const key = [grantee, owner, kind, database, schema, privileges.join()].join("\0");
        const group = groups.get(key) ?? { creator: owner, grantee, kind, database, privileges, resources: [] };
        groups.set(key, group);
        for (const each of there) group.resources.push(each);
      }
    }
  }
  return sorted(groups, ([a], [b]) => compareText(a, b)).map(([, group]) => group);
}

function governs({ creator, kind, database }: Pick<DefaultPrivilege, "creator" | "kind" | "database">): string {
  return `${creator}\0${kind}\0${database}`;
}

/** What a new object of this owner would give there, beyond what the server gives by itself, and what these do not. */
function missingIn(
  context: CheckContext,
  place: ResourceClass,
  schema: string,
): readonly { readonly grantee: Grantee; readonly privileges: readonly Privilege[] }[] {
  const { index, dialect } = context;
  const { owner, kind, database } = place;
  if (owner === null || database === null) return [];
  const making = { creator: owner, database, schema, kind };
  if (!futureOf(index).has(making)) return [];
  const builtin = dialect.rules.builtinList(kind, owner).entries;
  const found = new Map<Grantee, number>();
  for (const { grantee, privileges } of futureOf(index).list(making).entries) {
    if (!isJudged(context, grantee)) continue;
    const given = builtin.find((each) => each.grantee === grantee)?.privileges ?? [];
    const wanted = index.bits.mask(
      kind,
      privileges.filter((each) => !given.includes(each)),
    );
    const id = grantee === PUBLIC ? EVERYBODY : index.graph.idOf(grantee);
    const lacks = wanted & ~heldMask(index, place, id, wanted, {});
    if (lacks !== 0) found.set(grantee, (found.get(grantee) ?? 0) | lacks);
  }
  return [...found].map(([grantee, mask]) => ({ grantee, privileges: index.bits.names(kind, mask) }));
}

/** Whether default privileges are meant for it: not what is closed on purpose, nor what the server or an extension made, nor partitions and identity sequences, which need no grants. */
function isMeant({ index }: CheckContext, sensitive: ReadonlySet<ResourceKey>, resource: Resource): boolean {
  const key = resourceKey(resource);
  const entry = index.catalog.entries.get(key);
  if (entry?.extension !== undefined || entry?.system === true) return false;
  if (entry?.partitionOf !== undefined || entry?.serves?.by === "identity") return false;
  return !sensitive.has(key);
}
