import { EXIT } from "../../base/error.ts";
import { logPlace, openLogForWriting } from "../auditing.ts";
import type { Action } from "../command-spec.ts";
import { usageError } from "../usage.ts";

/** Takes over into the log what waited for it in spools. */
export const auditAbsorb: Action = async (context, input) => {
  const giveUp = input.flag("give-up");
  const reason = input.text("reason")?.trim() ?? "";
  if (giveUp && reason === "") throw usageError("RW004", "`--give-up` takes a reason", "say why: `--reason TEXT`");
  const place = await logPlace(context, null);
  const waiting = (await place.spools?.list()) ?? [];
  if (waiting.length > 0) {
    await using log = await openLogForWriting(place, context, giveUp ? { reason } : undefined);
    await log.head();
  }
  const left = (await place.spools?.list()) ?? [];
  const absorbed = waiting.filter(({ name }) => left.every((each) => each.name !== name)).map(({ name }) => name);
  const text =
    waiting.length === 0
      ? "nothing waits for the log"
      : `${absorbed.length} of ${waiting.length} spools${left.length === 0 ? "" : "; the others are still written to"}`;
  context.progress.clear();
  context.show([{ kind: "line", label: "TAKEN OVER", text }], () => ({
    absorbed,
    waiting: left.map(({ name }) => name),
  }));
  return EXIT.done;
};
