import { afterAll, beforeAll, expect, test } from "vitest";
import { describeOn } from "../support/describe-on.ts";
import { startMariadb, type MariadbServer } from "../support/mariadb.ts";
import { startPostgres, type PostgresServer } from "../support/postgres.ts";
import { expectExit, workspace, type Workspace } from "./cli.ts";

/** Ann enters payments on one database and approves them on the other; Bruno may ask to approve what he enters. */
const MANIFEST = `version: 1
targets:
  books: { engine: postgresql, environment: development, url: "\${BOOKS_URL}" }
  shop: { engine: mariadb, environment: development, url: "\${SHOP_URL}" }
roles:
  approvers: { because: they approve, targets: [books] }
people:
  ann: { logins: { shop: ann@localhost, books: ann } }
  bruno: { logins: { shop: bruno@localhost, books: bruno }, eligible: [{ role: approvers, target: books }] }
  carla: { logins: { books: carla } }
duties:
  enter-payment:
    - { grant: insert on table shop.payments, targets: [shop] }
  approve-payment:
    - { role: approvers, targets: [books] }
separation:
  - never_together: [enter-payment, approve-payment]
    because: nobody pays themselves
  - { at_most: 1, of: approve-payment, over: effective }
`;

interface Told {
  readonly targets: readonly { readonly findings: readonly { readonly code: string; readonly message: string }[] }[];
}

describeOn("mariadb", "separation of duties over two targets", () => {
  let mariadb: MariadbServer;
  let postgres: PostgresServer;
  let place: Workspace;

  beforeAll(async () => {
    [mariadb, postgres] = await Promise.all([startMariadb(), startPostgres()]);
    place = await workspace({ SHOP_URL: mariadb.url(), BOOKS_URL: postgres.url() });
    await postgres.query(
      "create role approvers; create role ann login; create role bruno login; create role carla login; grant approvers to ann, carla",
    );
    await mariadb.query(
      `create database shop; create table shop.payments (id int); create user ann@localhost; create user bruno@localhost;
       grant insert on shop.payments to ann@localhost; grant insert on shop.payments to bruno@localhost`,
    );
  });
  afterAll(async () => {
    await place[Symbol.asyncDispose]();
    await Promise.all([mariadb.stop(), postgres.stop()]);
  });

  const told = async (...words: readonly string[]): Promise<readonly string[]> => {
    const ran = await place.run(["check", "--only", "SOD", "--json", ...words]);
    expectExit(ran, 3);
    const { targets } = ran.json() as unknown as Told;
    return targets.flatMap(({ findings }) => findings.map(({ code, message }) => `${code} ${message}`));
  };

  test("is judged by person over both, with what may be asked for", async () => {
    await place.write("rolewright.yaml", MANIFEST);
    const found = await told("--all-targets");
    expect(found).toContain(
      "SOD-04 `ann` has both `approve-payment` (as `ann` on books) and `enter-payment` (as `ann@localhost` on shop); nobody pays themselves",
    );
    expect(found.filter((each) => each.includes("`bruno` has both"))).toEqual([
      expect.stringContaining("which can be asked for"),
    ]);
    expect(found.filter((each) => each.startsWith("SOD-15"))).toEqual([
      "SOD-15 2 people have the duty `approve-payment`, and at most 1 may: `ann`, `carla`",
    ]);
    expect(found.filter((each) => each.startsWith("SOD-04"))).toHaveLength(2);
  });

  test("says that it is not known with one target alone", async () => {
    const ran = await place.run(["check", "--only", "SOD", "--json", "--target", "books"]);
    expect(JSON.stringify(ran.json())).toContain("`shop` was not read");
    expect(JSON.stringify(ran.json())).not.toContain("SOD-04 ");
  });

  test("is wrong where a duty names a role or a rule names a duty that there is not", async () => {
    await place.write(
      "rolewright.yaml",
      MANIFEST.replace("role: approvers, targets: [books] }\nsep", "role: approver, targets: [books] }\nsep").replace(
        "of: approve-payment",
        "of: approve-payments",
      ),
    );
    const ran = await place.run(["check", "--json", "--target", "books"]);
    expectExit(ran, 1);
    const text = JSON.stringify(ran.json());
    expect(text).toContain("RW165");
    expect(text).toContain("RW166");
    await place.write("rolewright.yaml", MANIFEST.replace(", of: approve-payment", ""));
    expect(JSON.stringify((await place.run(["check", "--json", "--target", "books"])).json())).toContain("RW167");
  });
});
