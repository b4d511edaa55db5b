import type { RoutineFacts } from "../../../model/posture/postgresql.ts";
import { resourceKey } from "../../../model/resource.ts";
import { reachesOut } from "../../escalation/postgresql-server.ts";
import type { Check, CheckContext, Gap, Hit } from "../check.ts";
import { distinct, givenOn, isJudged, placesOf, what, who } from "./given.ts";
import { routineSql, said } from "./strength.ts";

/** PGE-06. */
export const untrustedCode: Check = {
  id: "PGE-06",
  title: "code that reaches out of the database is in the hands of ordinary roles",
  why: "Functions in C, `internal` and the languages whose names end in u run as the account of the server, without any limit. PostgreSQL lets only superusers write them: a language that was marked trusted lets everybody, and an owner who is no superuser decides who calls such a function and what it runs as.",
  fix: "Mark the language untrusted again, and give the functions to a superuser role.",
  example: "update pg_catalog.pg_language set lanpltrusted = false where lanname = 'plperlu';",
  danger: "critical",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.5"],
  *find(context) {
    yield* languages(context);
    yield* routines(context);
  },
};

function* languages(context: CheckContext): Generator<Hit> {
  const { entries } = context.index.catalog;
  const places = placesOf(context, "language").map(({ class: place, resources }) => ({
    class: place,
    resources: resources.filter(
      (each) => reachesOut(each.path[1] ?? "") && entries.get(resourceKey(each))?.untrusted !== true,
    ),
  }));
  for (const given of givenOn(context, places, ["USAGE"])) {
    for (const language of given.resources) {
      const name = language.path[1] ?? "";
      yield {
        message: `${who(given.grantee)} may write functions in ${what([language])}, which is marked trusted and reaches out of the database`,
        principals: [given.grantee],
        resources: [language],
        fix: {
          text: `mark ${said(name)} untrusted`,
          sql: [
            `update pg_catalog.pg_language set lanpltrusted = false where lanname = '${name.replaceAll("'", "''")}'`,
          ],
        },
      };
    }
  }
}

function* routines(context: CheckContext): Generator<Hit | Gap> {
  const facts = context.posture?.postgresql?.routines ?? null;
  if (facts === null) return yield { unknown: "the languages of routines were not read" };
  const weak = facts.filter((each) => isNative(each) && isJudged(context, each.owner));
  for (const [owner, owned] of Map.groupBy(weak, (each) => each.owner)) {
    const resources = distinct(owned.map((each) => each.routine));
    yield {
      message: `${said(owner)} owns ${what(resources)} in a language that reaches out of the database`,
      principals: [owner],
      resources,
      about: "owner",
      fix: {
        text: `give ${resources.length === 1 ? "it" : "them"} to a superuser role`,
        sql: resources.map(
          (each) =>
            `alter routine ${routineSql(context, each)} owner to ${context.dialect.quoteIdentifier(context.live.actor.bootstrap)}`,
        ),
      },
    };
  }
}

/** By what the language is, whatever it is marked as. */
function isNative({ untrusted, language }: RoutineFacts): boolean {
  return untrusted || reachesOut(language);
}
