import { describe, expect, it } from "vitest";
import { accessList } from "../../model/access-list.ts";
import { type AccessState, EMPTY_STATE } from "../../model/access-state.ts";
import type { Identity } from "../../model/identity.ts";
import { type Resource, resourceKey } from "../../model/resource.ts";
import { type Membership, membershipKey, PUBLIC, type Role } from "../../model/role.ts";
import { toHtml } from "./html.ts";
import { layOut } from "./layout.ts";
import { drawRoles } from "./drawing.ts";
import { toSvg } from "./svg.ts";
import { toDot, toMermaid } from "./text-formats.ts";

const HOSTILE = 'ro"le & <b> \\ "; drop';
const orders: Resource = { kind: "table", path: ["shop", "sales", "orders"] };
const inherits = (): boolean => true;

function role(name: string, login = false): Role {
  return { name, origin: "user", attributes: { login, superuser: name === "root" }, settings: [] };
}

function state(): AccessState {
  const member = (of: string, who: string, admin = false): Membership => {
    return { role: of, member: who, grantor: "root", admin, inherit: true, set: true, implied: false };
  };
  const memberships = [member("readers", "analysts"), member("analysts", "alice", true), member(HOSTILE, "alice")];
  const list = accessList([
    { grantee: "readers", grantor: "root", privileges: ["SELECT"], grantable: [] },
    { grantee: PUBLIC, grantor: "root", privileges: ["INSERT"], grantable: [] },
    { grantee: "root", grantor: "root", privileges: ["DELETE", "SELECT"], grantable: [] },
  ]);
  return {
    ...EMPTY_STATE,
    roles: new Map(
      [
        role("root", true),
        role("readers"),
        role("analysts"),
        role("alice", true),
        role("bob", true),
        role(HOSTILE),
      ].map((r) => [r.name, r]),
    ),
    memberships: new Map(memberships.map((m) => [membershipKey(m), m])),
    holdings: new Map([[resourceKey(orders), { resource: orders, owner: "root", list }]]),
  };
}

const alice: Identity = { kind: "person", name: "alice", title: "Alice & Co", logins: new Map([["shop", ["alice"]]]) };
const options = { title: "roles of shop", identities: [alice], target: "shop", inherits };

describe("drawRoles", () => {
  it("draws, for a person, everything that the person can become and nobody else", () => {
    const graph = drawRoles(state(), { ...options, focus: { kind: "identity", name: "alice" } });
    expect(graph.nodes.map((node) => node.label).sort()).toEqual(
      ["Alice & Co", '"ro""le & <b> \\ ""; drop"', "alice", "analysts", "readers"].sort(),
    );
    expect(graph.hiddenRoles).toBe(2);
    expect(graph.edges.find((edge) => edge.to === "role:analysts")).toMatchObject({
      from: "role:alice",
      admin: true,
      label: "admin",
    });
  });

  it("draws, for a table, its owner, who holds what, everybody, and who can become those", () => {
    const graph = drawRoles(state(), {
      ...options,
      focus: { kind: "resource", resource: orders },
      path: ["alice", "analysts", "readers"],
    });
    const table = `resource:${resourceKey(orders)}`;
    expect(graph.edges.filter((edge) => edge.to === table).map((edge) => [edge.from, edge.label, edge.onPath])).toEqual(
      [
        ["everybody", "insert", false],
        ["role:readers", "select", true],
        ["role:root", "owns", false],
      ],
    );
    expect(graph.edges.filter((edge) => edge.onPath)).toHaveLength(4);
  });

  it("draws every role when nothing is asked for in particular", () => {
    expect(drawRoles(state(), options).nodes).toHaveLength(7);
  });
});

describe("formats", () => {
  const placed = layOut(drawRoles(state(), options));

  it("keeps hostile names out of the markup of SVG and HTML", () => {
    for (const page of [toSvg(placed), toHtml(placed)]) {
      expect(page).not.toContain("<b>");
      expect(page).toContain("&lt;b&gt;");
      expect(page).toContain("Alice &amp; Co");
    }
  });

  it("loads nothing from anywhere", () => {
    expect(toHtml(placed).replaceAll("http://www.w3.org/2000/svg", "")).not.toMatch(/https?:|src=|@import|url\((?!#)/);
  });

  it("quotes hostile names in DOT and Mermaid", () => {
    const graph = drawRoles(state(), options);
    expect(toDot(graph)).toContain('label="\\"ro\\"\\"le & <b> \\\\ \\"\\"; drop\\""');
    expect(toMermaid(graph)).toContain("#quot;ro#quot;#quot;le &amp; &lt;b&gt;");
    expect(toMermaid(graph)).not.toContain("<b>");
  });

  it("places boxes so that none overlaps another", () => {
    for (const [index, a] of placed.nodes.entries()) {
      for (const b of placed.nodes.slice(index + 1)) {
        const apart =
          Math.abs(a.x - b.x) >= (a.width + b.width) / 2 || Math.abs(a.y - b.y) >= (a.height + b.height) / 2;
        expect(apart, `${a.label} and ${b.label}`).toBe(true);
      }
    }
  });
});
