import type { RoutineFacts } from "../../../model/posture/postgresql.ts";
import { schemasOf } from "../../escalation/search-path.ts";
import { callersOf, weaknessFor } from "../../escalation/postgresql-definers.ts";
import { isHeirOf } from "../../escalation/postgresql-users.ts";
import { type Grantee, PUBLIC } from "../../../model/role.ts";
import type { Check, CheckContext } from "../check.ts";
import { what, who } from "./given.ts";
import { named, routineSql, said } from "./strength.ts";

/** PGE-07. */
export const unsafeDefiners: Check = {
  id: "PGE-07",
  title: "callers of a SECURITY DEFINER routine choose what the names in it mean",
  why: "The routine runs with the rights of its owner. Where the search_path is the caller's, holds a schema that the caller may create in, or does not end in pg_temp, the caller makes an object of the right name, and its code runs as the owner.",
  fix: "Set a search_path of schemas that nobody else may create in, with pg_temp last.",
  example: "alter function sales.total(integer) set search_path = sales, pg_temp;",
  danger: "high",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.5"],
  needs: ["posture"],
  *find(context) {
    const routines = context.posture?.postgresql?.routines ?? null;
    if (routines === null) return yield { unknown: "routines were not read" };
    for (const facts of routines) {
      const callers = judgedCallers(context, facts);
      const weak = callers.flatMap((caller) => {
        const weakness = weaknessFor(context.index, facts, caller);
        return weakness === null ? [] : [{ caller, weakness }];
      });
      const [first] = weak;
      if (first === undefined) continue;
      const principals = weak.map((each) => each.caller);
      yield {
        message: `${what([facts.routine])} runs as ${said(facts.owner)} for ${named(principals)}, and ${first.weakness}`,
        principals,
        resources: [facts.routine],
        path: [
          `${who(first.caller)} may call ${what([facts.routine])}`,
          `it runs as its owner ${said(facts.owner)}, and ${first.weakness}`,
        ],
        over: "escalable",
        confidence: "documented",
        fix: {
          text: "set a search_path for it that ends in pg_temp and holds no schema that others may create in",
          sql: [`alter routine ${routineSql(context, facts.routine)} set search_path = ${safePath(context, facts)}`],
        },
      };
    }
  },
};

/** The callers that do not have the owner's rights anyway; superusers are left out before. */
export function judgedCallers(context: CheckContext, { routine, owner }: RoutineFacts): readonly Grantee[] {
  const { index } = context;
  return callersOf(index, routine).filter(
    (caller) => !isHeirOf(index, caller, owner) && (caller === PUBLIC || context.inScope(caller)),
  );
}

/** What it had, without the schemas that others may create in; its own schema where it had nothing. */
function safePath(context: CheckContext, facts: RoutineFacts): string {
  const { index, dialect } = context;
  const [database = "", own = ""] = facts.routine.path;
  const had = facts.searchPath === null ? [own] : schemasOf(facts.searchPath);
  const callers = judgedCallers(context, facts);
  const kept = had.filter(
    (schema) =>
      schema !== "pg_temp" &&
      schema !== "$user" &&
      !callers.some((each) => index.can(each, "CREATE", { kind: "schema", path: [database, schema] }) === true),
  );
  return ["pg_catalog", ...kept.filter((each) => each !== "pg_catalog"), "pg_temp"]
    .map((each) => dialect.quoteIdentifier(each))
    .join(", ");
}
