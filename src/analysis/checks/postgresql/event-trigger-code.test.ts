import { expect, test } from "vitest";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import type { EventTriggerFacts } from "../../../model/posture/postgresql.ts";
import { eventTriggerCode } from "./event-trigger-code.ts";

const ROUTINE = { kind: "routine", path: ["shop", "guard", "watch", ""] } as const;
const SAFE: EventTriggerFacts = {
  database: "shop",
  name: "watch ddl",
  owner: "postgres",
  event: "ddl_command_end",
  routine: ROUTINE,
  routineOwner: "postgres",
  enabled: true,
};

function world(facts: Partial<EventTriggerFacts>, owners: CheckWorld["owners"] = {}): CheckWorld {
  return {
    roles: { dev: {}, boss: { superuser: true } },
    owners: { "schema guard": "postgres", ...owners },
    posture: { postgresql: { eventTriggers: [{ ...SAFE, ...facts }] } },
  };
}

test("a function of an event trigger that an ordinary role owns is found", () => {
  const weak = world({ routineOwner: "dev" });
  expect(told(eventTriggerCode, weak)).toEqual([
    'high `dev` owns the function of the event trigger `"watch ddl"`, which runs as everybody who makes or changes something',
  ]);
  expect(runOn(eventTriggerCode, weak).findings[0]?.mend.sql).toEqual([
    'alter function "guard"."watch"() owner to "postgres"',
  ]);
});

test("so are an event trigger and a schema that an ordinary role owns", () => {
  expect(runOn(eventTriggerCode, world({ owner: "dev" })).findings[0]?.mend.sql).toEqual([
    'alter event trigger "watch ddl" owner to "postgres"',
  ]);
  expect(runOn(eventTriggerCode, world({}, { "schema guard": "dev" })).findings[0]?.mend.sql).toEqual([
    'alter schema "guard" owner to "postgres"',
  ]);
});

test("what superusers own is left alone, and what could not be read is not passed", () => {
  expect(told(eventTriggerCode, world({}))).toEqual([]);
  expect(told(eventTriggerCode, world({ owner: "boss", routineOwner: "boss" }, { "schema guard": "boss" }))).toEqual(
    [],
  );
  const unread = runOn(eventTriggerCode, { ...world({}), posture: { postgresql: { eventTriggers: null } } });
  expect(unread.notEvaluated).toMatchObject([{ check: "PGE-20", reason: "event triggers could not be read" }]);
  expect(unread.passed).toEqual([]);
});
