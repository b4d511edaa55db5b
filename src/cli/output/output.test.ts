import { describe, expect, test } from "vitest";
import { escapeJson, escapeLine, toAscii } from "./escape.ts";
import { codeFrame, type Sources } from "./frame.ts";
import { layoutPage } from "./layout.ts";
import { lookOf, PLAIN_LOOK } from "./look.ts";
import type { TableBlock } from "./page.ts";
import { snakeCase } from "./snake-case.ts";
import { nearest } from "../../config/did-you-mean.ts";
import { layoutTable } from "./table.ts";
import { textWidth } from "./width.ts";

const TTY = { isTTY: true, columns: 80 };
const PIPE = { isTTY: false, columns: undefined };
const PLAIN = { color: "auto", accessible: false } as const;
const colours = (look: ReturnType<typeof lookOf>): boolean => look.paint("bad", "x") !== "x";

describe("colour", () => {
  test("is for terminals that can show it, unless NO_COLOR is set", () => {
    expect(colours(lookOf(TTY, {}, PLAIN))).toBe(true);
    expect(colours(lookOf(PIPE, {}, PLAIN))).toBe(false);
    expect(colours(lookOf(TTY, { TERM: "dumb" }, PLAIN))).toBe(false);
    expect(colours(lookOf(TTY, { NO_COLOR: "1" }, PLAIN))).toBe(false);
    expect(colours(lookOf(TTY, { NO_COLOR: "" }, PLAIN))).toBe(true);
  });

  test("is decided by --color before FORCE_COLOR before NO_COLOR", () => {
    expect(colours(lookOf(PIPE, { FORCE_COLOR: "1", NO_COLOR: "1" }, PLAIN))).toBe(true);
    expect(colours(lookOf(TTY, { FORCE_COLOR: "0" }, PLAIN))).toBe(false);
    expect(colours(lookOf(PIPE, { FORCE_COLOR: "1" }, { ...PLAIN, color: "never" }))).toBe(false);
    expect(colours(lookOf(PIPE, { NO_COLOR: "1" }, { ...PLAIN, color: "always" }))).toBe(true);
  });

  test("takes no room in a column", () => {
    expect(textWidth("\u001b[31mab\u001b[39m")).toBe(2);
  });
});

describe("the charset", () => {
  test("is ASCII where the locale says so, and the first variable that is set decides", () => {
    expect(lookOf(PIPE, { LANG: "de_DE.UTF-8" }, PLAIN).unicode).toBe(true);
    expect(lookOf(PIPE, { LC_ALL: "C", LANG: "de_DE.UTF-8" }, PLAIN).unicode).toBe(false);
    expect(lookOf(PIPE, {}, PLAIN).unicode).toBe(true);
  });

  test("escapes what ASCII cannot show", () => {
    expect(toAscii("zoë 🦊")).toBe("zo\\u{eb} \\u{1f98a}");
  });
});

describe("hostile text", () => {
  test("cannot move the cursor, change the direction of writing, or end its line", () => {
    expect(escapeLine("a\u001b[2K\rb\nc\td\u202ee\u200bf")).toBe("a\\u{1b}[2K\\u{d}b\\nc\\td\\u{202e}e\\u{200b}f");
  });

  test("reads back exactly from JSON", () => {
    const value = { name: "a\u001b\u202e\u2028b\u0085" };
    const text = escapeJson(JSON.stringify(value));
    expect(JSON.parse(text)).toEqual(value);
    expect(text).toMatch(/^[ -~]*$/);
  });
});

describe("suggestions", () => {
  test("name the nearest candidate, swapped letters counting as one mistake", () => {
    expect(nearest("reporting_or", ["reporting_ro", "reporting_rw"])).toBe("reporting_ro");
    expect(nearest("plna", ["plan", "apply"])).toBe("plan");
  });

  test("are absent when nothing is near", () => {
    expect(nearest("xyz", ["plan", "apply"])).toBeNull();
    expect(nearest("plan", [])).toBeNull();
  });
});

describe("a code frame", () => {
  const sources: Sources = {
    name: (file) => file,
    text: (file) => (file === "a.yaml" ? "roles:\n\tréporting: { löginn: true }\n" : null),
  };

  test("marks the value and not the block, under tabs and wide characters", () => {
    expect(codeFrame({ file: "a.yaml", line: 2, column: 15, endColumn: 21 }, sources)).toEqual([
      "1 | roles:",
      "2 |   réporting: { löginn: true }",
      "  |                ^^^^^^",
    ]);
  });

  test.each([
    ["password: hunter2", "password: *******"],
    ['{ login: true, "passwort": "hunter2" }', '{ login: true, "passwort": ***********'],
    ["url: postgresql://app:hunter2@db/shop", "url: postgresql://app:*******@db/shop"],
    ["password: ${APP_PASSWORD}", "password: ${APP_PASSWORD}"],
    ["password: { file: secrets/app }", "password: { file: secrets/app }"],
  ])("shows no secret: %s", (line, shown) => {
    const frame = codeFrame(
      { file: "a.yaml", line: 2, column: 1 },
      { name: (file) => file, text: () => `${line}\nb: 1` },
    );
    expect(frame[0]).toBe(`1 | ${shown}`);
  });

  test("is absent when the file is gone or shorter than it was", () => {
    expect(codeFrame({ file: "gone.yaml", line: 1, column: 1 }, sources)).toEqual([]);
    expect(codeFrame({ file: "a.yaml", line: 99, column: 1 }, sources)).toEqual([]);
  });
});

describe("a table", () => {
  const table: TableBlock = {
    kind: "table",
    title: "WHO LOSES",
    columns: ["WHO LOSES", "what"],
    rows: [{ sign: "-", cells: ["alice, bob, carol, dan, erin, frank", "select on sales.orders"] }],
    empty: "nobody",
  };

  test("wraps its widest column at spaces to fit the width, and cuts no name", () => {
    const lines = layoutTable(table, { ...PLAIN_LOOK, width: 50 });
    expect(Math.max(...lines.map(textWidth))).toBeLessThanOrEqual(50);
    for (const name of ["alice", "bob", "carol", "dan", "erin", "frank", "sales.orders"])
      expect(lines.join("\n")).toContain(name);
  });

  test("becomes a list where one name is wider than the room", () => {
    const lines = layoutTable(
      { ...table, rows: [{ cells: ["x".repeat(60), "y".repeat(60)] }] },
      { ...PLAIN_LOOK, width: 60 },
    );
    expect(lines).toEqual(["WHO LOSES", `  ${"x".repeat(60)}`, `      what: ${"y".repeat(60)}`]);
  });

  test("lines up names of double width", () => {
    const lines = layoutTable({ ...table, rows: [{ cells: ["役割", "a"] }, { cells: ["ab", "b"] }] }, PLAIN_LOOK);
    expect(lines.slice(1).map((line) => textWidth(line))).toEqual([
      textWidth(lines[1] ?? ""),
      textWidth(lines[1] ?? ""),
    ]);
  });
});

describe("a page", () => {
  test("keeps a place on the line where there is room, and behind the text where there is none", () => {
    const item = { sign: "+", text: "select on sales.orders", place: "roles.yaml:3:5" };
    const page = [{ kind: "section" as const, title: "CHANGES", items: [item] }];
    expect(layoutPage(page, { ...PLAIN_LOOK, width: 60 })[1]).toBe(
      "  + select on sales.orders                    roles.yaml:3:5",
    );
    expect(layoutPage(page, { ...PLAIN_LOOK, width: 40 })[1]).toBe("  + select on sales.orders  roles.yaml:3:5");
  });
});

describe("JSON fields", () => {
  test("are snake_case, while names from a database stay as they are", () => {
    const value = {
      resourceKind: "table",
      basis: { salesDb: "1" },
      attributes: { myAttribute: true },
      list: [{ endLine: 1 }],
      map: new Map([["RoleName", 1]]),
    };
    expect(snakeCase(value)).toEqual({
      resource_kind: "table",
      basis: { salesDb: "1" },
      attributes: { myAttribute: true },
      list: [{ end_line: 1 }],
      map: { RoleName: 1 },
    });
  });
});
