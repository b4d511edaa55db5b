import { expect, test } from "vitest";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import type { Purpose } from "../../../model/declared.ts";
import type { Subscription } from "../../../model/posture/postgresql.ts";
import { subscriptions } from "./subscriptions.ts";

const NONE = { postgresql: { subscriptions: [] } };

function owned(facts: Partial<Subscription>, more: Partial<CheckWorld> = {}): CheckWorld {
  const one = {
    database: "shop",
    name: "feed",
    owner: "dev",
    enabled: true,
    runAsOwner: false,
    passwordRequired: true,
  };
  return {
    roles: { dev: {}, boss: { superuser: true } },
    posture: { postgresql: { subscriptions: [{ ...one, ...facts }] } },
    ...more,
  };
}

test("a subscription that writes as its owner is found, and one of a superuser", () => {
  expect(told(subscriptions, owned({ runAsOwner: true }))).toEqual([
    "high the subscription `feed` writes what arrives as its owner `dev`",
  ]);
  expect(told(subscriptions, owned({ owner: "boss" }))).toEqual([
    "medium the subscription `feed` belongs to the superuser `boss`",
  ]);
  expect(told(subscriptions, owned({ owner: "postgres", runAsOwner: true }))).toEqual([
    "high the subscription `feed` writes what arrives as the superuser `postgres`",
  ]);
  expect(told(subscriptions, owned({}))).toEqual([]);
  expect(runOn(subscriptions, owned({ runAsOwner: true })).findings[0]?.mend.sql).toEqual([
    'alter subscription "feed" set (run_as_owner = false)',
  ]);
});

test("until PostgreSQL 15 there is no other way, and the fix is to upgrade", () => {
  const old = owned({ owner: "boss", runAsOwner: true, passwordRequired: null }, { major: 15 });
  const [finding] = runOn(subscriptions, old).findings;
  expect(finding?.danger).toBe("medium");
  expect(finding?.help).toContain("upgrade to PostgreSQL 16");
});

test("members of pg_create_subscription are found unless they are for replication", () => {
  const world = (purpose: Purpose | null): CheckWorld => {
    const dev = { name: "dev", purpose, owner: null, reviewBy: null, because: null };
    const roles = { dev: { login: true }, pg_create_subscription: {} };
    return {
      roles,
      members: ["dev in pg_create_subscription"],
      posture: NONE,
      declared: { roles: new Map([["dev", dev]]) },
    };
  };
  expect(told(subscriptions, world(null))).toEqual([
    "high `dev` is a member of `pg_create_subscription` and may make this server connect to any publisher",
  ]);
  expect(runOn(subscriptions, world("application")).findings[0]?.mend.changes).toMatchObject([
    { kind: "remove-membership", membership: { member: "dev" } },
  ]);
  expect(told(subscriptions, world("replication"))).toEqual([]);
});

test("subscriptions that were not read are not passed", () => {
  expect(runOn(subscriptions, { roles: {} }).notEvaluated).toMatchObject([{ reason: "subscriptions were not read" }]);
});
