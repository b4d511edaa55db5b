import { PUBLIC } from "../../../model/role.ts";
import type { Check } from "../check.ts";
import { what } from "./given.ts";
import { named, routineSql, said, strengthOf } from "./strength.ts";
import { judgedCallers } from "./unsafe-definers.ts";

/** PGE-08. */
export const strongDefiners: Check = {
  id: "PGE-08",
  title: "a SECURITY DEFINER routine lends the rights of a stronger role",
  why: "Whoever may call it acts with the rights of its owner, within what the body does. Everybody may call a routine unless that was revoked, and where the body puts SQL together as it runs, the caller may have a say in what that does.",
  fix: "Revoke EXECUTE from PUBLIC, grant it to whom it is for, and let a role own it that holds only what the body needs.",
  example: "revoke execute on function ops.reset(text) from public;",
  danger: "high",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.5"],
  needs: ["posture"],
  *find(context) {
    const routines = context.posture?.postgresql?.routines ?? null;
    if (routines === null) return yield { unknown: "routines were not read" };
    for (const facts of routines) {
      if (!facts.definer || facts.extension !== null) continue;
      const strength = strengthOf(context, facts.owner);
      const callers = judgedCallers(context, facts).filter(
        (caller) => caller === PUBLIC || (facts.dynamic && strength !== null && strengthOf(context, caller) === null),
      );
      // Lending an ordinary role's rights to everybody is what such routines are for, as long as the body says what is done.
      if (callers.length === 0 || (strength === null && !facts.dynamic)) continue;
      const quote = (name: string): string => context.dialect.quoteIdentifier(name);
      const whose = strength === null ? "" : `, which ${strength}`;
      const how = facts.dynamic ? ", and puts SQL together as it runs" : "";
      yield {
        message: `${what([facts.routine])} runs as ${said(facts.owner)}${whose}, for ${named(callers)}${how}`,
        principals: callers,
        resources: [facts.routine],
        about: facts.dynamic ? "dynamic" : "fixed",
        path: [`${named(callers)} may call it`, `it runs as its owner ${said(facts.owner)}${whose}`],
        over: "escalable",
        ...(facts.dynamic ? { confidence: "documented" as const } : {}),
        fix: {
          text: "revoke execute from them, and let a role own it that holds only what it needs",
          sql: callers.map(
            (caller) =>
              `revoke execute on routine ${routineSql(context, facts.routine)} from ${caller === PUBLIC ? "public" : quote(caller)}`,
          ),
        },
      };
    }
  },
};
