import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import type { ConformanceTarget } from "../../src/conformance/conformance-target.ts";
import { engineConformance } from "../../src/conformance/engine-conformance.ts";
import type { Dialect, Engine } from "../../src/engine/engine.ts";
import { loadEngine } from "../../src/engine/registry.ts";
import type { EngineName } from "../../src/model/engine-name.ts";
import { temporaryRuns } from "../support/applying.ts";
import { startCassandra } from "../support/cassandra.ts";
import { describeOn } from "../support/describe-on.ts";
import { startMariadb } from "../support/mariadb.ts";
import { MYSQL_URL, type OptionalServer } from "../support/optional-servers.ts";
import { startPostgres } from "../support/postgres.ts";

/** A live server of an engine; what is opened is closed by `close`. */
interface World {
  readonly target: Omit<ConformanceTarget, "engine" | "runs">;
  close(): Promise<void>;
}

const worlds: Readonly<Record<EngineName, { readonly server: OptionalServer | null; open(): Promise<World> }>> = {
  postgresql: { server: null, open: postgresql },
  mariadb: { server: "mariadb", open: mariadb },
  mysql: { server: "mysql", open: mysql },
  cassandra: { server: "cassandra", open: cassandra },
};

for (const [engine, world] of Object.entries(worlds)) {
  describeOn(world.server, `${engine} does what every engine has to do`, () => {
    let opened: World | null = null;
    beforeAll(async () => {
      opened = await world.open();
    });
    afterAll(async () => {
      await opened?.close();
    });
    const target = async (): Promise<ConformanceTarget> => {
      if (opened === null) throw new TypeError("the server did not start");
      return { ...opened.target, engine: await loadEngine(engine), runs: () => temporaryRuns().runs };
    };
    test.each(engineConformance(target))("$name", async ({ run }) => {
      await expect(run()).resolves.toBeUndefined();
    });
  });
}

describe("an engine that gets it wrong", () => {
  test("is caught: one that leaves a statement out, and one that grants more than it says", async () => {
    const engine = await loadEngine("postgresql");
    const world = await postgresql();
    const broken = (over: (dialect: Dialect) => Partial<Dialect>): Engine => ({
      ...engine,
      dialect: (snapshot) => {
        const dialect = engine.dialect(snapshot);
        return { ...dialect, ...over(dialect) };
      },
    });
    const engines = [
      broken((dialect) => ({ render: (request) => dialect.render(request).slice(0, -1) })),
      broken(({ accessRules }) => ({
        accessRules: { ...accessRules, edge: () => ({ privileges: false, setRole: false }) },
      })),
    ];
    for (const wrong of engines) {
      const failed: string[] = [];
      const cases = engineConformance(async () => ({
        ...world.target,
        engine: wrong,
        runs: () => temporaryRuns().runs,
      }));
      for (const { name, run } of cases) await run().catch(() => failed.push(name));
      expect(failed).not.toEqual([]);
    }
    await world.close();
  });
});

async function postgresql(): Promise<World> {
  const server = await startPostgres({ auth: "scram" });
  await server.query("create schema shop; create table shop.orders (id int)");
  return {
    target: {
      url: new Secret(server.url()),
      wrongUrl: new Secret(server.url({ password: "nottherightone" })),
      role: `o'neill "the.role" ; drop`,
      login: "conform@app %",
      table: { kind: "table", path: ["postgres", "shop", "orders"] },
      privilege: "SELECT",
    },
    close: async () => server[Symbol.asyncDispose](),
  };
}

async function mariadb(): Promise<World> {
  const server = await startMariadb();
  await server.query("create database shop");
  await server.query("create table shop.orders (id int)");
  return {
    target: {
      url: new Secret(server.url({})),
      wrongUrl: new Secret(server.url({ password: "nottherightone" })),
      role: 'o\'neill "the.role" `; drop \\',
      login: "conform'`\"app@10.0.0.%",
      table: { kind: "table", path: ["def", "shop", "orders"] },
      privilege: "SELECT",
    },
    close: async () => server[Symbol.asyncDispose](),
  };
}

/** The account of the URL must be an administrator; what is made there is dropped again. */
async function mysql(): Promise<World> {
  const { createConnection } = await import("mysql2/promise");
  const connection = await createConnection(MYSQL_URL ?? "");
  await connection.query("create database if not exists rolewright_conformance");
  await connection.query("create table if not exists rolewright_conformance.orders (id int)");
  const wrong = new URL(MYSQL_URL ?? "");
  wrong.password = "nottherightone";
  return {
    target: {
      url: new Secret(MYSQL_URL ?? ""),
      wrongUrl: new Secret(wrong.href),
      role: 'o\'neill "the.role"@%',
      login: "conform'app@10.0.0.%",
      table: { kind: "table", path: ["def", "rolewright_conformance", "orders"] },
      privilege: "SELECT",
    },
    async close() {
      await connection.query("drop database rolewright_conformance");
      await connection.end();
    },
  };
}

/** A node of its own: the shared one changes under the hands of others. */
async function cassandra(): Promise<World> {
  const server = await startCassandra();
  await server.query("create keyspace shop with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
  await server.query("create table shop.orders (id int primary key)");
  const wrong = new URL(server.url());
  wrong.password = "nottherightone";
  return {
    target: {
      url: new Secret(server.url()),
      wrongUrl: new Secret(wrong.href),
      role: 'Neill "the.role" ; drop/',
      login: "App %",
      table: { kind: "table", path: ["cluster", "shop", "orders"] },
      privilege: "SELECT",
    },
    close: async () => server[Symbol.asyncDispose](),
  };
}
