import * as fc from "fast-check";
import { describe, expect, it } from "vitest";
import { canonicalJson, type Json } from "../../base/digest.ts";
import type { Evidence, EvidenceWindow, Observation, Use } from "../../model/workload.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { Aggregate, evidenceOf, useKey } from "./aggregate.ts";
import { evidenceDigest, parseEvidence, writeEvidence } from "./file.ts";
import { forget, retain } from "./keep.ts";
import { mergeEvidence } from "./merge.ts";
import { evidenceOfTarget } from "./target.ts";

function seen(change: Partial<Observation> & { readonly text?: string; readonly at?: string } = {}): Observation {
  const { text = "select 1", at = "2026-11-20T10:00:00.000Z", ...rest } = change;
  return {
    statement: { fingerprint: text.toLowerCase(), text, command: "SELECT" },
    database: "shop",
    login: "app",
    role: "app",
    searchPath: null,
    application: null,
    calls: 1,
    firstSeen: at,
    lastSeen: at,
    result: { kind: "ok" },
    ...rest,
  };
}

function window(source: string, from: string, to: string, more: Partial<EvidenceWindow> = {}): EvidenceWindow {
  return {
    source,
    kind: "csvlog",
    from: `${from}T00:00:00.000Z`,
    to: `${to}T00:00:00.000Z`,
    gaps: [],
    lacks: [],
    losses: [],
    records: 10,
    unread: 1,
    ...more,
  };
}

function evidence(one: EvidenceWindow, ...observations: readonly Observation[]): Evidence {
  const aggregate = new Aggregate({ source: one.source });
  for (const each of observations) aggregate.add(each);
  return evidenceOf("postgresql", null, { windows: [one], uses: aggregate.end().uses });
}

describe("uses", () => {
  it("are summed up by what tells them apart, on the days they were seen", () => {
    const aggregate = new Aggregate({ source: "a" });
    aggregate.add(seen());
    aggregate.add(seen({ at: "2026-11-22T10:00:00.000Z", calls: 4 }));
    aggregate.add(seen({ at: "2026-11-19T10:00:00.000Z" }));
    for (const other of [
      { role: "rw" },
      { role: null },
      { login: "b" },
      { database: null },
      { application: "x" },
      { searchPath: [] },
      { searchPath: ["a"] },
      { text: "select 2" },
      { result: { kind: "denied", code: "42501" } as const },
    ])
      aggregate.add(seen(other));
    const { uses } = aggregate.end();
    expect(uses).toHaveLength(10);
    expect(uses.find(({ calls }) => calls > 1)).toMatchObject({
      calls: 6,
      days: ["2026-11-19", "2026-11-20", "2026-11-22"],
      firstSeen: "2026-11-19T10:00:00.000Z",
      lastSeen: "2026-11-22T10:00:00.000Z",
    });
  });

  it("that are too many are counted as lost", () => {
    const aggregate = new Aggregate({ source: "a", most: 2 });
    for (let i = 0; i < 5; i++) aggregate.add(seen({ text: `select ${i}`, calls: 10 }));
    expect(aggregate.end()).toMatchObject({
      uses: [{}, {}],
      losses: ["30 calls of statements were left out: there are more than 2 distinct ones"],
    });
  });

  it("do not depend on the order in which they were seen", () => {
    const observations = ["a", "b", "c"].flatMap((name, i) => [
      seen({ role: name, calls: i + 1 }),
      seen({ role: name, text: "SELECT 1" }),
    ]);
    fc.assert(
      fc.property(fc.shuffledSubarray(observations, { minLength: 6 }), (shuffled) => {
        expect(writeEvidence(evidence(window("a", "2026-11-20", "2026-11-21"), ...shuffled))).toBe(
          writeEvidence(evidence(window("a", "2026-11-20", "2026-11-21"), ...observations)),
        );
      }),
    );
  });
});

describe("the file", () => {
  const one = evidence(
    window("a", "2026-11-20", "2026-11-21"),
    seen(),
    seen({ role: null, searchPath: ["a", "b"], result: { kind: "failed", code: "23505" } }),
  );
  const text = writeEvidence(one);

  it("reads back as it was written", () => {
    expect(parseEvidence(text)).toEqual(one);
    expect(evidenceDigest(parseEvidence(text))).toBe(evidenceDigest(one));
  });

  it("that was cut anywhere, or had a word changed, is found", () => {
    for (let length = 0; length < text.trimEnd().length; length++)
      expect(() => parseEvidence(text.slice(0, length))).toThrow(/cut short/u);
    const body = JSON.parse(text) as Record<string, Json>;
    const uses = body["uses"] as Json[];
    const tampered: Record<string, Json>[] = [
      { ...body, uses: uses.slice(1) },
      { ...body, uses: [{ ...(uses[0] as Record<string, Json>), calls: 99 }, uses[1] ?? null] },
      { ...body, windows: [{ ...(body["windows"] as Record<string, Json>[])[0], losses: ["x"] }] as Json },
      { ...body, engine: "mariadb" },
      { ...body, extra: 1 },
    ];
    for (const each of tampered)
      expect(() => parseEvidence(canonicalJson(each))).toThrow(expect.objectContaining({ code: "RW545" }));
  });

  it.each<[string, (file: Record<string, Json>) => unknown]>([
    ["`format_version` is not 1.0", () => []],
    ["`format_version` is not 1.0", (file) => ({ ...file, format_version: "2.0" })],
    ["`windows` is missing", (file) => Object.fromEntries(Object.entries(file).filter(([name]) => name !== "windows"))],
    [
      "`windows[0].from` is missing or of another form",
      (file) => ({ ...file, windows: [{ ...(file["windows"] as Record<string, Json>[])[0], from: "yesterday" }] }),
    ],
    [
      "`windows` has a source twice",
      (file) => ({ ...file, windows: [...(file["windows"] as Json[]), ...(file["windows"] as Json[])] }),
    ],
    [
      "`uses[0].calls` is missing or of another form",
      (file) => ({ ...file, uses: [{ ...(file["uses"] as Record<string, Json>[])[0], calls: -1 }] }),
    ],
    [
      "`uses[0].statement` is missing or of another form",
      (file) => ({ ...file, uses: [{ ...(file["uses"] as Record<string, Json>[])[0], statement: "select" }] }),
    ],
    [
      "a use is of `b`, which is in no window",
      (file) => ({ ...file, uses: [{ ...(file["uses"] as Record<string, Json>[])[0], source: "b" }] }),
    ],
  ])("is refused where %s", (problem, change) => {
    const file = change(JSON.parse(text) as Record<string, Json>);
    expect(() => parseEvidence(JSON.stringify(file))).toThrow(
      expect.objectContaining({ code: "RW544", message: expect.stringContaining(problem) }),
    );
  });
});

describe("merging", () => {
  const monday = evidence(
    window("log a", "2026-11-16", "2026-11-18"),
    seen({ calls: 10, at: "2026-11-16T10:00:00.000Z" }),
    seen({ role: "x" }),
  );
  const longer = evidence(
    window("log a", "2026-11-16", "2026-11-20"),
    seen({ calls: 25, at: "2026-11-17T10:00:00.000Z" }),
  );
  const later = evidence(
    window("log a", "2026-11-24", "2026-11-25"),
    seen({ calls: 5, at: "2026-11-24T10:00:00.000Z" }),
  );
  const counters = evidence(
    window("pg_stat_statements", "2026-11-16", "2026-11-20", { kind: "pg_stat_statements" }),
    seen({ calls: 30, login: null }),
  );

  it("never adds readings of one source that overlap, adds those that do not, and knows what lies between", () => {
    const merged = mergeEvidence([monday, longer, later]);
    expect(merged.windows).toMatchObject([
      {
        source: "log a",
        from: "2026-11-16T00:00:00.000Z",
        to: "2026-11-25T00:00:00.000Z",
        gaps: [{ from: "2026-11-20T00:00:00.000Z", to: "2026-11-24T00:00:00.000Z" }],
        records: 20,
      },
    ]);
    expect(merged.uses.map(({ role, calls, days }) => ({ role, calls, days }))).toEqual([
      { role: "app", calls: 30, days: ["2026-11-16", "2026-11-17", "2026-11-24"] },
      { role: "x", calls: 1, days: ["2026-11-20"] },
    ]);
  });

  it("is the same in any order, and of evidence with itself is that evidence", () => {
    const files = [monday, longer, later, counters];
    const expected = writeEvidence(mergeEvidence([monday, longer, later, counters]));
    fc.assert(
      fc.property(fc.shuffledSubarray(files, { minLength: 4 }), ([first, ...others]) => {
        expect(writeEvidence(mergeEvidence([first as Evidence, ...others]))).toBe(expected);
      }),
    );
    expect(mergeEvidence([monday, monday])).toEqual(monday);
  });

  it("keeps other sources apart", () => {
    const merged = mergeEvidence([monday, counters]);
    expect(merged.windows).toHaveLength(2);
    expect(merged.uses.map(({ source, calls }) => `${source} ${calls}`).toSorted()).toEqual([
      "log a 1",
      "log a 10",
      "pg_stat_statements 30",
    ]);
  });

  it("refuses another engine and another server", () => {
    const target = { engine: "postgresql", server: "1", databases: ["shop"] };
    expect(() => mergeEvidence([monday, { ...later, engine: "mariadb" }])).toThrow(
      expect.objectContaining({ code: "RW548" }),
    );
    expect(() =>
      mergeEvidence([
        { ...monday, target },
        { ...later, target: { ...target, server: "2" } },
      ]),
    ).toThrow(expect.objectContaining({ code: "RW548" }));
    expect(mergeEvidence([{ ...monday, target }, later]).target).toEqual(target);
  });
});

describe("keeping", () => {
  it("lets go what was seen last too long ago, and claims no window of it", () => {
    const old = evidence(
      window("a", "2025-01-01", "2026-11-20"),
      seen({ at: "2025-01-02T00:00:00.000Z", role: "gone" }),
      seen({ at: "2025-01-02T00:00:00.000Z" }),
      seen(),
    );
    const kept = retain(old, { now: new Date("2026-11-22T00:00:00Z"), days: 400 });
    expect(kept.windows).toMatchObject([{ from: "2025-10-18T00:00:00.000Z" }]);
    expect(kept.uses).toMatchObject([{ role: "app", days: ["2026-11-20"], firstSeen: "2025-10-18T00:00:00.000Z" }]);
    expect(retain(old, { now: new Date("2030-01-01T00:00:00Z"), days: 400 })).toMatchObject({ windows: [], uses: [] });
  });

  it("takes out what somebody did, and says that without a name", () => {
    const one = evidence(
      window("a", "2026-11-20", "2026-11-21"),
      seen({ login: "alice" }),
      seen({ login: null, role: "alice" }),
      seen(),
    );
    const kept = forget(one, ["alice"]);
    expect(kept.uses).toHaveLength(1);
    expect(JSON.stringify(kept)).not.toContain("alice");
    expect(kept.windows[0]?.losses).toEqual(["what somebody did was taken out on request"]);
  });
});

describe("evidence of a target", () => {
  const role = (
    name: string,
    settings: readonly { readonly database: string | null; readonly name: string; readonly value: string }[] = [],
  ) => [name, { name, origin: "user", attributes: {}, settings }] as const;
  const snapshot = {
    identity: { engine: "postgresql", server: "77", databases: ["shop"] },
    access: {
      roles: new Map([
        role("app", [
          { database: null, name: "search_path", value: 'a, "$user", "My Schema"' },
          { database: "shop", name: "search_path", value: "b" },
        ]),
        role("rw"),
        role("switching", [{ database: null, name: "role", value: "rw" }]),
      ]),
    },
  } as unknown as Snapshot;

  it("says which names the target does not know, and refuses what is all of another server", () => {
    const mixed = evidenceOfTarget(
      evidence(
        window("a", "2026-11-20", "2026-11-21"),
        seen(),
        seen({ login: "stranger", role: "stranger" }),
        seen({ database: "other" }),
      ),
      snapshot,
    );
    expect(mixed.target?.server).toBe("77");
    expect(mixed.windows[0]?.losses).toEqual([
      "it holds what was done in databases that are not those of the target: `other`",
      "the target does not know `stranger`: part of it may be of another server",
    ]);
    const foreign = evidence(window("a", "2026-11-20", "2026-11-21"), seen({ login: "x", role: "y" }));
    expect(() => evidenceOfTarget(foreign, snapshot)).toThrow(expect.objectContaining({ code: "RW546" }));
  });

  it("takes a search path from settings, marked, and nothing else", () => {
    const { uses } = evidenceOfTarget(
      evidence(
        window("a", "2026-11-20", "2026-11-21"),
        seen(),
        seen({ database: "other" }),
        seen({ searchPath: ["own"] }),
        seen({ login: null, role: "rw" }),
      ),
      snapshot,
    );
    const paths = uses.map(({ database, role: as, searchPath, searchPathAssumed }) => ({
      database,
      as,
      searchPath,
      searchPathAssumed,
    }));
    expect(paths).toContainEqual({ database: "shop", as: "app", searchPath: ["b"], searchPathAssumed: true });
    expect(paths).toContainEqual({
      database: "other",
      as: "app",
      searchPath: ["a", "$user", "My Schema"],
      searchPathAssumed: true,
    });
    expect(paths).toContainEqual({ database: "shop", as: "app", searchPath: ["own"], searchPathAssumed: undefined });
    expect(paths).toContainEqual({ database: "shop", as: "rw", searchPath: null, searchPathAssumed: undefined });
    expect(new Set(uses.map(useKey)).size).toBe(uses.length);
  });

  it("does not know who a session was that a setting made another role", () => {
    const { uses, windows } = evidenceOfTarget(
      evidence(
        window("a", "2026-11-20", "2026-11-21"),
        seen({ login: "switching", role: "switching" }),
        seen({ login: "switching", role: "rw" }),
      ),
      snapshot,
    );
    expect(new Set(uses.map((use: Use) => use.role))).toEqual(new Set(["rw", null]));
    expect(windows[0]?.losses.join()).toContain("begin with a setting `role`");
  });
});
