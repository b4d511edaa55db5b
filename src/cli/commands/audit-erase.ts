import { names, personal } from "../../audit/entry/commitment.ts";
import { EXIT, RolewrightError } from "../../base/error.ts";
import { askYesNoDetails, declined } from "../ask.ts";
import { textAt } from "../../audit/export/row.ts";
import { decodeUtf8 } from "../../audit/note/base64.ts";
import { type LogPlace, logPlace, openLogForReading, openLogForWriting, ownActor } from "../auditing.ts";
import type { CliContext } from "../context.ts";
import type { Input } from "../input.ts";
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
  const plans = await erasePlans(name, place, { context, input });
  const erased = await place.store.openings.erase(name);
  if (erased === null && plans === 0)
    throw new RolewrightError("RW630", `the log knows nobody of the name \`${name}\``, {
      help: "names are exact: `rolewright audit log` shows them",
    });
  const { reference, openings } = erased ?? { reference: null, openings: 0 };
  await log.append({
    type: "erasure.performed",
    actor: ownActor(),
    reference,
    openings,
    plans,
    basis,
    decided_by: personal(ownActor().name, ownActor().name),
  });
  context.progress.clear();
  context.show(
    [
      {
        kind: "line",
        label: "ERASED",
        text: `${openings} personal fields and ${plans} plans; copies and exports that were handed out are beyond reach`,
      },
    ],
    () => ({ reference, openings, plans }),
  );
  return EXIT.done;
};

/** Removes the plans beside the log that name somebody, as a word of their own anywhere in them. Others stay what they are: the log holds only their addresses. */
async function erasePlans(
  name: string,
  { store }: LogPlace,
  given: { readonly context: CliContext; readonly input: Input },
): Promise<number> {
  const view = await openLogForReading(given.context, given.input);
  const addresses = new Set<string>();
  for await (const row of view.rows(0, view.checkpoint.size)) {
    const address = textAt(row, "plan.blob");
    if (address !== null) addresses.add(address);
  }
  let removed = 0;
  for (const address of addresses) {
    const content = await store.blobs.get(address);
    const text = content === null ? "" : (decodeUtf8(content) ?? "");
    if (!textsIn(text).some((each) => names(each, name))) continue;
    await store.blobs.remove(address);
    removed += 1;
  }
  return removed;
}

/** Every text in a document, its keys included; the document itself where it cannot be read. */
function textsIn(document: string): readonly string[] {
  const texts: string[] = [];
  try {
    JSON.parse(document, (key, value: unknown) => {
      texts.push(key, ...(typeof value === "string" ? [value] : []));
      return value;
    });
  } catch {
    return [document];
  }
  return texts;
}
