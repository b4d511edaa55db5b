import { expect, test } from "vitest";
import { startPostgres } from "../support/postgres.ts";
import { expectExit, workspace } from "./cli.ts";

const SETUP = `
  create role reader; create schema sales;
  create table sales.orders (id int, region varchar(10));
  create policy by_hand on sales.orders to reader using (region in ('a', 'b'))`;

const manifest = (using: string): string => `version: 1
targets:
  shop: { engine: postgresql, environment: staging, url: "\${SHOP_URL}" }
row_policies:
  - table: sales.orders
    enabled: true
    policies:
      by_hand: { to: [reader], using: "region IN ('a','b')" }
      own_region: { command: select, to: [reader], using: "${using}" }
`;

test("a row policy as people write it is planned, applied, taken back, and then neither planned nor drift", async () => {
  await using server = await startPostgres();
  await server.query(SETUP);
  await using folder = await workspace({ SHOP_URL: server.url() });
  await folder.write("rolewright.yaml", manifest("region = current_setting('app.region')"));

  const shown = await folder.run(["plan", "--sql"]);
  expectExit(shown, 0);
  expect(shown.stdout).toContain("((region)::text = current_setting('app.region'::text))");
  expect(shown.stdout).not.toContain("RW224");
  expectExit(await folder.run(["apply", "--yes"]), 0);
  expectExit(await folder.run(["plan", "--detailed-exitcode"]), 0);
  expectExit(await folder.run(["drift", "--detailed-exitcode"]), 0);

  await folder.write("rolewright.yaml", manifest("region = orders.region and id > 3"));
  expectExit(await folder.run(["plan", "--detailed-exitcode", "--out", "plan.json"]), 2);
  expectExit(await folder.run(["apply", "plan.json", "--yes"]), 0);
  expectExit(await folder.run(["plan", "--detailed-exitcode"]), 0);
  expectExit(await folder.run(["revert", "plan.json", "--yes"]), 0);
  expectExit(await folder.run(["drift", "--detailed-exitcode"]), 2);

  await folder.write("rolewright.yaml", manifest("regoin = 'x'"));
  const refused = await folder.run(["plan"]);
  expectExit(refused, 1);
  expect(refused.stderr).toContain("RW226");
  expect(refused.stderr).toContain('column "regoin" does not exist');
  expect(refused.stderr).toContain("rolewright.yaml:9:");

  await using imported = await workspace({ SHOP_URL: server.url() });
  expectExit(await imported.run(["import", "--url-env", "SHOP_URL"]), 0);
  expectExit(await imported.run(["plan", "--detailed-exitcode"]), 0);
});
