import { once } from "node:events";
import { type AddressInfo, createServer } from "node:net";
import { type CassandraCluster, startCassandra } from "../../src/engine/cassandra/local/cluster.ts";

/** Where one node can be asked for, which is started for the first who asks. */
export interface Lender {
  /** A port on loopback that answers everybody with a line of JSON, a `Loan`: the node is a toy, and nothing is left behind when the run is killed. */
  readonly port: number;
  close(): Promise<void>;
}

/** What a borrower is told. */
export type Loan =
  | {
      readonly kind: "lent";
      readonly release: string;
      readonly nodes: readonly { readonly address: string; readonly port: number }[];
      readonly user: string;
      readonly password: string;
    }
  | { readonly kind: "failed"; readonly message: string };

/** Every project of a run has this module for itself, and all of them lend the same node. */
const SHARED = Symbol.for("rolewright.test.cassandra");
const shared = globalThis as { [SHARED]?: { readonly lender: Promise<Lender>; projects: number } };

/** Offers one node to all test files of a run. Nothing is started until a test asks. */
export async function lendCassandra(): Promise<Lender> {
  const current = (shared[SHARED] ??= { lender: openLender(), projects: 0 });
  current.projects += 1;
  const lender = await current.lender;
  return {
    port: lender.port,
    async close() {
      current.projects -= 1;
      if (current.projects > 0) return;
      delete shared[SHARED];
      await lender.close();
    },
  };
}

async function openLender(): Promise<Lender> {
  let cluster: Promise<CassandraCluster> | null = null;
  const listener = createServer((asking) => {
    asking.on("error", () => {}); // A test that ends while it asks.
    cluster ??= startCassandra();
    void loan(cluster).then((answer) => asking.end(`${JSON.stringify(answer)}\n`));
  }).listen(0, "127.0.0.1");
  await once(listener, "listening");
  listener.unref();
  return {
    port: (listener.address() as AddressInfo).port,
    async close() {
      listener.close();
      await (await cluster?.catch(() => null))?.stop();
    },
  };
}

async function loan(starting: Promise<CassandraCluster>): Promise<Loan> {
  try {
    const { release, nodes, superuser } = await starting;
    return {
      kind: "lent",
      release,
      nodes: nodes.map(({ address, port }) => ({ address, port })),
      user: superuser.name,
      password: superuser.password.reveal(),
    };
  } catch (error) {
    return { kind: "failed", message: String(error) };
  }
}
