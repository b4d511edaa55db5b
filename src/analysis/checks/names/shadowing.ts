import { sorted, sortedText } from "../../../base/order.ts";
import { compareResources, type Resource, type ResourceKey, resourceKey, tableOf } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import { type Given, givenTo, hasEverything } from "../../escalation/mysql-held.ts";
import type { Check, CheckContext } from "../check.ts";
import { ENGINES, said, saidPlaces, sure } from "../mysql/principals.ts";
import { covers, liveSchemas } from "./patterns.ts";

/** HID-03. */
export const shadowedGrants: Check = {
  id: "HID-03",
  title: "an account also has what was granted to another host of its user",
  why: "Below `*.*` the server looks for the name of the user and where it comes from, not for the account: what was granted to `app@%` counts for `app@localhost` too, and no SHOW GRANTS of that account says so.",
  fix: "Keep one account for each user name, and tell people and services apart by their names.",
  danger: "high",
  principles: ["least privilege"],
  engines: ENGINES,
  *find(context) {
    const { index } = context;
    for (const [account, others] of index.rules.accounts?.alsoCounting(index.recorded) ?? []) {
      if (!context.inScope(account)) continue;
      const own = rowsOf(context, account);
      for (const other of others) {
        const { places, privileges } = reachedRows(context, { account, other, own });
        if (places.length === 0) continue;
        yield {
          message: `${said(account)} also has what was granted to ${said(other)}: ${privileges.join(", ")} on ${saidPlaces(places)}`,
          principals: [account],
          resources: places,
          about: other,
          path: [
            `${said(other)} was granted ${privileges.join(", ")}`,
            `clients of ${said(account)} match its host too`,
          ],
          fix: {
            text: `make one account of ${said(account)} and ${said(other)}, or give one of them another user name`,
          },
          ...sure(context),
        };
      }
    }
  },
};

/** HID-04. */
export const shadowedRoles: Check = {
  id: "HID-04",
  title: "an account may activate roles of another host of its user",
  why: "SET ROLE takes every role that any matching account of the user name has: one that was meant for `app@%` is there for `app@localhost`.",
  fix: "Keep one account for each user name, and tell people and services apart by their names.",
  danger: "high",
  principles: ["inheritance control"],
  engines: ["mariadb"],
  *find(context) {
    const { index } = context;
    const recorded = [...index.recorded.memberships.values()];
    for (const [account, others] of index.rules.accounts?.alsoCounting(index.recorded) ?? []) {
      if (!context.inScope(account) || hasEverything(index, account)) continue;
      const own = new Set(recorded.filter(({ member }) => member === account).map(({ role }) => role));
      for (const other of others) {
        const roles = sortedText(
          recorded.filter(({ member, role, set }) => member === other && set && !own.has(role)).map(({ role }) => role),
        );
        if (roles.length === 0) continue;
        const names = roles.map(said).join(", ");
        yield {
          message: `${said(account)} may activate ${names}, which ${roles.length === 1 ? "was" : "were"} granted to ${said(other)}`,
          principals: [account],
          resources: roles.map((role): Resource => ({ kind: "role", path: [role] })),
          about: `${other}\0${roles.join("\0")}`,
          path: [`${said(other)} is a member of ${names}`, `clients of ${said(account)} match its host too`],
          over: "reachable",
          fix: {
            text: `make one account of ${said(account)} and ${said(other)}, or give one of them another user name`,
          },
        };
      }
    }
  },
};

const BELOW: ReadonlySet<string> = new Set(["column", "routine", "schema", "schema-pattern", "table"]);

/** What an account has rows of its own on. Things that have one list are together in what each of its grantees was given, so that these arrays tell it. */
interface Rows {
  readonly together: ReadonlySet<readonly Resource[]>;
  /** Tables, by the rows of their columns too. */
  readonly tables: () => ReadonlySet<ResourceKey>;
}

function rowsOf({ index }: CheckContext, account: RoleName): Rows {
  const given = givenTo(index).get(account) ?? [];
  let tables: ReadonlySet<ResourceKey> | undefined;
  return {
    together: new Set(given.map(({ resources }) => resources)),
    tables: () =>
      (tables ??= new Set(
        given.flatMap(({ kind, resources }) =>
          kind === "table" || kind === "column" ? resources.map((each) => tableKey(each)) : [],
        ),
      )),
  };
}

function tableKey(place: Resource): ResourceKey {
  return resourceKey(place.kind === "column" ? tableOf(place) : place);
}

/** Of what another account has rows on, what this one has none of its own on. */
function withoutOwn(one: Given, own: Rows, hasColumns: boolean): readonly Resource[] {
  if (own.together.has(one.resources)) return [];
  if (one.kind === "routine" || (one.kind === "table" && !hasColumns)) return one.resources;
  return one.resources.filter((each) => !own.tables().has(tableKey(each)));
}

interface Pair {
  readonly account: RoleName;
  readonly other: RoleName;
  readonly own: Rows;
}

/** What the other account was granted and this one has by it: where it has no row of its own, and does not hold the same on everything. */
function reachedRows(
  context: CheckContext,
  { account, other, own }: Pair,
): { readonly places: readonly Resource[]; readonly privileges: readonly string[] } {
  const { index } = context;
  const places: Resource[] = [];
  const privileges = new Set<string>();
  const everywhere = new Set(
    (givenTo(index).get(account) ?? []).flatMap((one) => (one.kind === "all-schemas" ? [...one.privileges] : [])),
  );
  const hasColumns = (givenTo(index).get(account) ?? []).some(({ kind }) => kind === "column");
  for (const one of givenTo(index).get(other) ?? []) {
    if (!BELOW.has(one.kind)) continue;
    const more = [...one.privileges].filter((privilege) => !everywhere.has(privilege));
    if (more.length === 0) continue;
    const isSchema = one.kind === "schema" || one.kind === "schema-pattern";
    const reached = isSchema
      ? one.resources.filter((place) => counts(context, { account, other }, { place, privilege: more[0] ?? "" }))
      : withoutOwn(one, own, hasColumns);
    if (reached.length === 0) continue;
    places.push(...reached);
    for (const privilege of more) privileges.add(privilege);
  }
  return { places: sorted(places, compareResources), privileges: sortedText(privileges) };
}

/** Whether the row of another account for schemas counts for this one in a schema that exists. */
function counts(
  context: CheckContext,
  { account, other }: Pick<Pair, "account" | "other">,
  { place, privilege }: { readonly place: Resource; readonly privilege: string },
): boolean {
  const text = place.path[1] ?? "";
  const schemas = place.kind === "schema" ? [text] : liveSchemas(context).filter((each) => covers(context, text, each));
  const { rules, recorded, catalog } = context.index;
  return schemas.some((schema) => {
    const resource: Resource = { kind: "schema", path: ["def", schema] };
    return rules
      .sources({ grantee: account, privilege, resource }, recorded, catalog)
      .some((source) => source.grantee === other && source.resource.kind === place.kind);
  });
}
