import { expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import { CASSANDRA } from "../../../src/analysis/checks/cassandra/index.ts";
import { AVAILABILITY } from "../../../src/analysis/checks/availability/index.ts";
import type { CheckRun } from "../../../src/analysis/checks/run-checks.ts";
import { passwordVerifier } from "../../../src/engine/cassandra/verifier.ts";
import { PASSWORD, startCassandra } from "../../support/cassandra.ts";
import { describeOn } from "../../support/describe-on.ts";
import { checkLive, refusal } from "./live-cassandra.ts";

const LONG = process.env["ROLEWRIGHT_TEST_LONG"] === "1";
const ON_NODES = CASSANDRA.filter(({ id }) => ["CSE-01", "CSE-15", "CSE-16"].includes(id));
const ON_CLUSTERS = AVAILABILITY.filter(({ id }) => ["AVL-05", "AVL-14"].includes(id));

/** What was said, without where the nodes are. */
function said({ findings }: CheckRun): readonly string[] {
  return findings
    .map(({ code, danger, message }) => `${code} ${danger} ${message.replaceAll(/`[\d.]+:\d+`/gu, "it")}`)
    .sort();
}

describeOn("cassandra", "checks of whole clusters", () => {
  test("a node that enforces nothing of what is granted, or believes it for a minute, is found by each setting", async () => {
    await using free = await startCassandra({
      cacheValidityMs: 60_000,
      settings: {
        authorizer: { class_name: "AllowAllAuthorizer" },
        cidr_authorizer: { class_name: "CassandraCIDRAuthorizer", parameters: { cidr_authorizer_mode: "MONITOR" } },
      },
    });
    await free.query("insert into system_auth.cidr_groups (cidr_group, cidrs) values ('far', {('10.9.0.0', 16)})");
    await free.query(`create role app with login = true and password = '${PASSWORD}' and access from cidrs {'far'}`);
    await free.query("create keyspace shop with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}");
    await free.query("create table shop.t (id int primary key)");
    expect(said(await checkLive(free, ON_NODES))).toEqual([
      "CSE-01 critical on node it everybody may read and change all data: `authorizer` is AllowAllAuthorizer",
      "CSE-15 medium `app` is limited by `cidr_groups`, which is not enforced on node it",
      "CSE-16 medium on node it what was revoked works on for up to 60 seconds, more than 10",
    ]);
    // Nothing was granted to it, and it comes from nowhere near 10.9.
    expect(await refusal(free.query("insert into shop.t (id) values (1)", { user: "app" }))).toBeNull();
  });

  test.runIf(LONG)("4.1 tells how passwords are stored, and has no masks", async () => {
    await using old = await startCassandra({ version: "4.1" });
    const cheap = `$2a$04$${"a".repeat(53)}`;
    const usual = passwordVerifier(new Secret(PASSWORD)).reveal();
    await old.query(`create role cheap with login = true and hashed password = '${cheap}'`);
    await old.query(`create role usual with login = true and hashed password = '${usual}'`);
    await old.query("create role without with login = true");
    const seen = await checkLive(old, [...ON_NODES, ...ON_CLUSTERS]);
    expect(said(seen)).toEqual([
      "AVL-05 low there is one node, so that there is one copy of roles and grants: while it is down nobody logs in",
    ]);
    const forms = ["cheap", "usual", "without"].map((name) => seen.posture.logins.get(name)?.form);
    expect(forms).toEqual(["bcrypt below 10", "bcrypt", null]);
    const passwords = ["cheap", "usual", "without"].map((name) => seen.posture.logins.get(name)?.password);
    expect(passwords).toEqual(["weak", "strong", "none"]);
    expect(seen.posture.cassandra).toMatchObject({ masked: [], lopsided: [], unindexed: [], leftovers: [] });
    expect(seen.posture.unknowns).toEqual([]);
  });

  // Three nodes and one that ends take half a minute.
  test.runIf(LONG)(
    "too few copies and a node that is away are found, and told from what is as it should be",
    async () => {
      await using three = await startCassandra({ nodes: 3 });
      const whole = await checkLive(three, ON_CLUSTERS);
      expect([said(whole), whole.passed]).toEqual([[], ["AVL-05", "AVL-14"]]);
      expect(whole.posture.cassandra?.nodes.map(({ reached }) => reached)).toEqual([true, true, true]);

      const alter = (copies: number): string =>
        `alter keyspace system_auth with replication = {'class': 'NetworkTopologyStrategy', 'datacenter1': ${copies}}`;
      await three.query(alter(2));
      const thin = await checkLive(three, ON_CLUSTERS);
      expect(said(thin)).toEqual([
        "AVL-05 critical data center `datacenter1` keeps 2 copies of roles and grants on its 3 nodes: with one node down some logins fail, and nothing can be changed",
      ]);
      for (const cql of thin.findings.flatMap((finding) => thin.mending(finding)))
        await three.query(cql.replace(/;$/u, ""));

      await three.nodes[2]?.stop();
      const away = await checkLive(three, ON_CLUSTERS);
      expect(said(away)).toEqual(["AVL-14 high node it cannot be reached"]);
      expect(away.posture.sessions).toBeNull();
    },
  );
});
