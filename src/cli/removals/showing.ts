import { EXIT, type ExitCode } from "../../base/error.ts";
import { sortedText } from "../../base/order.ts";
import { itemsOf } from "../../simulation/removals/item.ts";
import type { ItemStanding, RemovalState } from "../../simulation/removals/standing.ts";
import { againstTruth } from "../../simulation/removals/truth.ts";
import type { CliContext } from "../context.ts";
import type { Block } from "../output/page.ts";
import type { Comparison } from "../pipeline.ts";
import { counted } from "../render/words.ts";
import type { OpenTarget } from "../target.ts";
import { readRemovals } from "./record.ts";
import { standingDocument, standingItem } from "./words.ts";

/** What stops comes first, what is over last. */
const ORDER: readonly RemovalState[] = ["cancelled", "proposed", "announced", "canary", "ready", "revoked"];

/** Shows every removal of the target as it stands, with what is to be said besides. */
export async function showStanding(
  target: OpenTarget,
  context: CliContext,
  {
    compared,
    next = [],
    more = [],
  }: {
    readonly compared: Pick<Comparison, "live" | "changes">;
    readonly next?: readonly { readonly label: string; readonly text: string }[];
    readonly more?: readonly Block[];
  },
): Promise<ExitCode> {
  const { live, changes } = compared;
  const { standing } = await readRemovals(target, live.identity.server, context);
  const all = againstTruth(standing, { live, takes: itemsOf(changes) });
  const shown = ORDER.flatMap((state) => all.filter((each) => each.state === state));
  const counts = ORDER.toReversed().flatMap((state) => {
    const count = all.filter((each) => each.state === state).length;
    return count === 0 ? [] : [`${count} ${state === "canary" ? "in the canary" : state}`];
  });
  const summary = [counted(all.length, "removal"), counts.join(", ")].filter((each) => each !== "").join(": ");
  context.progress.clear();
  context.show(
    [
      ...section("REMOVALS", shown.map(standingItem), concerned(all)),
      ...more,
      { kind: "line", label: "SUMMARY", text: summary },
      ...next.map((each) => ({ kind: "line" as const, ...each })),
    ],
    () => ({ target: target.name, removals: shown.map(standingDocument) }),
  );
  return EXIT.done;
}

/** Who is to be told. */
function concerned(all: readonly ItemStanding[]): string {
  const roles = sortedText(
    all.flatMap(({ item, state }) =>
      state === "cancelled" || state === "revoked" ? [] : item.kind === "grant" ? [item.grantee] : [item.member],
    ),
  );
  return roles.length === 0
    ? ""
    : `to be told: ${roles.slice(0, 12).join(", ")}${roles.length > 12 ? ` and ${roles.length - 12} more` : ""}`;
}

/** A section of a page; nothing where it is empty. */
export function section(
  title: string,
  items: Extract<Block, { kind: "section" }>["items"],
  note?: string,
): readonly Block[] {
  if (items.length === 0) return [];
  return [{ kind: "section", title, ...(note === undefined || note === "" ? {} : { note }), items }];
}
