import { deepEqual, equal, notEqual, ok, rejects } from "node:assert/strict";
import { exitCodeOf, applyPlan } from "../apply/apply.ts";
import { compareStates } from "../apply/compare-states.ts";
import { revertRun } from "../apply/revert.ts";
import { buildAccessIndex } from "../analysis/access-index.ts";
import { RolewrightError } from "../base/error.ts";
import { diff } from "../diff/diff.ts";
import type { About, Connection } from "../engine/engine.ts";
import { readSnapshot, writeSnapshot } from "../model/snapshot-json.ts";
import { buildPlan } from "../plan/build-plan.ts";
import { restrictedTo } from "../plan/overlay.ts";
import type { Plan } from "../plan/plan.ts";
import { subjectsOf } from "./about.ts";
import type { ConformanceCase, ConformanceTarget } from "./conformance-target.ts";
import { checkNormalForm } from "./normal-form.ts";
import { applyOptions } from "./run-options.ts";
import { steps, type Step, withNewRoles } from "./wishes.ts";

/**
 * What every engine has to do, as cases that any test runner can run one after the other: none of them looks inside the engine, and each leaves the server as it found it. An engine of somebody
 * else is given the same way as ours. Case after case opens its own connection; what fails throws an AssertionError or the engine's own error.
 */
export function engineConformance(open: () => Promise<ConformanceTarget>): readonly ConformanceCase[] {
  const on =
    (check: (target: ConformanceTarget, connection: Connection) => Promise<void>): (() => Promise<void>) =>
    async () => {
      const target = await open();
      await using connection = await target.engine.connect({ url: target.url });
      await check(target, connection);
    };
  return [
    { name: "two readings of an unchanged server are one", run: on(readsTheSameTwice) },
    { name: "what is read is in normal form, and within what the engine says it can do", run: on(readsNormalForm) },
    { name: "a snapshot file holds all that was read", run: on(keepsSnapshots) },
    { name: "a state that is as it should be makes an empty plan", run: on(plansNothing) },
    ...steps.map((step) => ({
      name: `${step.name}: what is predicted comes to be, nothing is left to do, and the way back leads back`,
      run: on((target, connection) => goesThereAndBack(target, connection, step)),
    })),
    { name: "access that was given is there, and access that was taken is gone", run: on(decidesAccess) },
    { name: "a plan for another state of the server is refused, and nothing changes", run: on(refusesStalePlans) },
    { name: "what is read of a few is what the whole reading says of them", run: on(readsBackTheSame) },
    { name: "a second applier is kept away", run: on(keepsSecondApplierAway) },
    { name: "every node that there is answers for itself", run: on(asksEveryNode) },
    { name: "a wrong password is a coded error that shows no password", run: on(refusesWrongPasswords) },
  ];
}

async function readsTheSameTwice(_: ConformanceTarget, connection: Connection): Promise<void> {
  const [first, second] = [await connection.introspect(), await connection.introspect()];
  equal(second.fingerprint, first.fingerprint);
  deepEqual(first.identity, await connection.identify());
  deepEqual(second.identity, first.identity);
}

async function readsNormalForm({ engine, table }: ConformanceTarget, connection: Connection): Promise<void> {
  const live = await connection.introspect();
  checkNormalForm(live, engine.dialect(live));
  ok(live.catalog.entries.size > 0, "nothing was read");
  ok(engine.dialect(live).rules.privilegesOf(table.kind).length > 0, `the engine grants nothing on a ${table.kind}`);
}

async function keepsSnapshots(_: ConformanceTarget, connection: Connection): Promise<void> {
  const live = await connection.introspect();
  const kept = readSnapshot(writeSnapshot(live));
  equal(kept.fingerprint, live.fingerprint);
  for (const database of live.identity.databases) deepEqual(compareStates(live.access, kept.access, database), []);
  deepEqual(kept.unknowns, live.unknowns);
}

async function plansNothing(target: ConformanceTarget, connection: Connection): Promise<void> {
  const { plan } = await planTo(target, connection, { name: "", wish: ({ access }) => access });
  deepEqual(plan.stages, []);
  deepEqual(plan.changes, []);
}

async function goesThereAndBack(target: ConformanceTarget, connection: Connection, step: Step): Promise<void> {
  const { live, plan } = await planTo(target, connection, step);
  notEqual(plan.changes.length, 0);
  deepEqual(
    plan.findings.filter((finding) => finding.severity === "error").map((finding) => finding.message),
    [],
  );
  const options = applyOptions(target, connection);
  try {
    const outcome = await applyPlan(plan, options);
    equal(exitCodeOf(outcome), 0, JSON.stringify(outcome, null, 1));
    const there = await connection.introspect();
    equal(there.fingerprint, plan.fingerprint.after);
    const left = diff(there.access, step.wish(live, target), { rules: target.engine.dialect(there).rules });
    deepEqual(left, []);
  } finally {
    const { outcome } = await revertRun(plan.digest, { ...options, tool: TOOL });
    equal(exitCodeOf(outcome), 0, JSON.stringify(outcome, null, 1));
  }
  equal((await connection.introspect()).fingerprint, live.fingerprint);
}

async function decidesAccess(target: ConformanceTarget, connection: Connection): Promise<void> {
  const step: Step = { name: "access", wish: withNewRoles };
  const { live, plan } = await planTo(target, connection, step);
  const { login, table, privilege } = target;
  const holds = async (): Promise<boolean | null> => {
    const now = await connection.introspect();
    const index = buildAccessIndex(now.access, now.catalog, target.engine.dialect(now).accessRules);
    return index.can(login, privilege, table);
  };
  equal(await holds(), null);
  const options = applyOptions(target, connection);
  const outcome = await applyPlan(plan, options);
  try {
    equal(exitCodeOf(outcome), 0, JSON.stringify(outcome, null, 1));
    equal(await holds(), true);
  } finally {
    await revertRun(plan.digest, { ...options, tool: TOOL });
  }
  equal(await holds(), null);
  equal((await connection.introspect()).fingerprint, live.fingerprint);
}

async function refusesStalePlans(target: ConformanceTarget, connection: Connection): Promise<void> {
  const [first] = steps;
  if (first === undefined) throw new TypeError("there are no steps");
  const { plan } = await planTo(target, connection, first);
  const stale: Step = { name: "stale", wish: withNewRoles };
  const { live, plan: beside } = await planTo(target, connection, stale);
  const options = applyOptions(target, connection);
  equal(exitCodeOf(await applyPlan(beside, options)), 0);
  try {
    const moved = await connection.introspect();
    await rejects(applyPlan(plan, options), hasCode("RW404"));
    equal((await connection.introspect()).fingerprint, moved.fingerprint);
  } finally {
    await revertRun(beside.digest, { ...options, tool: TOOL });
  }
  equal((await connection.introspect()).fingerprint, live.fingerprint);
}

async function readsBackTheSame({ engine, table }: ConformanceTarget, connection: Connection): Promise<void> {
  if (engine.capabilities.transactionalGrants) return;
  const live = await connection.introspect();
  await using transaction = await connection.begin(live.catalog.databases[0] ?? "", {
    lockTimeoutMs: 5000,
    statementTimeoutMs: 30_000,
  });
  const about: About = subjectsOf(live.access, table);
  const [expected, read] = [restrictedTo(about, live.access), await transaction.readBack(about)];
  for (const database of live.catalog.databases) deepEqual(compareStates(expected, read, database), []);
}

async function keepsSecondApplierAway(target: ConformanceTarget, connection: Connection): Promise<void> {
  if (!target.engine.capabilities.applierLock) return;
  await using other = await target.engine.connect({ url: target.url });
  {
    await using lock = await connection.lockApplier({ holder: "first" });
    equal(lock.lost, false);
    await rejects(other.lockApplier({ holder: "second" }), hasCode("RW405"));
  }
  await using lock = await other.lockApplier({ holder: "second" });
  equal(lock.lost, false);
}

async function asksEveryNode({ table }: ConformanceTarget, connection: Connection): Promise<void> {
  const live = await connection.introspect();
  const about = subjectsOf(live.access, table);
  const expected = restrictedTo(about, live.access);
  for (const { node, state, reason } of await connection.readEverywhere(about)) {
    ok(state !== null, `${node}: ${reason}`);
    for (const database of live.catalog.databases) deepEqual(compareStates(expected, state, database), []);
  }
}

async function refusesWrongPasswords({ engine, wrongUrl }: ConformanceTarget): Promise<void> {
  const password = /:([^:@/]+)@/u.exec(wrongUrl.reveal())?.[1] ?? "";
  notEqual(password, "");
  await rejects(engine.connect({ url: wrongUrl }), (error: unknown) => {
    ok(error instanceof RolewrightError, String(error));
    ok(/^RW5\d\d$/u.test(error.code), error.code);
    ok(!JSON.stringify([error.message, error.help, error.details]).includes(password), "the password is shown");
    return true;
  });
}

const TOOL = "0.0.0-conformance";

async function planTo(
  target: ConformanceTarget,
  connection: Connection,
  step: Step,
): Promise<{ readonly live: Awaited<ReturnType<Connection["introspect"]>>; readonly plan: Plan }> {
  const live = await connection.introspect();
  const dialect = target.engine.dialect(live);
  const changes = diff(live.access, step.wish(live, target), { rules: dialect.rules });
  const plan = buildPlan({
    target: "conformance",
    environment: "test",
    snapshot: live,
    dialect,
    changes: changes.map((change) => ({ change, origin: { locations: [], by: "declared" } })),
    manifestDigest: null,
    tool: TOOL,
    allowRemovals: Number.MAX_SAFE_INTEGER,
  });
  return { live, plan };
}

function hasCode(code: string): (error: unknown) => boolean {
  return (error) => {
    ok(error instanceof RolewrightError, String(error));
    equal(error.code, code);
    return true;
  };
}
