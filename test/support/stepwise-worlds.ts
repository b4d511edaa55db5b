import type { Change } from "../../src/model/change.ts";
import type { GrantChange } from "../../src/model/change.ts";
import { diff } from "../../src/diff/diff.ts";
import { connectTo, makeShop, SHOP_WISH, wished } from "./applying.ts";
import { startPostgres } from "./postgres.ts";
import { connectStepwise } from "./stepwise-engines.ts";
import type { StepwiseWorld } from "./stepwise-world.ts";

/** From SHOP_WISH what needs no default privilege and no narrowing, and a role that takes two statements. */
const WISH: readonly string[] = [
  `create role "new ""role" connection limit 3`,
  ...SHOP_WISH.slice(1, 7),
  `alter role svc connection limit 5`,
];

/** PostgreSQL, spoken to as if its grants took no part in transactions. */
export async function postgresWorld(): Promise<StepwiseWorld> {
  const server = await startPostgres();
  await makeShop(server);
  const url = server.url({ database: "shop" });
  return {
    engine: "stepwise-postgresql",
    url,
    databases: ["shop"],
    connect: () => connectStepwise("stepwise-postgresql", url, ["shop"]),
    async changes(live) {
      await using connection = await connectTo({ url }, ["shop"]);
      const desired = await wished(connection, live.access, { shop: WISH });
      return diff(live.access, desired, { rules: connection.engine.dialect(live).rules });
    },
    otherChange: () => grantOf("bob", ["shop", "sales", "items"], "app_owner"),
    foreign: [`grant delete on sales.orders to writer`, `revoke delete on sales.orders from writer`],
    collision: [`alter role svc connection limit 9`, `alter role svc connection limit -1`],
    query: (text) => server.query(text, { database: "shop" }),
    kill: () => Promise.resolve(server.kill()),
    restart: () => server.restart(),
    [Symbol.asyncDispose]: () => server.stop(),
  };
}

export function grantOf(
  grantee: string,
  path: readonly string[],
  grantor: string,
  privileges: readonly string[] = ["SELECT"],
): Change {
  const change: GrantChange = {
    kind: "add-grant",
    resourceKind: "table",
    database: path[0] ?? "",
    resources: [{ kind: "table", path }],
    privileges,
    grantee,
    grantor,
    grantable: false,
  };
  return change;
}
