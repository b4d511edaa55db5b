import { afterAll, beforeAll, expect, test } from "vitest";
import { RolewrightError } from "../../src/base/error.ts";
import { diff } from "../../src/diff/diff.ts";
import type { Connection } from "../../src/engine/engine.ts";
import type { EmbeddedMajor } from "../../src/engine/postgresql/embedded/binaries.ts";
import { quoteIdentifier } from "../../src/engine/postgresql/quote.ts";
import type { Change } from "../../src/model/change.ts";
import { open, plain, planOf, read, type Live } from "../engines/postgresql/planned.ts";
import { startPostgres, testMajor, type PostgresServer } from "../support/postgres.ts";
import { random, type Random } from "../support/random-state/random.ts";
import { randomStates, resetServer, runScript, STATE_DATABASE } from "../support/random-state/run.ts";

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
const SEEDS = Number(process.env["ROLEWRIGHT_TEST_SEEDS"] ?? (LONG ? 100 : 3));
const FIRST = Number(process.env["ROLEWRIGHT_TEST_SEED"] ?? 1);
const majors: readonly EmbeddedMajor[] =
  process.env["ROLEWRIGHT_TEST_PG_MAJOR"] === undefined ? [14, 18] : [testMajor()];
const ADMIN = "the admin";

for (const major of majors) {
  let server: PostgresServer;

  beforeAll(async () => {
    server = await startPostgres({ major });
  });

  afterAll(() => server?.stop());

  test(`on PostgreSQL ${major} a login with CREATEROLE is refused exactly what was predicted`, async () => {
    const tally = { may: 0, mayNot: 0 };
    for (let seed = FIRST; seed < FIRST + SEEDS; seed += 1) {
      await resetServer(server);
      const states = randomStates(seed, { major });
      await runScript(server, states.first);
      await makeAdmin(server, random(seed), states.world.roles);
      await using superuser = await open(server, { database: STATE_DATABASE });
      const a = await read(superuser);
      await runScript(server, states.second);
      await server.query(`grant connect on database ${quoteIdentifier(STATE_DATABASE)} to ${quoteIdentifier(ADMIN)}`);
      // Each single difference between two states, both ways, is a change that somebody could want; the admin sees the second state.
      await using connection = await open(server, { database: STATE_DATABASE, user: ADMIN });
      const live = await read(connection);
      const wishes = diff(live.snapshot.access, a.snapshot.access, { rules: live.dialect.rules });
      for (const change of [...wishes.flatMap(single), ...inventions(live, random(seed))]) {
        const wrong = await judge(connection, live, change, tally);
        expect(wrong === null ? null : `seed ${seed}: ${wrong}`).toBeNull();
      }
    }
    // A prediction that always says the same would be right half of the time.
    expect(tally.may).toBeGreaterThan(SEEDS);
    expect(tally.mayNot).toBeGreaterThan(SEEDS);
  });
}

/** A login that is no superuser, with a random part of what such a login may have. */
async function makeAdmin(server: PostgresServer, source: Random, roles: readonly string[]): Promise<void> {
  const database = STATE_DATABASE;
  const flags = ["createdb", "replication", "bypassrls"].filter(() => source.chance(0.3));
  const admin = quoteIdentifier(ADMIN);
  await server.query(`create role ${admin} login ${source.chance(0.85) ? "createrole" : ""} ${flags.join(" ")}`, {
    database,
  });
  for (const role of source.some(roles, 1, 4)) {
    const option = source.chance(0.5) ? " with admin option" : "";
    await server.query(`grant ${quoteIdentifier(role)} to ${admin}${option}`, { database });
  }
}

/** A change of one tuple each: what else is in a change could hide a refusal. */
function single(change: Change): Change[] {
  if (!("resources" in change)) return [change];
  return change.resources.slice(0, 2).map((resource) => ({ ...change, resources: [resource] }));
}

/** Changes of roles that random states seldom differ in. */
function inventions({ snapshot, dialect }: Live, source: Random): Change[] {
  const defaultAttributes = dialect.rules.defaultAttributes("new");
  const roles = [...snapshot.access.roles.values()].filter((role) => role.origin === "user");
  const role = source.pick(roles);
  const other = source.pick(roles);
  const changes: Change[] = ["login", "createdb", "createrole", "replication", "bypassrls", "superuser"].map(
    (name) => ({
      kind: "create-role",
      role: { name: `new ${name}`, origin: "user", attributes: { ...defaultAttributes, [name]: true }, settings: [] },
    }),
  );
  for (const name of ["login", "createdb", "createrole", "replication", "bypassrls", "superuser", "inherit"]) {
    for (const target of [role, other]) {
      const before = target.attributes[name] === true;
      changes.push({ kind: "alter-role", role: target.name, attributes: [{ name, before, after: !before }] });
    }
  }
  changes.push(
    { kind: "rename-role", from: role.name, to: "renamed" },
    { kind: "set-role-setting", role: other.name, database: null, name: "work_mem", before: null, after: "8MB" },
    {
      kind: "add-membership",
      membership: {
        role: role.name,
        member: other.name,
        grantor: dialect.rules.membershipGrantor(role.name),
        admin: false,
        inherit: true,
        set: true,
        implied: false,
      },
    },
  );
  return changes;
}

/** Runs the plan of one change and takes it back; says where the prediction was wrong. */
async function judge(
  connection: Connection,
  live: Live,
  change: Change,
  tally: { may: number; mayNot: number },
): Promise<string | null> {
  const { plan, states } = planOf(live, [change]);
  const predicted = plan.findings.filter((finding) => finding.code === "RW310");
  const text = plan.stages.flatMap((s) => s.statements.map((t) => `${t.as ?? ""}> ${t.text}`)).join("; ");
  await using transaction = await connection.begin(STATE_DATABASE, {
    lockTimeoutMs: 5_000,
    statementTimeoutMs: 30_000,
  });
  let refusal: RolewrightError | null = null;
  try {
    for (const statement of plan.stages.flatMap((stage) => stage.statements)) {
      await transaction.execute({ text: statement.text, ...(statement.as === undefined ? {} : { as: statement.as }) });
    }
  } catch (error) {
    if (!(error instanceof RolewrightError)) throw error;
    refusal = error;
  }
  if (predicted.length > 0) {
    tally.mayNot += 1;
    if (refusal !== null) return null;
    // It may succeed in another role's name: then it did not do what was planned.
    const { access } = await transaction.introspect();
    const same = JSON.stringify(plain(access)) === JSON.stringify(plain(states.at(-1) ?? access));
    return same ? `\`${text}\` went through, and was predicted to be refused: ${predicted[0]?.message ?? ""}` : null;
  }
  tally.may += 1;
  if (refusal === null) return null;
  return RIGHTS.has(String(refusal.details["sqlstate"])) ? `\`${text}\` was refused: ${refusal.message}` : null;
}

/** Refusals for want of a right; others (what depends on it, a circle) are not about who asks. */
const RIGHTS: ReadonlySet<string> = new Set(["42501", "01007", "01006", "XX000"]);
