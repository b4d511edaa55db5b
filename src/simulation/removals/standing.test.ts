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
});
const canary = (at: string, ...items: RemovalItem[]): RemovalEvent => ({
  kind: "canary",
  at,
  by,
  items: items.map(({ id }) => id),
});
const watched = (until: string): RemovalEvent => ({ kind: "watched", at: until, by, until, evidence: "sha256:2" });
const stateOf = (item: RemovalItem, now: string, ...events: RemovalEvent[]) =>
  standings(events, DEFAULT_REMOVAL_TIMES, new Date(now)).get(item.id);

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
    const standing = standings(
      [announced("2026-01-01T00:00:00Z", select), watched("2026-03-01T00:00:00Z")],
      DEFAULT_REMOVAL_TIMES,
      new Date("2026-03-01T00:00:00Z"),
    );
    expect(notReady([select, truncate], standing)).toEqual([{ item: truncate, standing: null }]);
  });
});
