import { isProduction } from "../../analysis/analyze.ts";
import type { Report } from "../../analysis/report.ts";
import { EXIT, RolewrightError } from "../../base/error.ts";
import { itemsOf } from "../../simulation/removals/item.ts";
import { notReady } from "../../simulation/removals/standing.ts";
import type { CliContext } from "../context.ts";
import type { OpenTarget } from "../target.ts";
import { readRemovals } from "./record.ts";
import { itemText } from "./words.ts";

/** Refuses removals in production that were not announced and watched, where the manifest asks for that. In an emergency it is told and goes on. */
export async function checkRemovals(
  {
    target,
    report,
    choices,
    finishes,
    reverts,
  }: {
    readonly target: OpenTarget;
    readonly report: Report;
    readonly choices: { readonly breakGlass: boolean };
    readonly finishes?: boolean;
    readonly reverts?: unknown;
  },
  context: CliContext,
): Promise<void> {
  const { manifest, environment } = target;
  if (manifest.removals === undefined || !isProduction(environment) || finishes === true || reverts !== undefined)
    return;
  const items = itemsOf(report.plan.changes.map(({ change }) => change));
  const { standing } = await readRemovals(target, report.plan.target.identity.server, context);
  const held = notReady(items, standing);
  const [first] = held;
  if (first === undefined) return;
  const state =
    first.standing === null
      ? "never announced"
      : first.standing.state === "revoked"
        ? "given again since it was taken, and not announced anew"
        : first.standing.state;
  const more = held.length > 1 ? `, and ${held.length - 1} more` : "";
  const message = `${itemText(first.item)} is ${state}${more}: only what was announced and watched is removed`;
  if (choices.breakGlass) {
    context.tell([{ kind: "line", label: "BREAKING THE GLASS", tone: "bad", text: `although RW586: ${message}` }]);
    return;
  }
  throw new RolewrightError("RW586", message, {
    exitCode: EXIT.refused,
    help: first.standing === null ? "rolewright removals announce PLAN" : "rolewright removals show",
    details: {
      not_ready: held.map(({ item, standing }) => ({
        item: item.id,
        state: standing?.state ?? null,
        because: standing?.because ?? null,
      })),
    },
  });
}
