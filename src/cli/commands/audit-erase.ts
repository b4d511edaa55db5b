import { personal } from "../../audit/entry/commitment.ts";
import { EXIT, RolewrightError } from "../../base/error.ts";
import { askYesNoDetails, declined } from "../ask.ts";
import { logPlace, openLogForWriting, ownActor } from "../auditing.ts";
import type { Action } from "../command-spec.ts";
import { escapeLine } from "../output/escape.ts";
import { usageError } from "../usage.ts";

/** Erases a person from beside the log, and records that it was done. */
export const auditErase: Action = async (context, input) => {
  const name = input.argument(0) ?? "";
  const basis = input.text("basis");
  if (basis === null) throw usageError("RW004", "`--basis` is missing", "say why it is erased; it is recorded");
  const place = await logPlace(context, input);
  if ((await place.store.get("checkpoint")) === null)
    throw new RolewrightError("RW600", `there is no audit log in \`${place.folder}\``);
  if (!input.flag("yes")) {
    const message = `erase \`${escapeLine(name)}\` from beside the audit log? This cannot be undone.`;
    if ((await askYesNoDetails(context, { message, flag: "--yes" })) !== "yes") throw declined();
  }
  await using log = await openLogForWriting(place, context);
  const erased = await place.store.openings.erase(name);
  if (erased === null)
    throw new RolewrightError("RW630", `the log knows nobody of the name \`${name}\``, {
      help: "names are exact: `rolewright audit log` shows them",
    });
  const { reference, openings } = erased;
  await log.append({
    type: "erasure.performed",
    actor: ownActor(),
    reference,
    openings,
    basis,
    decided_by: personal(ownActor().name, ownActor().name),
  });
  context.progress.clear();
  context.show(
    [
      {
        kind: "line",
        label: "ERASED",
        text: `${openings} personal fields; copies and exports that were handed out are beyond reach`,
      },
    ],
    () => ({ reference, openings }),
  );
  return EXIT.done;
};
