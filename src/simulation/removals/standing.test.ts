import { describe, expect, test } from "vitest";
import type { Change, GrantChange } from "../../model/change.ts";
import { itemsOf, type RemovalItem } from "./item.ts";
import { DEFAULT_REMOVAL_TIMES, notReady, type RemovalEvent, standings } from "./standing.ts";

const table = { kind: "table", path: ["shop", "sales", "orders"] } as const;

function removal(privilege: string, more: Partial<GrantChange> = {}): Change {
  return {
    kind: "remove-grant",
    resourceKind: "table",
    database: "shop",
    resources: [table],
    privileges: [privilege],
    grantee: "app",
    grantor: "owner",
    grantable: false,
    ...more,
  };
}

const [select, truncate] = [itemsOf([removal("SELECT")])[0], itemsOf([removal("TRUNCATE")])[0]] as [
  RemovalItem,
  RemovalItem,
];
const by = "ana@desk";
const announced = (at: string, ...items: RemovalItem[]): RemovalEvent => ({
  kind: "announced",
  at,
  by,
  plan: "sha256:1",
  items,
  highRisk: false,
});
const canary = (at: string, ...items: RemovalItem[]): RemovalEvent => ({
  kind: "canary",
  at,
  by,
  items: items.map(({ id }) => id),
});
const watched = (until: string): RemovalEvent => ({ kind: "watched", at: until, by, until, evidence: "sha256:2" });
const stateOf = (item: RemovalItem, now: string, ...events: RemovalEvent[]) =>
  standings(events, { times: DEFAULT_REMOVAL_TIMES, taken: [], now: new Date(now) }).get(item.id);

describe("an item", () => {
  test("is the same whoever granted it, in whichever plan", () => {
    expect(
      itemsOf([
        removal("SELECT", { grantor: "other", resources: [table, { kind: "table", path: ["shop", "sales", "a"] }] }),
      ]),
    ).toHaveLength(2);
    expect(itemsOf([removal("SELECT", { grantor: "other" })])[0]?.id).toBe(select.id);
    expect(itemsOf([removal("SELECT", { kind: "remove-grant-option" })])).toEqual([]);
  });

  test("is ready when it was announced for 7 days, stood in the canary for 14, and all of that was watched", () => {
    const events = [announced("2026-01-01T00:00:00Z", select), canary("2026-01-08T00:00:00Z", select)];
    expect(stateOf(select, "2026-01-30T00:00:00Z", ...events)).toMatchObject({
      state: "canary",
      readyAt: "2026-01-22T00:00:00.000Z",
    });
    expect(stateOf(select, "2026-01-30T00:00:00Z", ...events, watched("2026-01-21T23:59:59Z"))?.state).toBe("canary");
    expect(stateOf(select, "2026-01-30T00:00:00Z", ...events, watched("2026-01-22T00:00:00Z"))?.state).toBe("ready");
    expect(stateOf(select, "2026-01-21T00:00:00Z", ...events, watched("2026-01-22T00:00:00Z"))?.state).toBe("canary");
  });

  test("that the canary does not see is watched twice as long, and so is one without a canary", () => {
    const events = [announced("2026-01-01T00:00:00Z", truncate), canary("2026-01-01T00:00:00Z", truncate)];
    expect(stateOf(truncate, "2026-01-20T00:00:00Z", ...events)?.readyAt).toBe("2026-01-29T00:00:00.000Z");
    expect(stateOf(select, "2026-01-20T00:00:00Z", announced("2026-01-01T00:00:00Z", select))).toMatchObject({
      state: "announced",
      readyAt: "2026-01-29T00:00:00.000Z",
    });
  });

  test("that is used is cancelled with the statement, for good, until it is announced anew", () => {
    const used: RemovalEvent = {
      kind: "used",
      at: "2026-01-09T00:00:00Z",
      by,
      item: select.id,
      role: "app",
      statement: "select $1",
      lastSeen: "2026-01-09T00:00:00Z",
    };
    const events = [
      announced("2026-01-01T00:00:00Z", select),
      used,
      canary("2026-01-10T00:00:00Z", select),
      watched("2026-03-01T00:00:00Z"),
    ];
    expect(stateOf(select, "2026-03-01T00:00:00Z", ...events)).toMatchObject({
      state: "cancelled",
      because: "`app` used it: select $1",
    });
    expect(stateOf(select, "2026-03-01T00:00:00Z", ...events, announced("2026-03-01T00:00:00Z", select))?.state).toBe(
      "announced",
    );
  });

  test("that was never announced cannot be taken", () => {
    const standing = standings([announced("2026-01-01T00:00:00Z", select), watched("2026-03-01T00:00:00Z")], {
      times: DEFAULT_REMOVAL_TIMES,
      taken: [],
      now: new Date("2026-03-01T00:00:00Z"),
    });
    expect(notReady([select, truncate], standing)).toEqual([{ item: truncate, standing: null }]);
  });

  test("of high risk is watched over the last day of a month and the first of the next", () => {
    const risky = (at: string): RemovalEvent => ({ ...announced(at, truncate), highRisk: true }) as RemovalEvent;
    const readyAt = (at: string, monthEnd = true) =>
      standings([risky(at)], {
        times: { ...DEFAULT_REMOVAL_TIMES, monthEnd },
        taken: [],
        now: new Date(at),
      }).get(truncate.id)?.readyAt;
    expect(readyAt("2026-01-02T00:00:00Z")).toBe("2026-02-02T00:00:00.000Z");
    expect(readyAt("2026-01-02T00:00:00Z", false)).toBe("2026-01-30T00:00:00.000Z");
    // The last day has begun: its jobs may have run already.
    expect(readyAt("2026-01-31T00:00:00Z")).toBe("2026-02-28T00:00:00.000Z");
    expect(readyAt("2026-01-31T01:00:00Z")).toBe("2026-03-02T00:00:00.000Z");
    // It was watched for longer than that anyway.
    expect(readyAt("2026-12-20T00:00:00Z")).toBe("2027-01-17T00:00:00.000Z");
  });

  test("that was taken is over, and must be announced anew when it was given again", () => {
    const taken = [{ at: "2026-03-02T00:00:00Z", plan: "sha256:1" as const, items: [select, truncate] }];
    const at = (now: string, ...events: RemovalEvent[]) =>
      standings(events, { times: DEFAULT_REMOVAL_TIMES, taken, now: new Date(now) });
    const first = [announced("2026-01-01T00:00:00Z", select), watched("2026-03-01T00:00:00Z")];
    expect(at("2026-05-01T00:00:00Z", ...first).get(select.id)).toMatchObject({
      state: "revoked",
      revokedAt: "2026-03-02T00:00:00Z",
      readyAt: null,
    });
    expect(notReady([select], at("2026-05-01T00:00:00Z", ...first))).toHaveLength(1);
    const again = [...first, announced("2026-04-01T00:00:00Z", select)];
    expect(at("2026-04-02T00:00:00Z", ...again).get(select.id)).toMatchObject({
      state: "announced",
      watchedUntil: null,
    });
  });

  test("stays ready when the canary ends after it, and is watched twice as long when it ends before", () => {
    const begun = [announced("2026-01-01T00:00:00Z", select), canary("2026-01-01T00:00:00Z", select)];
    const ended = (at: string): RemovalEvent => ({ kind: "canary-ended", at, by });
    const early = [
      ...begun,
      watched("2026-01-10T00:00:00Z"),
      ended("2026-01-10T00:00:00Z"),
      watched("2026-01-20T00:00:00Z"),
    ];
    expect(stateOf(select, "2026-01-20T00:00:00Z", ...early)).toMatchObject({
      state: "announced",
      readyAt: "2026-01-29T00:00:00.000Z",
    });
    const late = [...begun, watched("2026-01-15T00:00:00Z"), ended("2026-01-16T00:00:00Z")];
    expect(stateOf(select, "2026-01-20T00:00:00Z", ...late)?.state).toBe("ready");
  });
});
