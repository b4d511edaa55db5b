import type { EngineName } from "../../src/model/engine-name.ts";
import { startCassandra } from "../support/cassandra.ts";
import { startMariadb } from "../support/mariadb.ts";
import type { OptionalServer } from "../support/optional-servers.ts";
import { startPostgres } from "../support/postgres.ts";

/** A throw-away server of some engine, as far as questions need one. */
export interface AskedServer extends AsyncDisposable {
  readonly url: string;
  /** Runs statements as the administrator. */
  run(statements: readonly string[]): Promise<void>;
  /** Whether a login may run a statement: the server's own answer. Fails where it is neither yes nor a refusal. */
  may(login: string, statement: string): Promise<boolean>;
}

/** The same small shop on one engine, and what must be answered about it. */
export interface Scenario {
  /** Null: every machine has it. */
  readonly needs: OptionalServer | null;
  readonly start: () => Promise<AskedServer>;
  readonly setup: readonly string[];
  /** The names of the same logins here. `shut` may do nothing. */
  readonly logins: { readonly alice: string; readonly app: string; readonly auditor: string; readonly shut: string };
  /** The privilege that changes rows. */
  readonly writing: string;
  /** Statements as somebody tries them. */
  readonly read: string;
  readonly write: string;
  readonly expected: Expected;
}

/** Each as the program prints it, white space collapsed. */
export interface Expected {
  /** `who-can READ shop.orders`: who, and by which way. */
  readonly readers: readonly string[];
  /** `who-can WRITE shop.orders`. */
  readonly writers: readonly string[];
  /** `why alice READ shop.orders`. */
  readonly why: readonly string[];
  /** `access app`. */
  readonly access: readonly string[];
  /** A question about something that is no schema and lies in none, and who can. */
  readonly unnamed: { readonly args: readonly string[]; readonly holders: readonly string[] };
  /** Who may pass reading on. */
  readonly passing: readonly string[];
  /** A statement that gives more at once, and what `access --diff` says that it gave. */
  readonly more: { readonly statements: readonly string[]; readonly gains: readonly string[] };
  /** The cell of app in the schema shop. */
  readonly heat: string;
  /** Edges of the picture of shop.orders with the way of alice, as `from > label > to`. */
  readonly picture: readonly string[];
}

const PASSWORD = "correct horse battery staple";

/** MySQL is asked where one is at hand; see test/engines. */
export const SCENARIOS: Readonly<Record<EngineName, Scenario | "there is no server to be had">> = {
  mysql: "there is no server to be had",
  postgresql: {
    needs: null,
    async start() {
      const server = await startPostgres();
      return {
        url: server.url(),
        run: async (statements) => void (await server.query(statements.join(";\n"))),
        may: async (user, statement) => answered(server.query(statement, { user }), "42501"),
        [Symbol.asyncDispose]: () => server.stop(),
      };
    },
    setup: [
      "create role keeper",
      "create role readers",
      "create role alice login",
      "create role app login",
      "create role auditor login noinherit",
      "create role shut login",
      "grant readers to alice",
      "create role seers",
      "grant seers to auditor",
      "create schema shop authorization keeper",
      "create schema hr authorization keeper",
      "create table shop.orders (id int)",
      "create table shop.items (id int)",
      "create table hr.pay (id int)",
      "alter table shop.orders owner to keeper",
      "alter table shop.items owner to keeper",
      "alter table hr.pay owner to keeper",
      "grant usage on schema shop to public",
      "grant select on all tables in schema shop to readers, seers",
      "grant insert on shop.orders to app",
      "grant select on shop.orders to app with grant option",
    ],
    logins: { alice: "alice", app: "app", auditor: "auditor", shut: "shut" },
    writing: "insert",
    read: "select id from shop.orders",
    write: "insert into shop.orders values (1)",
    expected: {
      readers: [
        "Alice Moreau < readers",
        "app < a grant to itself",
        "auditor < seers (after set role)",
        "postgres < superuser",
      ],
      writers: ["app < a grant to itself", "postgres < superuser"],
      why: [
        "alice > readers",
        "- remove alice from readers: ends it",
        "- revoke select on shop.orders from readers: ends it",
      ],
      access: [
        "usage schema public everybody (public)",
        "usage schema shop everybody (public)",
        "insert, select (with grant option: select) shop.orders a grant to itself",
      ],
      unnamed: { args: ["create", "postgres", "--kind", "database"], holders: ["postgres < superuser"] },
      passing: ["app < a grant to itself", "postgres < superuser"],
      more: {
        statements: ["grant insert on all tables in schema shop to readers"],
        gains: ["+ al insert on 2 tables in shop readers"],
      },
      heat: "app in postgres.shop: reads 1, writes 1, defines 0, owns 0 of 2",
      picture: ["readers > select > shop.orders", "keeper > owns > shop.orders"],
    },
  },
  mariadb: {
    needs: "mariadb",
    async start() {
      const server = await startMariadb();
      return {
        url: server.url(),
        run: async (statements) => void (await server.query(statements.join(";\n"))),
        may: async (login, statement) => {
          const user = login.slice(0, login.lastIndexOf("@"));
          return answered(server.query(statement, { user, password: PASSWORD, from: "127.0.0.2" }), 1142);
        },
        [Symbol.asyncDispose]: () => server.stop(),
      };
    },
    setup: [
      "create database shop",
      "create database hr",
      "create table shop.orders (id int)",
      "create table shop.items (id int)",
      "create table hr.pay (id int)",
      "create role readers",
      "create role seers",
      ...["alice", "app", "auditor", "shut"].map((name) => `create user '${name}'@'%' identified by '${PASSWORD}'`),
      `create user 'app'@'localhost' identified by '${PASSWORD}'`,
      "grant readers to 'alice'@'%'",
      "set default role readers for 'alice'@'%'",
      "grant seers to 'auditor'@'%'",
      "grant select on shop.* to readers",
      "grant select on *.* to seers",
      "grant select, insert on shop.orders to 'app'@'%' with grant option",
      "grant process on *.* to 'auditor'@'%'",
    ],
    logins: { alice: "alice@%", app: "app@%", auditor: "auditor@%", shut: "shut@%" },
    writing: "insert",
    read: "select id from shop.orders",
    write: "insert into shop.orders values (1)",
    expected: {
      readers: [
        "Alice Moreau < readers (granted on schema shop)",
        "app@% < a grant to itself",
        "app@localhost < a grant to itself (granted on it to app@%)",
        "auditor@% < seers (after set role; granted on all schemas)",
        "root@127.0.0.1 < a grant to itself (granted on all schemas)",
        "root@localhost < a grant to itself (granted on all schemas)",
      ],
      writers: [
        "app@% < a grant to itself",
        "app@localhost < a grant to itself (granted on it to app@%)",
        "root@127.0.0.1 < a grant to itself (granted on all schemas)",
        "root@localhost < a grant to itself (granted on all schemas)",
      ],
      why: [
        "alice@% > readers (granted on schema shop)",
        "- remove alice@% from readers: ends it",
        "- revoke select on schema shop from readers: ends it",
      ],
      access: ["grant option, insert, select shop.orders a grant to itself"],
      unnamed: {
        args: ["process", "server"],
        holders: [
          "auditor@% < a grant to itself",
          "root@127.0.0.1 < a grant to itself",
          "root@localhost < a grant to itself",
        ],
      },
      passing: [
        "app@% < a grant to itself",
        "app@localhost < a grant to itself (granted on it to app@%)",
        "root@127.0.0.1 < a grant to itself (granted on all schemas)",
        "root@localhost < a grant to itself (granted on all schemas)",
      ],
      more: {
        statements: ["grant insert on shop.* to readers"],
        gains: ["+ al insert on schema shop, and with it on 2 tables readers"],
      },
      heat: "app@% in shop: reads 1, writes 1, defines 0, may give 1 of 2",
      picture: [
        "readers > select > schema shop",
        "schema shop > > shop.orders",
        "seers > select > all schemas",
        "all schemas > > shop.orders",
        "app@localhost > counts as > app@%",
      ],
    },
  },
  cassandra: {
    needs: "cassandra",
    async start() {
      const server = await startCassandra();
      const [node] = server.nodes;
      if (node === undefined) throw new Error("the cluster has no node");
      const login = [server.superuser.name, server.superuser.password.reveal()].map(encodeURIComponent).join(":");
      return {
        url: `cassandra://${login}@${node.address}:${node.port}/?dc=datacenter1`,
        async run(statements) {
          for (const statement of statements) await server.query(statement);
        },
        may: async (user, statement) => answered(server.query(statement, { user, password: PASSWORD }), 0x2100),
        [Symbol.asyncDispose]: () => server[Symbol.asyncDispose](),
      };
    },
    setup: [
      "create keyspace shop with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
      "create keyspace hr with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}",
      "create table shop.orders (id int primary key)",
      "create table shop.items (id int primary key)",
      "create table hr.pay (id int primary key)",
      "create role readers",
      "create role root_like with superuser = true",
      ...["alice", "app", "auditor", "shut"].map(
        (name) => `create role ${name} with login = true and password = '${PASSWORD}'`,
      ),
      "grant readers to alice",
      "grant root_like to auditor",
      "grant select on keyspace shop to readers",
      "grant select on shop.orders to app",
      "grant modify on all tables in keyspace shop to app",
      "grant authorize on shop.orders to app",
    ],
    logins: { alice: "alice", app: "app", auditor: "auditor", shut: "shut" },
    writing: "modify",
    read: "select id from shop.orders",
    write: "insert into shop.orders (id) values (1)",
    expected: {
      readers: [
        "Alice Moreau < readers (granted on schema shop)",
        "app < a grant to itself",
        "auditor < root_like > superuser",
        "cassandra < superuser",
      ],
      writers: [
        "app < a grant to itself (granted on all tables in shop)",
        "auditor < root_like > superuser",
        "cassandra < superuser",
      ],
      why: [
        "alice > readers (granted on schema shop)",
        "- remove alice from readers: ends it",
        "- revoke select on schema shop from readers: ends it",
      ],
      access: [
        "modify all tables in shop, and with it on 2 tables a grant to itself",
        "authorize, select shop.orders a grant to itself",
      ],
      unnamed: {
        args: ["create", "all-roles"],
        holders: ["auditor < root_like > superuser", "cassandra < superuser"],
      },
      passing: ["app < a grant to itself", "auditor < root_like > superuser", "cassandra < superuser"],
      more: {
        statements: ["grant modify on keyspace shop to readers"],
        gains: ["+ al modify on schema shop, and with it on 2 tables readers"],
      },
      heat: "app in shop: reads 1, writes 2, defines 0, may give 1 of 2",
      picture: [
        "readers > select > schema shop",
        "schema shop > > shop.orders",
        "app > modify > all tables in shop",
        "all tables in shop > > shop.orders",
      ],
    },
  },
};

/** Whether it was done; a refusal by this code is an answer, anything else an error. */
async function answered(asked: Promise<unknown>, refusal: string | number): Promise<boolean> {
  try {
    await asked;
    return true;
  } catch (error) {
    const { code, errno } = error as { readonly code?: unknown; readonly errno?: unknown };
    if (code === refusal || errno === refusal) return false;
    throw error;
  }
}
