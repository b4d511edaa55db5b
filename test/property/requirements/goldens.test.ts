import { readFile, writeFile } from "node:fs/promises";
import { afterAll, describe, expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { parseDsn } from "../../../src/engine/postgresql/dsn.ts";
import { Extraction, SETTINGS } from "../../../src/engine/postgresql/simulation/requirements/extraction.ts";
import { FormatError } from "../../../src/engine/postgresql/simulation/requirements/nodes.ts";
import { openRequirements } from "../../../src/engine/postgresql/simulation/requirements/open-requirements.ts";
import { openRawSession, type RawSession } from "../../../src/engine/postgresql/simulation/requirements/raw-session.ts";
import { readTree as readBytes } from "../../../src/engine/postgresql/simulation/requirements/read-tree.ts";
import type { TreeFacts } from "../../../src/engine/postgresql/simulation/requirements/tree-facts.ts";
import { type PostgresServer, startPostgres } from "../../support/postgres.ts";
import { FIXED_WORLD, laterWorld } from "./fixed-world.ts";
import { MAJORS } from "./majors.ts";
import { TRIALS } from "./statements.ts";
import { describeRequirement, snapshotOf } from "./world.ts";

/** Writes the files anew instead of comparing with them. */
const UPDATE = process.env["ROLEWRIGHT_UPDATE_GOLDENS"] === "1";

const servers = new Map<number, Promise<PostgresServer>>();
afterAll(async () => {
  for (const server of servers.values()) await (await server).stop();
});

async function fixedWorld(major: (typeof MAJORS)[number]): Promise<PostgresServer> {
  let server = servers.get(major);
  if (server === undefined) {
    const start = async (): Promise<PostgresServer> => {
      const started = await startPostgres({ major });
      await started.query(FIXED_WORLD);
      await started.query(laterWorld(major) || "select 1");
      return started;
    };
    servers.set(major, (server = start()));
  }
  return await server;
}

async function rawSession(server: PostgresServer, settings: readonly string[]): Promise<RawSession> {
  const dsn = parseDsn(new Secret(server.url()));
  const raw = await openRawSession(dsn, "postgres", { applicationName: "test", connectTimeoutSeconds: 10 });
  for (const setting of ["set log_min_messages = fatal", "set search_path = shop", ...settings])
    await raw.query(setting);
  return raw;
}

describe.each(MAJORS)("what statements need on %d", (major) => {
  test("is what it was", async () => {
    const server = await fixedWorld(major);
    await using source = await openRequirements({ url: new Secret(server.url()), snapshot: await snapshotOf(server) });
    const trials = TRIALS.filter((trial) => (trial.since ?? 13) <= major && trial.memberOf === undefined);
    const answers = await source.read(
      trials.map(({ text, path = "shop" }) => ({
        text,
        role: "caller",
        database: "postgres",
        searchPath: path.split(", "),
      })),
    );
    const found = Object.fromEntries(
      trials.map(({ text, path }, at) => {
        const { allOf = [], unknown = [], refused = null } = answers[at] ?? {};
        const lines = [
          ...allOf.map(describeRequirement),
          ...unknown.map(({ kind, origin }) => `unknown ${kind}${origin.map((step) => ` <- ${step}`).join("")}`),
          ...(refused === null ? [] : [`refused ${refused.code}`]),
        ];
        return [path === undefined ? text : `${text} (${path})`, lines];
      }),
    );
    const file = new URL(`goldens/${major}.json`, import.meta.url);
    if (UPDATE) await writeFile(file, `${JSON.stringify(found, null, 2)}\n`);
    expect(found).toEqual(JSON.parse(await readFile(file, "utf8")));
  });

  test("is never read from a tree that is cut or damaged, and does not depend on the order of fields", async () => {
    const server = await fixedWorld(major);
    await using raw = await rawSession(server, SETTINGS);
    let cuts = 0;
    let damages = 0;
    for (const { text, onlyRead, since = 13 } of TRIALS) {
      if (since > major || onlyRead === true || !/^(?:select|insert|update|delete|with|merge)\b/u.test(text)) continue;
      const { trees } = await raw.parse(text);
      for (const printed of trees) {
        const tree = Buffer.from(printed.text).toString("utf8");
        const plain = canonical(readTree(tree));
        expect(canonical(readTree(reversed(tree))), text).toEqual(plain);
        const whole = tree.trimEnd().length;
        for (let part = 1; part < 12; part++) {
          const cut = tree.slice(0, Math.floor((whole * part) / 12));
          expect(() => readTree(cut), cut.slice(-80)).toThrow(FormatError);
          cuts++;
        }
        for (const field of NEEDED) {
          const damaged = tree.replace(new RegExp(`:${field}(?=\\s)`, "u"), `:${field}x`);
          if (damaged === tree) continue;
          // What asks for nothing may be damaged; nothing that asks may be lost.
          const found = attempt(() => canonical(readTree(damaged)));
          if (found === null) damages++;
          expect([null, JSON.stringify(plain)], `${text} without ${field}`).toContainEqual(
            found === null ? null : JSON.stringify(found),
          );
        }
        if (!tree.includes("{FROMEXPR")) continue;
        const asking = tree.replace(/\{FROMEXPR\s/u, "{FROMEXPR :nodes {NEWNODE :requiredPerms 2} ");
        expect(() => readTree(asking)).toThrow(FormatError);
        const calling = tree.replace(/\{FROMEXPR\s/u, "{FROMEXPR :nodes {NEWNODE :specialfuncid 1234} ");
        expect(() => readTree(calling)).toThrow(FormatError);
      }
    }
    expect(cuts).toBeGreaterThan(800);
    expect(damages).toBeGreaterThan(200);
  });

  test("is not nothing where the server prints nothing", async () => {
    const server = await fixedWorld(major);
    await using raw = await rawSession(server, []);
    const answer = await new Extraction(raw).statement("select * from shop.orders", { path: [], as: null });
    expect(answer).toEqual({ kind: "format", reason: "the server printed no tree" });
  });
});

const NEEDED = [
  "commandType",
  "requiredPerms",
  "checkAsUser",
  "selectedCols",
  "insertedCols",
  "updatedCols",
  "funcid",
  "opfuncid",
  "aggfnoid",
  "consttype",
  "rtekind",
  "perminfoindex",
];

function readTree(text: string): TreeFacts {
  return readBytes(Buffer.from(text, "utf8"));
}

/** Null: it is refused as damaged. */
function attempt(read: () => unknown): unknown {
  try {
    return read();
  } catch (error) {
    if (error instanceof FormatError) return null;
    throw error;
  }
}

/** What a tree says, without the order in which it says it. */
function canonical(facts: TreeFacts): unknown {
  const sorted = (items: readonly unknown[]): readonly string[] => items.map((item) => JSON.stringify(item)).sort();
  return {
    ...facts,
    relations: sorted(facts.relations),
    routines: sorted(facts.routines),
    writes: sorted(facts.writes),
    domains: sorted(facts.domains),
    types: sorted(facts.types),
    operators: sorted(facts.operators),
    namedRelations: sorted(facts.namedRelations),
  };
}

/** The same tree with the fields of every node in the opposite order. */
function reversed(text: string): string {
  let at = 0;
  const skip = (): void => {
    while (/\s/u.test(text[at] ?? "")) at++;
  };
  const word = (): string => {
    const from = at;
    while (at < text.length && !/[\s(){}]/u.test(text[at] ?? "")) at += text[at] === "\\" ? 2 : 1;
    return text.slice(from, at);
  };
  const value = (): string => {
    skip();
    if (text[at] === "{") return node();
    if (text[at] !== "(") return word();
    at++;
    const items: string[] = [];
    for (skip(); text[at] !== ")"; skip()) items.push(value());
    at++;
    return `(${items.join(" ")})`;
  };
  const node = (): string => {
    at++;
    const name = word();
    const fields: string[] = [];
    for (skip(); text[at] !== "}"; skip()) {
      const field = word();
      let content = value();
      for (skip(); text[at] !== ":" && text[at] !== "}"; skip()) content += ` ${value()}`;
      fields.push(`${field} ${content}`);
    }
    at++;
    return `{${name} ${fields.reverse().join(" ")}}`;
  };
  return value();
}
