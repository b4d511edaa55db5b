import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import type { EvidenceWindow, Observation } from "../../../../model/workload.ts";
import type { ReadingOptions } from "../../../simulation.ts";
import { LOGS } from "./readers.ts";

interface Line {
  readonly at?: string;
  readonly user?: string;
  readonly session?: string;
  readonly number?: number;
  readonly code?: string;
  readonly message: string;
  readonly detail?: string;
  readonly query?: string;
}

/** Records of one session unless they say otherwise, a second apart. */
function csv(lines: readonly Line[]): string {
  return lines
    .map((line, index) => {
      const at = line.at ?? `2026-11-20 10:00:${String(index % 60).padStart(2, "0")}.000 UTC`;
      const cells = [
        at,
        q(line.user ?? "app"),
        q("shop"),
        42,
        q("10.0.0.1:5000"),
        line.session ?? "6b001a20.1092",
        line.number ?? index + 1,
      ];
      const rest = [
        q("SELECT"),
        "2026-11-20 10:00:00 UTC",
        "3/1",
        0,
        "LOG",
        line.code ?? "00000",
        q(line.message),
        q(line.detail),
        "",
        "",
        "",
        "",
        q(line.query),
        "",
        "",
        q("svc"),
        q("client backend"),
        "",
        0,
      ];
      return `${[...cells, ...rest].join(",")}\n`;
    })
    .join("");
}

function q(text: string | undefined): string {
  return text === undefined ? "" : `"${text.replaceAll('"', '""')}"`;
}

const said = (message: string, more: Partial<Line> = {}): Line => ({ message: `statement: ${message}`, ...more });

interface Read {
  readonly window: EvidenceWindow;
  readonly uses: readonly Observation[];
  /** `as role: text`, with the code of a failure. */
  readonly told: readonly string[];
}

async function read(
  kind: string,
  log: string | Uint8Array,
  { cuts = [], ...options }: Partial<ReadingOptions> & { readonly cuts?: readonly number[] } = {},
): Promise<Read> {
  const format = LOGS.find((each) => each.kind === kind);
  if (format === undefined) throw new Error(`there is no ${kind}`);
  const bytes = typeof log === "string" ? Buffer.from(log) : Buffer.from(log);
  const places = [0, ...cuts.toSorted((a, b) => a - b), bytes.length];
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (let i = 1; i < places.length; i++) yield bytes.subarray(places[i - 1], places[i]);
  }
  const uses: Observation[] = [];
  const window = await format.read(chunks(), (use) => uses.push(use), { source: "a", ...options });
  const told = uses.map(({ role, statement, result }) => {
    const code = result.kind === "ok" ? "" : `${result.kind} ${result.code} `;
    return `${role}: ${code}${statement.text === "" ? `${statement.command} ?` : statement.text}`;
  });
  return { window, uses, told };
}

describe("who a session acts as", () => {
  const after = async (...statements: readonly (string | Line)[]): Promise<string | undefined> => {
    const lines = statements.map((each) => (typeof each === "string" ? said(each) : each));
    return (await read("csvlog", csv([...lines, said("select mark")]))).told.at(-1);
  };

  it.each<[string, readonly (string | Line)[]]>([
    ["app", ["select 1", "begin", "commit"]],
    ["rw", ["set role rw"]],
    ["rw", ["SET ROLE 'rw'"]],
    ["rw", ["set session role to rw"]],
    ["app", ["set role rw", "reset role"]],
    ["app", ["set role rw", "set role none"]],
    ["app", ["set role rw", "set role to default"]],
    ["app", ["set role rw", "discard all"]],
    ["rw", ["set role rw", "reset all"]],
    ["rw", ["begin", "set role rw", "commit"]],
    ["app", ["begin", "set role rw", "rollback"]],
    ["app", ["begin", "set local role rw", "commit"]],
    ["rw", ["begin", "set local role rw"]],
    ["rw", ["set role rw", "begin", "set local role ro", "commit"]],
    ["ro", ["begin", "set role rw", "savepoint a", "set role ro", "release a", "commit"]],
    ["rw", ["begin", "set role rw", "savepoint a", "set role ro", "rollback to a", "commit"]],
    ["app", ["begin", "set role rw", "savepoint a", "set role ro", "rollback to a", "rollback"]],
    ["app", ["set local role rw"]],
    ["rw", ["select set_config('role', 'rw', false)"]],
    ["app", ["begin", "select set_config('role', 'rw', true)", "commit"]],
    [
      "rw",
      [
        {
          message: "execute <unnamed>: select set_config($1, $2, $3)",
          detail: "Parameters: $1 = 'role', $2 = 'rw', $3 = 'f'",
        },
      ],
    ],
    ["null", ["select set_config('role', name, false) from t"]],
    ["admin", ["set session authorization admin"]],
    ["admin", ["set role rw", "set session authorization admin"]],
    ["app", ["set session authorization admin", "reset session authorization"]],
    ["ro", ["set role rw; set role ro"]],
    ["app", ["set local role rw; select 1"]],
    ["app", ["begin; set role rw; rollback"]],
    ["app", ["set role rw", { code: "42501", message: 'permission denied to set role "rw"', query: "set role rw" }]],
    [
      "app",
      [
        "begin",
        "set role rw",
        "select 1/0",
        { code: "22012", message: "division by zero", query: "select 1/0" },
        "commit",
      ],
    ],
    [
      "rw",
      [
        "begin",
        "set role rw",
        "savepoint a",
        "select 1/0",
        { code: "22012", message: "division by zero", query: "select 1/0" },
        "rollback to a",
        "commit",
      ],
    ],
    ["rw", ["begin", "set role rw", "commit and chain"]],
    ["null", [said("set role rw", { session: "6b001a20.9999" })]],
  ])("is %s after %j", async (role, statements) => {
    expect(await after(...statements)).toBe(`${role}: select mark`);
  });

  it("is not known where the session began before the log, until it says itself", async () => {
    const lines = [
      said("select 1", { number: 7 }),
      said("begin"),
      said("set role rw"),
      said("select 2"),
      said("rollback"),
      said("select 3"),
      said("reset role"),
      said("select 4"),
      said("discard all"),
      said("select 5"),
    ];
    const { told } = await read("csvlog", csv(lines.map((line, index) => ({ ...line, number: index + 7 }))));
    expect(told.filter((each) => each.includes("select"))).toEqual([
      "null: select $1",
      "rw: select $1",
      "null: select $1",
      "null: select $1",
      "app: select $1",
    ]);
  });

  it("is not known where logging was switched on while it was open, and known where it began later", async () => {
    const before = said("select 1", { session: "6b000c10.1", number: 1 });
    const after = said("select 2", { session: "6b001a5c.2", number: 1, at: "2026-11-20 11:00:00.000 UTC" });
    const { told } = await read("csvlog", csv([before, after]));
    expect(told).toEqual(["null: select $1", "app: select $1"]);
  });

  it("is not known where not every statement is logged", async () => {
    const { told, window } = await read("csvlog", csv([said("update t set a = 1"), said("insert into t values (1)")]));
    expect(told).toEqual(["null: update t set a = $1", "null: insert into t values ($1)"]);
    expect(window.lacks).toEqual(["role"]);
    expect(window.losses.join()).toContain("`log_statement` is not `all`");
  });

  it("goes on from one file of a log to the next", async () => {
    const series = {};
    await read("csvlog", csv([said("set role rw")]), { series });
    const next = await read("csvlog", csv([said("select mark", { number: 9 }), said("show x")]), { series });
    expect(next.told).toEqual(["rw: select mark"]);
  });

  it("has the search path that it set", async () => {
    const { uses } = await read(
      "csvlog",
      csv([
        said('set search_path = sales, "My Schema"'),
        said("select 1"),
        said("reset search_path"),
        said("select 2"),
      ]),
    );
    expect(uses.map(({ searchPath }) => searchPath)).toEqual([
      null,
      ["sales", "My Schema"],
      ["sales", "My Schema"],
      null,
    ]);
  });
});

describe("what a record stands for", () => {
  it("is one execution, whether it is logged when it begins or when it ends", async () => {
    const { told, uses } = await read(
      "csvlog",
      csv([
        said("show x"),
        { message: "duration: 0.1 ms" },
        { message: "duration: 0.2 ms  parse put: insert into t values ($1)" },
        { message: "duration: 0.2 ms  bind put: insert into t values ($1)" },
        { message: "duration: 0.3 ms  execute put: insert into t values ($1)", detail: "Parameters: $1 = 'secret'" },
        { message: "execute fetch from put/C_1: select * from t" },
        {
          message: "execute byid: EXECUTE byid(5)",
          detail: "prepare: prepare byid (int) as select a from t where b = $1;",
        },
        { message: "duration: 12 ms  plan:\n{...}" },
        { message: "checkpoint starting: time" },
        { message: "could not do it", code: "01000" },
      ]),
    );
    expect(told).toEqual(["app: insert into t values ($1)", "app: select a from t where b = $1"]);
    expect(uses.every(({ calls }) => calls === 1)).toBe(true);
  });

  it("is a denial where a right is wanting or a name is out of reach, and else a failure", async () => {
    const failing = (code: string, message: string): Line[] => [
      said(`select ${code.toLowerCase()}x`),
      { code, message, query: `select ${code.toLowerCase()}x` },
    ];
    const codes = ["42501", "42P01", "42883", "3F000", "42704", "23505", "42703", "57014"];
    const { uses } = await read("csvlog", csv([said("show x"), ...codes.flatMap((code) => failing(code, "no"))]));
    expect(uses.map(({ result }) => result.kind)).toEqual([
      "denied",
      "denied",
      "denied",
      "denied",
      "denied",
      "failed",
      "failed",
      "failed",
    ]);
  });

  it("is told of the statement that was refused, of several sent at once, where the message names it", async () => {
    const text = "select * from a; delete from b where x = 1; select 1";
    const { told } = await read(
      "csvlog",
      csv([said("show x"), said(text), { code: "42501", message: "permission denied for table b", query: text }]),
    );
    expect(told).toEqual(["app: denied 42501 delete from b where x = $1"]);
    const unclear = await read(
      "csvlog",
      csv([said("show x"), said(text), { code: "57014", message: "canceling statement", query: text }]),
    );
    expect(unclear.told).toEqual([]);
    expect(unclear.window.losses).toContain("1 texts of several statements failed without telling at which");
  });

  it("is a line of pgAudit, once for a statement, whatever else was logged of it", async () => {
    const audit = (id: number, text: string, sub = 1): Line => ({
      message: `AUDIT: SESSION,${id},${sub},READ,SELECT,TABLE,public.t,${q(text)},<none>`,
    });
    const { told } = await read(
      "csvlog",
      csv([
        { message: `AUDIT: SESSION,1,1,MISC,SET,,,set role rw,<not logged>` },
        audit(2, "select \"a\", 'x' from t"),
        { message: "AUDIT: SESSION,2,1,READ,SELECT,TABLE,public.u,<previously logged>,<previously logged>" },
        audit(3, "select inner from f", 2),
        { message: `AUDIT: OBJECT,4,1,READ,SELECT,TABLE,public.t,select b from t,<none>` },
        said("select c from t"),
        audit(5, "select c from t"),
        said("select c from t"),
        audit(6, "select c from t"),
        { code: "42501", message: "permission denied for table z", query: "select * from z" },
      ]),
    );
    expect(told.filter((each) => !each.includes("set role"))).toEqual([
      'rw: select "a", $1 from t',
      "rw: select b from t",
      "rw: select c from t",
      "rw: select c from t",
      "rw: denied 42501 select * from z",
    ]);
  });
});

describe("a log that is not whole", () => {
  const texts = (count: number): Line[] => [
    said("show x"),
    ...Array.from({ length: count }, (_, i) => said(`select a${i}, 'it"s\n${i}' from t`)),
  ];

  it("gives the same wherever the pieces that it comes in are cut", { timeout: 60_000 }, async () => {
    for (const [kind, log] of [
      ["csvlog", csv(texts(6))],
      ["jsonlog", json(texts(6))],
      ["stderr", plain(texts(6))],
    ] as const) {
      const whole = await read(kind, log, { linePrefix: PREFIX });
      expect(whole.uses).toHaveLength(6);
      await fc.assert(
        fc.asyncProperty(fc.array(fc.nat(log.length), { maxLength: 6 }), async (cuts) => {
          expect(await read(kind, log, { linePrefix: PREFIX, cuts })).toEqual(whole);
        }),
        { numRuns: 60 },
      );
    }
  });

  it("loses the record that was cut and no other: at the end, at the start, and inside quotes in the middle", async () => {
    const log = csv(texts(8));
    const records = log.split(/(?<=\n)(?=2026)/u);
    const at = records.slice(0, 4).join("").length;
    const end = await read("csvlog", log.slice(0, -60));
    expect(end.told).toHaveLength(7);
    expect(end.window.unread).toBeGreaterThan(0);
    const start = await read("csvlog", log.slice(150));
    expect(start.told.length).toBeGreaterThanOrEqual(7);
    const middle = await read("csvlog", log.slice(0, at + 140) + records.slice(5).join(""));
    expect(middle.told.map((each) => /a\d/u.exec(each)?.[0])).toEqual(["a0", "a1", "a2", "a5", "a6", "a7"]);
    expect(middle.window.unread).toBeGreaterThan(0);
  });

  it("believes no record that stands inside a statement", async () => {
    const forged = csv([said("select forged", { user: "admin", session: "1.1", number: 1 })]);
    const { uses } = await read("csvlog", csv([said("show x"), said(`select '\n${forged}' as a`), said("select b")]));
    expect(uses.map(({ login, statement }) => `${login} ${statement.text}`)).toEqual([
      "app select $1 as a",
      "app select b",
    ]);
    const plainForged = await read(
      "stderr",
      plain([said("show x"), said(`select '\n${plain([said("select forged", { user: "admin" })])}' as a`)]),
      { linePrefix: PREFIX },
    );
    expect(plainForged.uses.map(({ login }) => login)).toEqual(["app"]);
  });

  it("keeps of a statement of a hundred megabytes the command, and goes on behind it", {
    timeout: 120_000,
  }, async () => {
    const long = `insert into t values ('${"x".repeat(100_000_000)}')`;
    for (const [kind, make] of [
      ["csvlog", csv],
      ["jsonlog", json],
      ["stderr", plain],
    ] as const) {
      const log = make([said("show x"), said(long), said("select b")]);
      const cuts = Array.from({ length: Math.floor(log.length / 1_000_000) }, (_, i) => (i + 1) * 1_000_000);
      const before = process.memoryUsage().rss;
      const { told, window } = await read(kind, log, { linePrefix: PREFIX, cuts });
      expect([kind, ...told]).toEqual([kind, "app: INSERT ?", "app: select b"]);
      expect(window.losses.join()).toContain("too long to keep");
      expect(process.memoryUsage().rss - before).toBeLessThan(900_000_000);
    }
  });

  it("is not UTF-8: names in it are read byte by byte, and quotes still end where they end", async () => {
    const log = Buffer.concat([
      Buffer.from(csv([said("show x")])),
      Buffer.from(csv([said("select a from t where b = 'M\u00fcller' and \u00e4 = 'x'")]), "latin1"),
      Buffer.from(csv([said("select 'ü' as é")])),
    ]);
    expect((await read("csvlog", log)).told).toEqual([
      "app: select a from t where b = $1 and ä = $2",
      "app: select $1 as é",
    ]);
  });

  it("has a clock that went back, and zones of every kind", async () => {
    const { window } = await read(
      "csvlog",
      csv([
        said("show x", { at: "2026-11-20 10:00:00.000 UTC" }),
        said("select 1", { at: "2026-11-20 12:00:00.000 CET" }),
        said("select 2", { at: "2026-11-20 09:00:00.000 UTC" }),
        said("select 3", { at: "2026-11-20 09:00:00.500 +05" }),
        said("select 4", { at: "2026-11-20 09:00:00.500 XYZ" }),
      ]),
    );
    expect(window).toMatchObject({ from: "2026-11-20T04:00:00.500Z", to: "2026-11-20T11:00:00.000Z" });
    expect(window.losses).toEqual([
      "the clock went back 2 times, by up to 18000 seconds",
      "times in the zone `XYZ` were taken for UTC: say which it is with `--time-zone`",
    ]);
    const zoned = await read("csvlog", csv([said("show x", { at: "2026-07-20 12:00:00.000 XYZ" })]), {
      timeZone: "Europe/Zurich",
    });
    expect(zoned.window.from).toBe("2026-07-20T10:00:00.000Z");
  });

  it("is read between two times alone, and follows its sessions from before", async () => {
    const { told, window } = await read(
      "csvlog",
      csv([said("set role rw"), said("select a"), said("select b"), said("select c")]),
      {
        since: "2026-11-20T10:00:02.000Z",
        until: "2026-11-20T10:00:03.000Z",
      },
    );
    expect(told).toEqual(["rw: select b"]);
    expect(window).toMatchObject({ from: "2026-11-20T10:00:02.000Z", to: "2026-11-20T10:00:02.000Z" });
  });

  describe.each([
    ["csvlog", csv],
    ["jsonlog", json],
  ] as const)("%s: a line that is missing", (kind, write) => {
    const began = (text: string): string => (Date.parse(`2026-11-20T${text}Z`) / 1000).toString(16);
    const line = (session: string, number: number, clock: string): Line => ({
      ...said(`select ${number} from t`),
      session,
      number,
      at: `2026-11-20 ${clock}.000 UTC`,
    });
    const [old, young] = [`${began("08:00:00")}.10`, `${began("10:00:05")}.11`];
    const gapsOf = async (lines: readonly Line[], more: Partial<ReadingOptions> = {}): Promise<readonly string[]> =>
      (await read(kind, write(lines), more)).window.gaps.map(
        ({ from, to, reason }) => `${from.slice(11, 19)} to ${to.slice(11, 19)}: ${reason}`,
      );

    it("is none where each session goes on, whenever it began, and where a file was given twice", async () => {
      const whole = [
        line(old, 70, "10:00:00"),
        line(young, 1, "10:00:06"),
        line(old, 71, "10:00:07"),
        line(young, 2, "10:00:08"),
      ];
      expect(await gapsOf(whole)).toEqual([]);
      expect(await gapsOf([...whole, ...whole])).toEqual([]);
    });

    it("is a gap between the lines of its session, and shorter where other sessions say so", async () => {
      const start = [line(old, 70, "10:00:00"), line(young, 1, "10:00:06")];
      expect(await gapsOf([...start, line(old, 73, "10:00:20")])).toEqual([
        "10:00:00 to 10:00:20: 2 lines of the log are missing",
      ]);
      expect(await gapsOf([...start, line(young, 3, "10:00:16"), line(old, 73, "10:00:20")])).toEqual([
        "10:00:06 to 10:00:16: 3 lines of the log are missing",
      ]);
      expect(
        await gapsOf([...start, line(young, 3, "10:00:16"), line(young, 4, "10:00:17"), line(young, 9, "10:00:18")]),
      ).toEqual([
        "10:00:06 to 10:00:16: a line of the log is missing",
        "10:00:17 to 10:00:18: 4 lines of the log are missing",
      ]);
    });

    it("is told of a session whose beginning should be there", async () => {
      expect(await gapsOf([line(old, 70, "10:00:00"), line(young, 2, "10:00:09")])).toEqual([
        "10:00:05 to 10:00:09: a line of the log is missing",
      ]);
    });

    it("is a whole file, told once, and only where the time is asked for", async () => {
      const series = {};
      expect(await gapsOf([line(old, 70, "09:00:00"), line("6b0.9", 5, "09:59:00")], { series })).toEqual([]);
      // The file from 10 to 11 is not there.
      expect(await gapsOf([line("6b0.9", 9, "11:00:00"), line("6b0.9", 10, "11:30:00")], { series })).toEqual([
        "09:59:00 to 11:00:00: 3 lines of the log are missing",
      ]);
      expect(await gapsOf([line(old, 75, "12:00:00")], { series })).toEqual([]);
      const lines = [line(old, 70, "09:00:00"), line(old, 75, "10:00:00"), line(old, 76, "11:00:00")];
      expect(await gapsOf(lines, { since: "2026-11-20T10:30:00.000Z" })).toEqual([]);
      expect(await gapsOf(lines, { since: "2026-11-20T09:30:00.000Z" })).toHaveLength(1);
      expect(await gapsOf(lines, { until: "2026-11-20T08:30:00.000Z" })).toEqual([]);
    });
  });

  it("is empty, or holds no statement", async () => {
    expect((await read("csvlog", "")).window.records).toBe(0);
    expect((await read("csvlog", csv([{ message: "checkpoint starting: time" }]))).window.losses.join()).toContain(
      "no record holds a statement",
    );
  });
});

const PREFIX = "%m [%p] %l %e %c %q%u@%d/%a ";

/** The same as `log_destination = stderr` writes it. */
function plain(lines: readonly Line[]): string {
  return lines
    .map((line, index) => {
      const at = line.at ?? `2026-11-20 10:00:${String(index % 60).padStart(2, "0")}.000 UTC`;
      const prefix = `${at} [42] ${index + 1} ${line.code ?? "00000"} ${line.session ?? "6b001a20.1092"} ${line.user ?? "app"}@shop/svc `;
      const tabbed = (text: string): string => text.replaceAll("\n", "\n\t");
      const query = line.query === undefined ? "" : `${prefix}STATEMENT:  ${tabbed(line.query)}\n`;
      return `${prefix}${line.code === undefined ? "LOG" : "ERROR"}:  ${tabbed(line.message)}\n${query}`;
    })
    .join("");
}

/** The same as `log_destination = jsonlog` writes it. */
function json(lines: readonly Line[]): string {
  return lines
    .map((line, index) => {
      const at = line.at ?? `2026-11-20 10:00:${String(index % 60).padStart(2, "0")}.000 UTC`;
      const record = {
        timestamp: at,
        user: line.user ?? "app",
        dbname: "shop",
        pid: 42,
        session_id: line.session ?? "6b001a20.1092",
        line_num: line.number ?? index + 1,
        error_severity: "LOG",
        state_code: line.code,
        message: line.message,
        detail: line.detail,
        statement: line.query,
        application_name: "svc",
      };
      return `${JSON.stringify(record)}\n`;
    })
    .join("");
}

describe("the prefix of a plain log", () => {
  const log = plain([
    said("show x"),
    said("select 1"),
    { code: "42501", message: "permission denied for table t", query: "select * from t" },
  ]);

  it("is refused where it does not fit, with the place and the one that would", async () => {
    const failure = read(
      "stderr",
      log.replaceAll(/^(\S+ \S+ UTC) \[42\] .*?(?=LOG|ERROR|STATEMENT)/gmu, "$1 [42] app@shop "),
      { linePrefix: "%t %u " },
    );
    await expect(failure).rejects.toMatchObject({
      code: "RW542",
      message:
        "the prefix `%t %u ` fits too few lines; line 1 begins with `2026-11-20 10:00:00.000 UTC [42] app@shop `",
      help: expect.stringContaining("--line-prefix '%m [%p] %q%u@%d '"),
    });
  });

  it("is asked for where none is given, and must hold a time", async () => {
    await expect(read("stderr", log)).rejects.toMatchObject({
      code: "RW542",
      message: expect.stringContaining("no `--line-prefix` is given"),
    });
    await expect(read("stderr", log, { linePrefix: "%u@%d " })).rejects.toMatchObject({ code: "RW542" });
    await expect(read("stderr", log, { linePrefix: "%m %y " })).rejects.toMatchObject({ code: "RW542" });
  });

  it("may leave out who it is where the lines of the login say", async () => {
    const line = (message: string, pid = 7): string => `2026-11-20 10:00:00.000 UTC [${pid}] LOG:  ${message}\n`;
    const { uses, window } = await read(
      "stderr",
      [
        line("connection received: host=10.0.0.1 port=5000"),
        line("connection authorized: user=app database=shop application_name=svc"),
        line("statement: set role rw"),
        line("statement: select 1"),
        line("statement: select 2", 8),
      ].join(""),
      { linePrefix: "%m [%p] " },
    );
    expect(uses.map(({ login, database, role, application }) => `${login} ${database} ${role} ${application}`)).toEqual(
      ["app shop app svc", "app shop rw svc", "null null null null"],
    );
    expect(window.lacks).toEqual(["application", "database", "login"]);
  });
});
