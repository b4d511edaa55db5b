import { shortDigest } from "../../base/digest.ts";
import { describeName } from "../../model/resource.ts";
import type { RemovalItem } from "../../simulation/removals/item.ts";
import type { ItemStanding } from "../../simulation/removals/standing.ts";
import { escapeLine } from "../output/escape.ts";
import type { Item } from "../output/page.ts";
import { describeGrantee, describeOne } from "../render/words.ts";

/** `3f9a81c2  delete on sales.orders from app`. */
export function itemText(item: RemovalItem): string {
  const what =
    item.kind === "membership"
      ? `${describeName(item.member)} in ${describeName(item.role)}`
      : `${item.privilege.toLowerCase()} on ${describeOne(item.resource)} from ${describeGrantee(item.grantee)}`;
  return `${shortDigest(item.id)}  ${what}`;
}

export function standingItem(standing: ItemStanding): Item {
  const { item, state, announcedAt, canaryAt, watchedUntil, readyAt, because } = standing;
  const parts = [
    `announced ${announcedAt.slice(0, 10)}`,
    ...(canaryAt === null ? [] : [`in the canary since ${canaryAt.slice(0, 10)}`]),
    watchedUntil === null
      ? "nothing looked through yet"
      : `watched until ${watchedUntil.slice(0, 16).replace("T", " ")}`,
    ...(readyAt === null ? [] : [`ready on ${readyAt.slice(0, 10)} at the earliest`]),
  ];
  const tones = { announced: "warn", canary: "warn", ready: "good", cancelled: "bad" } as const;
  return {
    sign: state,
    tone: tones[state],
    text: itemText(item),
    because: because === null ? parts.join(", ") : escapeLine(because),
  };
}

export function standingDocument(standing: ItemStanding): Readonly<Record<string, unknown>> {
  const { item, state, announcedAt, canaryAt, watchedUntil, readyAt, because } = standing;
  return {
    item,
    state,
    announced_at: announcedAt,
    canary_at: canaryAt,
    watched_until: watchedUntil,
    ready_at: readyAt,
    because,
  };
}
