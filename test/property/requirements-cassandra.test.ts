import { afterAll, beforeAll, expect, test } from "vitest";
import { buildAccessIndex } from "../../src/analysis/access-index.ts";
import { Secret } from "../../src/base/secret.ts";
import { openSession, type Session } from "../../src/engine/cassandra/client.ts";
import { parseDsn } from "../../src/engine/cassandra/dsn.ts";
import { CODE, causeOf } from "../../src/engine/cassandra/errors.ts";
import { cassandra } from "../../src/engine/cassandra/index.ts";
import { quoteText } from "../../src/engine/cassandra/quote.ts";
import { GRAMMAR } from "../../src/engine/cassandra/simulation/grammar/grammar.ts";
import { openRequirements } from "../../src/engine/cassandra/simulation/requirements/source.ts";
import { passwordVerifier } from "../../src/engine/cassandra/verifier.ts";
import { decide } from "../../src/simulation/decide.ts";
import { type BorrowedCassandra, borrowCassandra } from "../support/borrow-cassandra.ts";
import { PASSWORD } from "../support/cassandra.ts";
import { describeOn } from "../support/describe-on.ts";
import { random } from "../support/random-state/random.ts";
import { LOGINS, randomCql, statementFoundation, statementGrants } from "./cassandra-statements.ts";

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
const SEEDS = LONG ? 20 : 3;
const STATEMENTS = LONG ? 200 : 70;
const FIRST_SEED = Number(process.env["ROLEWRIGHT_TEST_SEED"] ?? 1);

interface Answer {
  readonly login: string;
  readonly cql: string;
  readonly executed: "ok" | "denied" | "other";
  readonly ours: string;
  readonly words: string;
}

let server: BorrowedCassandra;
let admin: Session;

describeOn("cassandra", "what statements need on Cassandra", () => {
  beforeAll(async () => {
    server = await borrowCassandra();
    admin = await session();
    for (const cql of statementFoundation(server.prefix)) await admin.run(cql);
    const hash = quoteText(passwordVerifier(new Secret(PASSWORD)).reveal());
    for (const name of LOGINS)
      await admin.run(`create role ${server.prefix}${name} with login = true and hashed password = ${hash}`);
    for (const name of ["group", "target", "sink"]) await admin.run(`create role ${server.prefix}${name}`);
    await admin.run(`grant ${server.prefix}group to ${server.prefix}${LOGINS[0]}`);
  });
  afterAll(async () => {
    await admin[Symbol.asyncDispose]();
    await server[Symbol.asyncDispose]();
  });

  test("is what the server asks for, when it executes them as each role", async () => {
    const answers: Answer[] = [];
    for (let seed = FIRST_SEED; seed < FIRST_SEED + SEEDS; seed++) answers.push(...(await tryWorld(seed)));
    const denied = answers.filter(({ executed }) => executed === "denied").length;
    const wrong = answers.filter(
      ({ executed, ours }) => (executed === "denied" && ours === "yes") || (executed === "ok" && ours === "no"),
    );
    const unknown = answers.filter(({ ours }) => ours === "unknown").length;
    process.stderr.write(
      `requirements: ${answers.length} decisions, ${denied} denied, ${unknown} unknown, ${wrong.length} wrong\n`,
    );
    expect(wrong.slice(0, 20)).toEqual([]);
    expect(Math.min(denied, answers.length - denied)).toBeGreaterThan(answers.length / 10);
    expect(unknown).toBeLessThan(answers.length / 10);
  });

  test("leaves open what it cannot know", async () => {
    await using connection = await cassandra.connect({ url: new Secret(server.url()) });
    const snapshot = await connection.introspect();
    await using source = await openRequirements({ url: new Secret(server.url()), snapshot });
    const texts = [
      "",
      "select 'cut",
      "select * from orders",
      `select * from ${server.prefix}ks.nosuch`,
      "list roles",
      "whatever it is",
      "drop role 'x'",
    ];
    const found = await source.read(texts.map((text) => ({ text, database: "cluster", role: "cassandra" })));
    expect(found.map(({ unknown }) => unknown.map(({ kind }) => kind).join())).toEqual([
      "unparsed",
      "unparsed",
      "name",
      "name",
      "utility",
      "unparsed",
      "name",
    ]);
  });
});

async function session(user?: string): Promise<Session> {
  const url = user === undefined ? server.url() : server.url({ user, password: PASSWORD });
  return await openSession(parseDsn(new Secret(`${url}&tls=disable`)), {
    applicationName: "test",
    connectTimeoutSeconds: 10,
  });
}

async function tryWorld(seed: number): Promise<Answer[]> {
  const grants = statementGrants(server.prefix, seed);
  for (const cql of grants) await admin.run(cql);
  await using connection = await cassandra.connect({ url: new Secret(server.url()) });
  const snapshot = await connection.introspect();
  const index = buildAccessIndex(snapshot.access, snapshot.catalog, cassandra.dialect(snapshot).accessRules);
  await using source = await openRequirements({ url: new Secret(server.url()), snapshot });
  const choices = random(seed * 77);
  const statements = Array.from({ length: STATEMENTS }, () => randomCql(choices, server.prefix));
  const answers: Answer[] = [];
  for (const name of LOGINS) {
    const login = `${server.prefix}${name}`;
    await using own = await session(login);
    let keyspace: readonly string[] = [];
    for (const cql of statements) {
      const { end, words } = await attempt(own, cql);
      if (cql.startsWith("use ") && end === "ok") keyspace = [`${server.prefix}ks`];
      // What is decided is the statement without its literals, as it is kept in evidence.
      const text = GRAMMAR.read(cql)[0]?.text ?? "";
      const [requirements] = await source.read([{ text, database: "cluster", role: login, searchPath: keyspace }]);
      if (requirements === undefined) throw new Error("no answer");
      answers.push({ login, cql, executed: end, words, ours: decide(requirements, index, { role: login }).state });
    }
  }
  for (const cql of grants) await admin.run(cql.replace("grant ", "revoke ").replace(/ to (?=\S+$)/u, " from "));
  return answers;
}

async function attempt(
  own: Session,
  cql: string,
): Promise<{ readonly end: Answer["executed"]; readonly words: string }> {
  try {
    await own.run(cql);
    return { end: "ok", words: "" };
  } catch (error) {
    const { code, message } = causeOf(error);
    if (code === CODE.syntax) throw new Error(cql, { cause: error });
    return { end: code === CODE.unauthorized ? "denied" : "other", words: message };
  }
}
