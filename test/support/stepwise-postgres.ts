import { randomUUID } from "node:crypto";
import { compareChanges } from "../../src/diff/change-order.ts";
import type { Capabilities } from "../../src/engine/capabilities.ts";
import type {
  Connection,
  Dialect,
  Engine,
  RenderedStatement,
  RenderRequest,
  Transaction,
  TransactionOptions,
} from "../../src/engine/engine.ts";
import type { Change } from "../../src/model/change.ts";
import { postgresql } from "../../src/engine/postgresql/index.ts";
import { restrictedTo } from "../../src/plan/overlay.ts";
import { intercept } from "./intercept.ts";

const CAPABILITIES: Capabilities = {
  ...postgresql.capabilities,
  transactionalGrants: false,
  applierLock: false,
  privilegeFunctions: false,
};

/**
 * A real PostgreSQL server that is spoken to like one whose grants take no part in transactions: each statement is committed at once, nobody remembers how it ended, and the server's own lock is not used. So what applies statement by
 * statement is tried on every machine; the engines that are really so run the same tests.
 */
export const stepwisePostgres: Engine = {
  name: postgresql.name,
  simulation: () => postgresql.simulation(),
  capabilities: CAPABILITIES,
  dialect(snapshot) {
    const dialect = postgresql.dialect(snapshot);
    return { ...dialect, capabilities: CAPABILITIES, render: (request) => renderSingly(request, dialect) };
  },
  async connect(options) {
    const connection = await postgresql.connect(options);
    return intercept<Connection>(connection, {
      engine: stepwisePostgres,
      begin: (database, given) => beginSteps(connection, database, given),
      transactionStatus: () => Promise.resolve("unknown" as const),
      lockApplier: () => Promise.reject(new Error("this server has no lock for appliers")),
    });
  },
};

/** One statement a change, as such engines have them. */
function renderSingly(request: RenderRequest, dialect: Dialect): readonly RenderedStatement[] {
  const { all, circular } = request;
  const order = request.indexes.toSorted((a, b) => {
    const [one, two] = [all[a], all[b]];
    return Number(circular.has(b)) - Number(circular.has(a)) || (one && two ? compareChanges(one, two) : 0);
  });
  return order.flatMap((index) => {
    const change = all[index];
    if (change?.kind !== "create-role") return dialect.render({ ...request, indexes: [index] });
    return creation(index, change, request, dialect);
  });
}

/** A role with a limit takes two statements here, as an account with a default role does elsewhere: so there is a state between them. */
function creation(
  index: number,
  change: Extract<Change, { kind: "create-role" }>,
  request: RenderRequest,
  dialect: Dialect,
): readonly RenderedStatement[] {
  const { role } = change;
  const [name, after] = ["connection_limit", role.attributes["connection_limit"] ?? -1];
  const plain = { ...role, attributes: { ...role.attributes, [name]: -1 } };
  const limit: Change = { kind: "alter-role", role: role.name, attributes: [{ name, before: -1, after }] };
  const pair: readonly Change[] = after === -1 ? [change] : [{ kind: "create-role", role: plain }, limit];
  return pair.flatMap((one) =>
    dialect
      .render({ ...request, all: [one], indexes: [0], circular: new Set() })
      .map((statement) => ({ ...statement, changes: [index] })),
  );
}

async function beginSteps(connection: Connection, database: string, options: TransactionOptions): Promise<Transaction> {
  const alone = async <T>(work: (transaction: Transaction) => Promise<T>): Promise<T> => {
    await using transaction = await connection.begin(database, options);
    const result = await work(transaction);
    await transaction.commit();
    return result;
  };
  await alone(() => Promise.resolve());
  return {
    id: randomUUID(),
    execute: (statement) => alone((transaction) => transaction.execute(statement)),
    introspect: () => alone((transaction) => transaction.introspect()),
    readBack: async (about) => restrictedTo(about, (await alone((transaction) => transaction.introspect())).access),
    ask: (questions) => Promise.resolve(questions.map(() => null)),
    commit: () => Promise.resolve(),
    rollback: () => Promise.resolve(),
    [Symbol.asyncDispose]: () => Promise.resolve(),
  };
}
