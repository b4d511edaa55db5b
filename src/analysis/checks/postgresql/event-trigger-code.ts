import { describeName, type Resource, resourceKey } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import type { EventTriggerFacts } from "../../../model/posture/postgresql.ts";
import type { Check, CheckContext } from "../check.ts";
import { isJudged, what } from "./given.ts";

/** PGE-20. */
export const eventTriggerCode: Check = {
  id: "PGE-20",
  title: "weaker roles can change what an event trigger runs",
  why: "An event trigger runs its function as whoever makes or changes something in the database, superusers too. Who owns the function chooses that code; who owns its schema can drop it, and the event trigger with it.",
  fix: "Give the event trigger, its function and the schema of the function to a superuser role.",
  danger: "high",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.5"],
  needs: ["posture"],
  *find(context) {
    const triggers = context.posture?.postgresql?.eventTriggers ?? null;
    if (triggers === null) return yield { unknown: "event triggers could not be read" };
    for (const trigger of triggers) {
      const strong = strongRole(context);
      for (const { role, by, sql } of weakHands(context, trigger)) {
        yield {
          message: `\`${describeName(role)}\` ${by} of the event trigger \`${describeName(trigger.name)}\`, which runs as everybody who makes or changes something`,
          principals: [role],
          resources: [trigger.routine],
          about: `${trigger.database}\0${trigger.name}\0${by}`,
          path: [
            `\`${describeName(role)}\` ${by}`,
            `the event trigger \`${describeName(trigger.name)}\` runs ${what([trigger.routine])} on ${trigger.event}`,
          ],
          fix: { text: `give it to \`${describeName(strong)}\``, sql: [sql(context.dialect.quoteIdentifier(strong))] },
        };
      }
    }
  },
};

interface Hand {
  readonly role: RoleName;
  readonly by: string;
  readonly sql: (owner: string) => string;
}

function weakHands(context: CheckContext, { name, owner, routine, routineOwner }: EventTriggerFacts): readonly Hand[] {
  const quote = (part: string): string => context.dialect.quoteIdentifier(part);
  const [database = "", schemaName = "", routineName = "", inputs = ""] = routine.path;
  const schema: Resource = { kind: "schema", path: [database, schemaName] };
  const schemaOwner = context.index.state.holdings.get(resourceKey(schema))?.owner ?? null;
  const hands: Hand[] = [];
  if (isJudged(context, owner)) {
    hands.push({ role: owner, by: "is the owner", sql: (to) => `alter event trigger ${quote(name)} owner to ${to}` });
  }
  if (isJudged(context, routineOwner)) {
    const sql = (to: string): string =>
      `alter function ${quote(schemaName)}.${quote(routineName)}(${inputs}) owner to ${to}`;
    hands.push({ role: routineOwner, by: "owns the function", sql });
  }
  if (schemaOwner !== null && isJudged(context, schemaOwner)) {
    const sql = (to: string): string => `alter schema ${quote(schemaName)} owner to ${to}`;
    hands.push({ role: schemaOwner, by: "owns the schema of the function", sql });
  }
  return hands;
}

/** The server's first superuser. */
function strongRole({ live }: CheckContext): RoleName {
  return live.actor.bootstrap;
}
