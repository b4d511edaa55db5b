import * as fc from "fast-check";
import { describe, expect, test } from "vitest";
import { has, makeWorld, thing } from "../../../test/scenarios/manifest-world.ts";
import { diff } from "../../diff/diff.ts";
import { isGrantChange } from "../../model/change.ts";
import { describeResource } from "../../model/resource.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { parseManifestSources } from "../load.ts";
import { resolveManifest } from "../resolve.ts";
import { saidOf } from "./said.ts";
import { type Tightening, tightenSources } from "./tighten.ts";

const HEAD = "version: 1\ntargets:\n  here: { engine: postgresql, url: postgresql://localhost/shop }\n";
const AUTHORITATIVE = "scope:\n  authoritative:\n    - facets: [grants, memberships]\n";
const orders = thing("table", "sales.orders").resource;
const people = thing("table", "sales.people").resource;

function liveWith(orderRights: readonly string[], peopleRights: readonly string[] = []): ReturnType<typeof makeWorld> {
  const entries = (rights: readonly string[]) => [
    has("app_owner", "app_owner", "SELECT", "INSERT", "UPDATE", "DELETE"),
    ...(rights.length === 0 ? [] : [has("app", "app_owner", ...rights)]),
  ];
  return makeWorld({
    major: 16,
    roles: ["app", "app_owner", "readers"],
    memberships: [{ role: "readers", member: "app" }],
    things: [
      thing("schema", "sales", { list: [] }),
      thing("table", "sales.orders", { list: entries(orderRights) }),
      thing("table", "sales.people", { list: entries(peopleRights) }),
    ],
  });
}

/** The manifest after the edits, and what it changes on the server that the manifest described before. */
function tightened(
  body: string,
  tightening: Partial<Tightening>,
  world = liveWith(["SELECT", "INSERT", "DELETE"], ["SELECT"]),
) {
  const text = HEAD + body;
  const loaded = parseManifestSources([{ path: "r.yaml", text }]);
  if (loaded.manifest === null) throw new Error(JSON.stringify(loaded.findings));
  const said = saidOf({ ...loaded, manifest: loaded.manifest }, "here", world.live, world.rules);
  const whole = { grants: [], memberships: [], columns: [], ...tightening };
  const after = tightenSources(said, whole, loaded).get("r.yaml") ?? text;
  return { text: after.slice(HEAD.length), changes: changesOf(after, world.live, world.rules) };
}

function changesOf(text: string, live: Snapshot, rules: ReturnType<typeof makeWorld>["rules"]): readonly string[] {
  const loaded = parseManifestSources([{ path: "r.yaml", text }]);
  const resolution = resolveManifest(loaded, "here", live, rules);
  const errors = [...loaded.findings, ...resolution.findings].filter((each) => each.severity === "error");
  if (errors.length > 0) throw new Error(`${JSON.stringify(errors, null, 1)}\n${text}`);
  return diff(live.access, resolution.desired, { rules }).flatMap((change) => {
    if (change.kind === "remove-membership") return [`- ${change.membership.member} in ${change.membership.role}`];
    if (!isGrantChange(change)) return [change.kind];
    return [
      `${change.kind === "add-grant" ? "+" : "-"} ${change.privileges.join()} ${change.resources.map(describeResource).join()} ${change.grantee}`,
    ];
  });
}

const gone = (privilege: string, resource = orders) => ({ grantee: "app", privilege, resource });

describe("a manifest is tightened", () => {
  const BODY = `roles:
  # the shop itself
  app:
    grants:
      # what it sells
      - select, insert, delete on table sales.orders  # since 2024
      - select on table sales.people
    member_of: [readers]
`;

  test("in place, where it has the last word: comments stay, nothing else moves", () => {
    const { text, changes } = tightened(AUTHORITATIVE + BODY, { grants: [gone("DELETE")] });
    expect(text).toBe((AUTHORITATIVE + BODY).replace("select, insert, delete on", "select, insert on"));
    expect(changes).toEqual(["- DELETE sales.orders app"]);
  });

  test("and says what it takes, where it has not", () => {
    const { text, changes } = tightened(BODY, { grants: [gone("DELETE"), gone("SELECT", people)] });
    expect(text).toBe(`roles:
  # the shop itself
  app:
    grants:
      # what it sells
      - select, insert on table sales.orders  # since 2024
    member_of: [readers]
    revoke:
      - delete on table sales.orders
      - select on table sales.people
`);
    expect(changes).toEqual(["- SELECT sales.people app", "- DELETE sales.orders app"].toSorted());
  });

  test("down to nothing: the list stays, empty", () => {
    const all = [gone("SELECT"), gone("INSERT"), gone("DELETE"), gone("SELECT", people)];
    const { text, changes } = tightened(AUTHORITATIVE + BODY, { grants: all });
    expect(text).toContain("    grants: []\n");
    expect(text).toContain("# what it sells");
    expect(changes).toHaveLength(2);
  });

  test("in memberships", () => {
    const memberships = [{ role: "readers", member: "app" }];
    expect(tightened(AUTHORITATIVE + BODY, { memberships }).text).toContain("member_of: []");
    const added = tightened(BODY, { memberships });
    expect(added.text).toContain("    member_of: []\n    not_member_of:\n      - readers\n");
    expect(added.changes).toEqual(["- app in readers"]);
  });

  test("to columns in place of a table", () => {
    const columns = [{ ...gone("SELECT"), columns: ["id"] }];
    const { text, changes } = tightened(BODY, { columns });
    expect(text).toContain(
      "      - insert, delete on table sales.orders  # since 2024\n      - select (id) on table sales.orders\n",
    );
    expect(changes.toSorted()).toEqual(["+ SELECT sales.orders.id app", "- SELECT sales.orders app"]);
  });

  test("where a role is written on one line", () => {
    const body =
      'roles:\n  app: { grants: ["select, insert, delete on table sales.orders", "select on table sales.people"] }\n';
    const { text, changes } = tightened(body, { grants: [gone("DELETE"), gone("SELECT", people)] });
    expect(text).toBe(
      'roles:\n  app: { grants: ["select, insert on table sales.orders"], revoke: [delete on table sales.orders, select on table sales.people] }\n',
    );
    expect(changes).toHaveLength(2);
  });

  test("of a list of names, the names that are left", () => {
    const body =
      "roles:\n  app:\n    grants:\n      - select on tables sales.orders, sales.people\n      - { privileges: [insert, delete], on: { table: sales.orders }, because: sells }\n";
    const { text, changes } = tightened(AUTHORITATIVE + body, { grants: [gone("SELECT"), gone("DELETE")] });
    expect(text).toContain("      - select on table sales.people\n");
    expect(text).toContain("      - { privileges: [insert], on: { table: sales.orders }, because: sells }\n");
    expect(changes).toHaveLength(1);
  });
});

test("`all` is written out when it loses something", () => {
  const body = "roles:\n  app:\n    grants:\n      - { privileges: [all], on: { table: sales.orders } }\n";
  const all = ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"];
  const { text, changes } = tightened(AUTHORITATIVE + body, { grants: [gone("DELETE")] }, liveWith(all));
  expect(text).toContain("privileges: [ insert, references, select, trigger, truncate, update ]");
  expect(changes).toEqual(["- DELETE sales.orders app"]);
});

describe("a pattern", () => {
  const BODY = `roles:
  app:
    grants:
      - privileges: [select, insert]
        on: { tables: sales.* }
        future: { creators: [app_owner] }
      - delete on table sales.orders
`;
  const world = () => liveWith(["SELECT", "INSERT", "DELETE"], ["SELECT", "INSERT"]);

  test("stays whole as long as any of it stays", () => {
    expect(tightened(BODY, { grants: [] }, world()).text).toBe(BODY);
    const half = tightened(BODY, { grants: [gone("DELETE")] }, world());
    expect(half.text).toContain("tables: sales.*");
  });

  test("loses a privilege of which nothing stays, also for what is to come", () => {
    const both = [gone("INSERT"), gone("INSERT", people)];
    const { text, changes } = tightened(BODY, { grants: both }, world());
    expect(text).toContain(
      "privileges: [select]\n        on: { tables: sales.* }\n        future: { creators: [app_owner] }\n",
    );
    expect(text).toContain(
      "revoke:\n      - { privileges: [ insert ], on: { tables: sales.* }, future: { creators: [ app_owner ] }, may_be_empty: true }",
    );
    expect(changes).toContain("- INSERT sales.orders,sales.people app");
  });

  test("becomes a list where that is asked for", () => {
    const { text, changes } = tightened(BODY, { grants: [gone("INSERT")], lists: true }, world());
    expect(text).toContain("- insert on table sales.people\n");
    expect(changes).toContain("- INSERT sales.orders app");
  });
});

describe("profiles and presets", () => {
  test("a profile loses what none of its roles needs, under the words of the profile", () => {
    const body =
      "profiles:\n  shop:\n    parameters: [t]\n    grants:\n      - select, delete on table sales.{t}\nroles:\n  app:\n    profiles: [{ use: shop, with: { t: [orders] } }]\n";
    const { text, changes } = tightened(
      AUTHORITATIVE + body,
      { grants: [gone("DELETE")] },
      liveWith(["SELECT", "DELETE"]),
    );
    expect(text).toContain("- select on table sales.{t}\n");
    expect(changes).toEqual(["- DELETE sales.orders app"]);
  });

  test("a preset of which nothing is left goes", () => {
    const body =
      "roles:\n  app:\n    presets:\n      - { preset: read-only, schemas: [sales], creators: [app_owner] }\n    grants:\n      - insert on table sales.orders\n";
    const { text } = tightened(
      body,
      {
        grants: [
          gone("SELECT"),
          gone("SELECT", people),
          { grantee: "app", privilege: "USAGE", resource: thing("schema", "sales").resource },
        ],
      },
      liveWith(["SELECT", "INSERT"], ["SELECT"]),
    );
    expect(text).toContain("presets: []");
    expect(text).toContain("- select on tables sales.*");
  });
});

test("whatever is taken from whatever lines say, exactly that goes", () => {
  const privileges = ["SELECT", "INSERT", "DELETE"];
  const tables = [orders, people];
  const line = fc.record({
    privileges: fc.subarray(privileges, { minLength: 1 }),
    tables: fc.subarray(tables, { minLength: 1 }),
    form: fc.constantFrom("text", "map", "wide"),
  });
  const taken = fc.array(fc.tuple(fc.constantFrom(...privileges), fc.constantFrom(...tables)), { maxLength: 4 });
  fc.assert(
    fc.property(
      fc.uniqueArray(line, { maxLength: 4, selector: (each) => JSON.stringify(each) }),
      taken,
      fc.boolean(),
      (lines, goes, authoritative) => {
        const said = (resource: typeof orders) =>
          new Set(lines.flatMap((each) => (each.tables.includes(resource) ? each.privileges : [])));
        const world = liveWith([...said(orders)], [...said(people)]);
        const body = lines.map(({ privileges: what, tables: on, form }) => {
          const names = on.map(describeResource);
          const words = what.map((each) => each.toLowerCase()).join(", ");
          if (form === "text")
            return `      - ${words} on ${on.length > 1 ? "tables" : "table"} ${names.join(", ")} # kept\n`;
          if (form === "map") return `      - { privileges: [${words}], on: { tables: [${names.join(", ")}] } }\n`;
          return `      - privileges: [${words}]\n        # in between\n        on:\n          tables:\n${names.map((name) => `            - ${name}\n`).join("")}`;
        });
        const held = goes.filter(([privilege, resource]) => said(resource).has(privilege));
        const distinct = [...new Map(held.map((each) => [JSON.stringify(each), each])).values()];
        const { changes } = tightened(
          `${authoritative ? AUTHORITATIVE : ""}roles:\n  app:\n    grants:${lines.length === 0 ? " []\n" : `\n${body.join("")}`}`,
          { grants: distinct.map(([privilege, resource]) => gone(privilege, resource)) },
          world,
        );
        const flat = changes.flatMap((each) => {
          const [sign, what = "", on = ""] = each.split(" ");
          return what.split(",").flatMap((privilege) => on.split(",").map((name) => `${sign} ${privilege} ${name}`));
        });
        expect(flat.toSorted()).toEqual(
          distinct.map(([privilege, resource]) => `- ${privilege} ${describeResource(resource)}`).toSorted(),
        );
      },
    ),
    { numRuns: 300 },
  );
});
