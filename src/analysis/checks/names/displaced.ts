import { compareText, sorted, sortedText } from "../../../base/order.ts";
import type { Privilege } from "../../../model/access-list.ts";
import { describeName, type Resource, resourceKey } from "../../../model/resource.ts";
import { givenTo } from "../../escalation/mysql-held.ts";
import type { Check, CheckContext } from "../check.ts";
import { concerned, ENGINES, revoke, said, saidPlaces, sure } from "../mysql/principals.ts";
import { covers, liveSchemas } from "./patterns.ts";

interface Row {
  readonly place: Resource;
  readonly privileges: ReadonlySet<Privilege>;
}

/** HID-02. */
export const displaced: Check = {
  id: "HID-02",
  title: "of several grants that cover a schema only one counts",
  why: "Grants on schemas are not added up: the most specific text counts, and what the others give is lost there. Who adds a narrow grant takes the wide one away.",
  fix: "Give each one grant for each schema, with all that it needs there.",
  danger: "medium",
  principles: ["availability"],
  engines: ENGINES,
  *find(context) {
    const schemas = liveSchemas(context);
    for (const [grantee, given] of givenTo(context.index)) {
      if (!concerned(context, grantee)) continue;
      const rows = given.flatMap(({ kind, privileges, resources }) =>
        kind === "schema" || kind === "schema-pattern" ? resources.map((place): Row => ({ place, privileges })) : [],
      );
      if (rows.length < 2 || !rows.some(({ place }) => place.kind === "schema-pattern")) continue;
      for (const { winner, loser, where, lost } of lostRows(context, rows, schemas)) {
        // What is held on all schemas is held all the same.
        const missing = lost.filter((privilege) => !holdsAnyway(context, grantee, where, privilege));
        if (missing.length === 0) continue;
        const places = where.map((schema) => `\`${describeName(schema)}\``).join(", ");
        yield {
          message: `what ${said(grantee)} holds on ${saidPlaces([winner.place])} puts its grant on ${saidPlaces([loser.place])} out of force for ${places}: it is without ${missing.join(", ")} there`,
          principals: [grantee],
          resources: [winner.place, loser.place],
          fix: {
            text: `grant ${said(grantee)} ${missing.join(", ")} on ${saidPlaces([winner.place])} too, or take the wider grant back`,
            changes: [{ ...revoke(grantee, [winner.place], missing), kind: "add-grant" }],
          },
          ...sure(context),
        };
      }
    }
  },
};

interface Lost {
  readonly winner: Row;
  readonly loser: Row;
  readonly where: string[];
  readonly lost: readonly Privilege[];
}

/** What the row that counts for a schema does not give and another one would. */
function lostRows(context: CheckContext, rows: readonly Row[], schemas: readonly string[]): readonly Lost[] {
  const found = new Map<string, Lost>();
  for (const schema of schemas) {
    const here = rows.filter(({ place }) =>
      place.kind === "schema" ? place.path[1] === schema : covers(context, place.path[1] ?? "", schema),
    );
    const [winner, ...losers] = sorted(here, (a, b) => compareRows(context, a, b));
    if (winner === undefined) continue;
    for (const loser of losers) {
      const lost = sortedText([...loser.privileges].filter((privilege) => !winner.privileges.has(privilege)));
      if (lost.length === 0) continue;
      const key = `${resourceKey(winner.place)}\0${resourceKey(loser.place)}`;
      const known = found.get(key);
      if (known === undefined) found.set(key, { winner, loser, where: [schema], lost });
      else known.where.push(schema);
    }
  }
  return [...found.values()];
}

/** A name comes before every pattern. */
function compareRows({ index }: CheckContext, a: Row, b: Row): number {
  if (a.place.kind !== b.place.kind) return a.place.kind === "schema" ? -1 : 1;
  const [one = "", other = ""] = [a.place.path[1], b.place.path[1]];
  return (index.rules.accounts?.compareSpecificity(one, other) ?? 0) || compareText(one, other);
}

function holdsAnyway(
  { index }: CheckContext,
  grantee: string,
  schemas: readonly string[],
  privilege: Privilege,
): boolean {
  return schemas.every((schema) => index.can(grantee, privilege, { kind: "schema", path: ["def", schema] }) === true);
}
