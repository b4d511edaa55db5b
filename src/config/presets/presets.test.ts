import { describe, expect, test } from "vitest";
import {
  changeLines,
  findingLines,
  fromText,
  has,
  resolveText,
  thing,
  type World,
} from "../../../test/scenarios/manifest-world.ts";
import { PRESET_WORDS } from "../manifest.ts";
import { meantPreset } from "../presets.ts";
import { PRESET_VERSIONS } from "./definitions.ts";

const ROUTINE = { securityDefiner: true, form: "function" } as const;
const OPEN = [has("", "app_owner", "EXECUTE"), has("app_owner", "app_owner", "EXECUTE")];
const CLOSED = [has("app_owner", "app_owner", "EXECUTE"), has("reader", "app_owner", "EXECUTE")];
const WORLD: World = {
  roles: ["app_owner", "reader", "chief", "ops", { name: "alice", attributes: { login: true } }, "bob"],
  things: [
    thing("schema", "sales"),
    thing("schema", "hr"),
    thing("table", "sales.orders"),
    thing("table", "sales.part", { partitionOf: thing("table", "sales.orders").resource }),
    thing("routine", "sales.plain()", { form: "function", list: OPEN }),
    thing("routine", "sales.closed()", { ...ROUTINE, list: CLOSED }),
    thing("routine", "hr.leak()", { ...ROUTINE, list: OPEN }),
  ],
};

const found = (text: string, world: World = WORLD): readonly string[] =>
  findingLines(resolveText(text, world).findings);
const preset = (word: string, more = ""): string =>
  `roles: { reader: { presets: [{ preset: ${word}, schemas: [sales]${more} }] } }\n`;
const planned = (text: string, world: World = WORLD): readonly string[] =>
  changeLines(resolveText(text, world).changes);

describe("versions of presets", () => {
  test("are words of the manifest, all of them and no others", () => {
    const words = Object.entries(PRESET_VERSIONS).flatMap(([name, versions]) => [
      name,
      ...versions.map((_version, index) => `${name}@${index + 1}`),
    ]);
    expect(words.toSorted()).toEqual([...PRESET_WORDS].toSorted());
    for (const word of PRESET_WORDS) expect(meantPreset(word).version).toBe(1);
  });

  // What was released stays: where this fails, add a version instead.
  test("mean for ever what they meant", () => {
    expect(planned(preset("read-only@1"))).toEqual([
      "+ SELECT sales.orders to reader by app_owner",
      "+ USAGE sales to reader by app_owner",
    ]);
    expect(planned(preset("read-write@1"))).toEqual([
      "+ DELETE,INSERT,SELECT,UPDATE sales.orders to reader by app_owner",
      "+ USAGE sales to reader by app_owner",
    ]);
    expect(planned(preset("maintenance@1"))).toEqual([
      "+ MAINTAIN sales.orders, sales.part to reader by app_owner",
      "+ USAGE sales to reader by app_owner",
    ]);
    expect(planned(preset("admin@1"))).toEqual([
      "+ CREATE,USAGE sales to reader by app_owner",
      "+ DELETE,INSERT,MAINTAIN,SELECT,TRUNCATE,UPDATE sales.orders to reader by app_owner",
      "+ EXECUTE sales.plain() to reader by app_owner",
    ]);
  });

  test("that are not there are an error at their place", () => {
    expect(() => fromText(`version: 1\n${preset("read-only@2")}`)).toThrow(/RW1\d\d[^]*read-only@1/u);
  });

  test("stand in the reason of every change, behind the role's own", () => {
    const because = (text: string): readonly (string | undefined)[] => {
      const resolved = resolveText(text, WORLD);
      return [...new Set(resolved.changes.map((change) => resolved.originOf(change).because))];
    };
    expect(because(preset("read-only"))).toEqual(["preset read-only@1"]);
    expect(because(preset("read-only").replace("presets", "because: analysts read, presets"))).toEqual([
      "analysts read (preset read-only@1)",
    ]);
  });
});

describe("maintenance before PostgreSQL 17", () => {
  test("gives nothing, not even for what is made later, and says so", () => {
    const text = preset("maintenance", ", creators: [app_owner]");
    expect(planned(text, { ...WORLD, major: 16 })).toEqual([]);
    expect(found(text, { ...WORLD, major: 16 })).toEqual([
      "RW242 1:40 `maintenance@1` gives nothing on this server, which has no privilege to maintain tables with",
    ]);
    expect(found(text)).toEqual([]);
  });
});

describe("an administrator's rights", () => {
  const chief = (rest: string): string =>
    `roles:\n  chief: { presets: [{ preset: admin, schemas: [sales] }] }\n${rest}`;
  const silent = (who: string, at: string, through = ""): string =>
    `RW244 ${at} \`${who}\` has the rights of \`chief\`, which has the preset \`admin\`, in every session${through}, and no line says \`inherit\``;

  test("are told where they are inherited without a word, straight and through others", () => {
    expect(found(chief("  ops: { member_of: [chief] }\n"))).toEqual([silent("ops", "3:22")]);
    expect(found(chief("  ops: { member_of: [{ role: chief, inherit: true }] }\n"))).toEqual([]);
    expect(found(chief("  ops: { member_of: [{ role: chief, inherit: false }] }\n"))).toEqual([]);
    expect(found(chief("  ops: { not_member_of: [chief] }\n"))).toEqual([]);
    const through = "  ops: { member_of: [{ role: chief, inherit: true }] }\n  bob: { member_of: [ops] }\n";
    expect(found(chief(through))).toEqual([silent("bob", "4:22", " through `ops`")]);
    expect(found(chief(through.replace("inherit: true", "inherit: false")))).toEqual([]);
  });

  test("are told of people, by the roles that they have", () => {
    expect(found(chief("people: { Alice: { logins: { prod: alice }, roles: [chief] } }\n"))).toEqual([
      silent("alice", "3:53"),
    ]);
  });

  test("go through memberships that the manifest does not know", () => {
    const world = { ...WORLD, memberships: [{ role: "chief", member: "ops" }] };
    expect(found(chief("  bob: { member_of: [ops] }\n"), world)).toEqual([silent("bob", "3:22", " through `ops`")]);
  });

  test("are not those of other presets", () => {
    expect(found(chief("  ops: { member_of: [chief] }\n").replace("admin", "read-write"))).toEqual([]);
  });

  test("before PostgreSQL 16 are not had by a role that inherits nothing", () => {
    const world = {
      ...WORLD,
      major: 15,
      roles: [...(WORLD.roles ?? []), { name: "still", attributes: { inherit: false } }],
    };
    expect(found(chief("  still: { member_of: [chief] }\n"), world)).toEqual([]);
    expect(found(chief("  still: { member_of: [chief] }\n"), { ...world, major: 16 })).toEqual([
      silent("still", "3:24"),
    ]);
    expect(found(chief("  ops: { member_of: [chief] }\n"), world)).toEqual([silent("ops", "3:22")]);
    expect(found(chief("  ops: { member_of: [{ role: chief, inherit: true }] }\n"), world)).toEqual([]);
  });
});

describe("routines with the rights of their owner that everybody executes", () => {
  const hr = (word: string, more = ""): string =>
    `roles: { reader: { presets: [{ preset: ${word}, schemas: [hr] }] } }\n${more}`;

  test("are told where a preset without routines opens their schema", () => {
    expect(found(hr("read-only"))).toEqual([
      "RW245 1:51 whoever has `read-only@1` here can execute `routine hr.leak()`, with the rights of the owner, as everybody can",
    ]);
    expect(found(hr("maintenance"))).toHaveLength(1);
  });

  test("are not those that everybody lost, that run as the caller, or that somebody was granted", () => {
    expect(found(hr("read-only", "public: { revoke: [execute on routines hr.*] }\n"))).toEqual([]);
    expect(found(preset("read-only"))).toEqual([]);
  });

  test("are not told of an administrator, who executes routines anyway", () => {
    expect(found(hr("admin"))).toEqual([]);
  });
});
