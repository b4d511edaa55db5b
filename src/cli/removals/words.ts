import { shortDigest } from "../../base/digest.ts";
import { describeName } from "../../model/resource.ts";
import type { RemovalItem } from "../../simulation/removals/item.ts";
import type { ItemStanding, RemovalState } from "../../simulation/removals/standing.ts";
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
  const { item, state, because } = standing;
  const steps = state === "cancelled" ? [] : stepsOf(standing);
  const text = [because, ...steps].filter((each) => each !== null).join(", ");
  return { sign: state, tone: TONES[state], text: itemText(item), because: escapeLine(text) };
}

const TONES = {
  proposed: "dim",
  announced: "warn",
  canary: "warn",
  ready: "good",
  revoked: "good",
  cancelled: "bad",
} as const satisfies Record<RemovalState, Item["tone"]>;

function stepsOf(standing: ItemStanding): readonly string[] {
  const { state, announcedAt, canaryAt, watchedUntil, readyAt, revokedAt, highRisk } = standing;
  if (state === "proposed") return ["nobody was told"];
  if (state === "revoked") return revokedAt === null ? [] : [`taken ${revokedAt.slice(0, 10)}`];
  return [
    `announced ${announcedAt?.slice(0, 10) ?? ""}`,
    ...(canaryAt === null ? [] : [`in the canary since ${canaryAt.slice(0, 10)}`]),
    watchedUntil === null
      ? "nothing looked through yet"
      : `watched until ${watchedUntil.slice(0, 16).replace("T", " ")}`,
    ...(readyAt === null
      ? []
      : [`ready on ${readyAt.slice(0, 10)} at the earliest${highRisk ? ", over the turn of a month" : ""}`]),
  ];
}

export function standingDocument(standing: ItemStanding): Readonly<Record<string, unknown>> {
  const { item, state, announcedAt, canaryAt, watchedUntil, readyAt, revokedAt, highRisk, because } = standing;
  return {
    item,
    state,
    announced_at: announcedAt,
    high_risk: highRisk,
    canary_at: canaryAt,
    watched_until: watchedUntil,
    ready_at: readyAt,
    revoked_at: revokedAt,
    because,
  };
}
