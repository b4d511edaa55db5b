import { compareText, sorted } from "../../../base/order.ts";
import type { Privilege } from "../../../model/access-list.ts";
import type { GrantChange } from "../../../model/change.ts";
import { describeName, type Resource } from "../../../model/resource.ts";
import { type Grantee, PUBLIC, type RoleName } from "../../../model/role.ts";
import { heldMask } from "../../access-index.ts";
import { EVERYBODY, type ResourceClass } from "../../resource-class.ts";
import type { Check, CheckContext } from "../check.ts";
import { distinct, isJudged, what, who, words } from "../postgresql/given.ts";
import { futureOf } from "./future.ts";
import { tablesBySchema } from "./tables-by-schema.ts";

/** DEF-09. */
export const lostGrants: Check = {
  id: "DEF-09",
  title: "a table carries no grants although the ones beside it do",
  why: "DROP and CREATE, or a new partition, begin without any grant: a migration that replaces a table or view takes the access of everybody away.",
  fix: "Grant it anew, promise it for what the owner makes from now on, and write `create or replace` where that is possible.",
  danger: "medium",
  principles: ["availability"],
  engines: ["postgresql"],
  *find(context) {
    for (const { grantee, owner, database, schema, privileges, resources, partitions } of lost(context)) {
      const all = distinct(resources);
      const change: GrantChange = {
        kind: "add-grant",
        resourceKind: "table",
        database,
        resources: all,
        privileges,
        grantee,
        grantor: owner,
        grantable: false,
      };
      yield {
        message: `${who(grantee)} holds nothing on ${what(all)}, and ${words(privileges)} on ${partitions ? "the partitions beside" : "nearly all tables beside"}`,
        principals: [grantee],
        resources: all,
        about: ["lost", owner, database, schema, partitions ? "partitions" : "tables", privileges.join()].join("\0"),
        fix: {
          text: `grant ${words(privileges)} again, and promise it for what \`${describeName(owner)}\` makes`,
          changes: [change],
        },
      };
    }
  },
};

interface Lost {
  readonly grantee: Grantee;
  readonly owner: RoleName;
  readonly database: string;
  readonly schema: string;
  readonly privileges: readonly Privilege[];
  readonly resources: Resource[];
  readonly partitions: boolean;
}

/** Beside one without grants so many must have some: fewer may be as they are meant. */
const BESIDE = 4;

function lost(context: CheckContext): readonly Lost[] {
  const groups = new Map<string, Lost>();
  for (const { database, schema, tables, partitions } of tablesBySchema(context.index)) {
    const note = (
      owner: RoleName,
      bare: readonly Place[],
      beside: ReadonlyMap<Grantee, number>,
      isPartition: boolean,
    ): void => {
      for (const [grantee, mask] of beside) {
        const privileges = context.index.bits.names("table", mask);
        const resources = bare
          .filter((each) => needs(context, each, grantee, schema))
          .flatMap((each) => each.resources);
        if (resources.length === 0) continue;
        const key = [grantee, owner, database, schema, privileges.join(), isPartition].join("\0");
        const group = groups.get(key) ?? {
          grantee,
          owner,
          database,
          schema,
          privileges,
          resources: [],
          partitions: isPartition,
        };
        groups.set(key, group);
        for (const each of resources) group.resources.push(each);
      }
    };
    const places = [...tables].map(([place, resources]): Place => ({ class: place, resources }));
    for (const [owner, own] of Map.groupBy(places, (each) => each.class.owner)) {
      if (owner === null) continue;
      const [bare, granted] = split(own);
      const few = count(bare) * BESIDE <= count(granted);
      if (bare.length > 0 && few) note(owner, bare, common(context, granted), false);
    }
    for (const siblings of partitions.values()) {
      const each = siblings.map((sibling): Place => ({ class: sibling.class, resources: [sibling.table] }));
      const [bare, granted] = split(each);
      const owner = bare[0]?.class.owner ?? null;
      if (owner !== null) note(owner, bare, common(context, granted), true);
    }
  }
  return sorted(groups, ([a], [b]) => compareText(a, b)).map(([, group]) => group);
}

interface Place {
  readonly class: ResourceClass;
  readonly resources: readonly Resource[];
}

/** Those that nobody but the owner holds anything on, and the others. */
function split(places: readonly Place[]): readonly [bare: readonly Place[], granted: readonly Place[]] {
  const isBare = ({ class: { list, owner } }: Place): boolean => list.entries.every(({ grantee }) => grantee === owner);
  return [places.filter(isBare), places.filter((each) => !isBare(each))];
}

function count(places: readonly Place[]): number {
  return places.reduce((sum, { resources }) => sum + resources.length, 0);
}

/** What somebody holds on each of them by a grant of its own. */
function common(context: CheckContext, places: readonly Place[]): ReadonlyMap<Grantee, number> {
  const { bits } = context.index;
  let all: Map<Grantee, number> | undefined;
  for (const { class: place } of places) {
    const here = new Map<Grantee, number>();
    for (const { grantee, privileges } of place.list.entries) {
      if (grantee === place.owner || !isJudged(context, grantee)) continue;
      here.set(grantee, (here.get(grantee) ?? 0) | bits.mask("table", privileges));
    }
    if (all === undefined) all = here;
    else for (const [grantee, mask] of all) all.set(grantee, mask & (here.get(grantee) ?? 0));
  }
  return new Map([...(all ?? [])].filter(([, mask]) => mask !== 0));
}

/** Whether who had it beside has nothing there in another way, and default privileges do not say it: that is DEF-06. */
function needs({ index }: CheckContext, { class: place }: Place, grantee: Grantee, schema: string): boolean {
  const { owner, database } = place;
  const id = grantee === PUBLIC ? EVERYBODY : index.graph.idOf(grantee);
  if (owner === null || database === null) return false;
  if (heldMask(index, place, id, index.bits.mask("table", ["SELECT", "INSERT", "UPDATE", "DELETE"]), {}) !== 0)
    return false;
  const made = futureOf(index).list({ creator: owner, database, schema, kind: "table" });
  return !made.entries.some((each) => each.grantee === grantee);
}
