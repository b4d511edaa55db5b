import { randomBytes } from "node:crypto";
import { connect } from "node:net";
import { text } from "node:stream/consumers";
import { inject } from "vitest";
import { Secret } from "../../src/base/secret.ts";
import { quoteName } from "../../src/engine/cassandra/local/session.ts";
import { query, type QueryOptions, type Row } from "./cassandra.ts";
import type { Loan } from "./lend-cassandra.ts";

declare module "vitest" {
  interface ProvidedContext {
    /** The loopback port of the run's lender. */
    readonly cassandraLender: number;
  }
}

/** The node that all test files of a run share. Whoever borrows it keeps to names of its own. */
export interface BorrowedCassandra extends AsyncDisposable {
  readonly release: string;
  readonly address: string;
  readonly port: number;
  readonly superuser: { readonly name: string; readonly password: Secret };
  /** What the names of this borrower's roles and keyspaces must begin with: lower case, no quoting needed. All of them are dropped when it gives the node back. */
  readonly prefix: string;
  url(login?: { readonly user: string; readonly password: string }): string;
  query(cql: string, options?: QueryOptions): Promise<Row[]>;
}

/** Borrows the shared node: with no wait but for the first, who has it started. It runs with caches off; for other settings, or to stop it, start one of your own. */
export async function borrowCassandra(): Promise<BorrowedCassandra> {
  const loan = JSON.parse(await text(connect(inject("cassandraLender"), "127.0.0.1"))) as Loan;
  if (loan.kind === "failed") throw new Error(`the shared Cassandra did not start: ${loan.message}`);
  const [node] = loan.nodes;
  if (node === undefined) throw new Error("the shared Cassandra has no node");
  const superuser = { name: loan.user, password: new Secret(loan.password) };
  const prefix = `t${randomBytes(4).toString("hex")}_`;
  const ask = (cql: string, options: QueryOptions = {}): Promise<Row[]> =>
    query({ nodes: loan.nodes, superuser }, { ...options, cql });
  return {
    release: loan.release,
    ...node,
    superuser,
    prefix,
    url({ user, password } = { user: loan.user, password: loan.password }) {
      const login = [user, password].map(encodeURIComponent).join(":");
      return `cassandra://${login}@${node.address}:${node.port}/?dc=datacenter1`;
    },
    query: ask,
    [Symbol.asyncDispose]: () => dropAll(prefix, ask),
  };
}

async function dropAll(prefix: string, ask: (cql: string) => Promise<Row[]>): Promise<void> {
  const keyspaces = await ask("select keyspace_name from system_schema.keyspaces");
  for (const name of ours(keyspaces, "keyspace_name", prefix)) await ask(`drop keyspace ${quoteName(name)}`);
  const roles = await ask("select role from system_auth.roles");
  for (const name of ours(roles, "role", prefix)) await ask(`drop role ${quoteName(name)}`);
}

function ours(rows: readonly Row[], column: string, prefix: string): string[] {
  return rows.map((row) => String(row[column])).filter((name) => name.startsWith(prefix));
}
