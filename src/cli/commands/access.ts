import { EXIT } from "../../base/error.ts";
import type { Action } from "../command-spec.ts";
import { onTarget } from "../context.ts";
import { accessDocument, accessPage, answerFor, csvRows } from "../questions/access-answer.ts";
import { showComparison } from "../questions/compare.ts";
import { toCsv } from "../questions/csv.ts";
import { readSource } from "../questions/source.ts";
import { findWho } from "../questions/who.ts";
import { accessOverTargets, targetsOfIdentity } from "../several/access.ts";
import { usageError } from "../usage.ts";

/** What a person, service or role can do, and by which way; a person of the manifest on every target where they have a login. With `--diff`, who gained and who lost what between two states. */
export const access: Action = async (context, input) => {
  if (input.flag("diff")) return await showComparison(context, input);
  const name = input.argument(0);
  if (name === null)
    throw usageError("RW003", "`access` needs to know whom to ask about", "such as `rolewright access alice`");
  const targets = await targetsOfIdentity(name, context, input);
  if (targets !== null && targets.length > 1) return await accessOverTargets(name, targets, { context, input });
  const [only] = targets ?? [];
  const source = await readSource(only === undefined ? context : onTarget(context, only), input);
  const who = findWho(source, name);
  const answers = who.roles.map((login) => answerFor(source, login, input));
  context.progress.clear();
  if (input.flag("csv")) context.write(toCsv(csvRows(source, answers)));
  else context.show(accessPage(source, who, answers, input.flag("detail")), () => accessDocument(source, who, answers));
  return EXIT.done;
};
