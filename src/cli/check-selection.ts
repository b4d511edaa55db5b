import { CATALOGUE } from "../analysis/checks/catalogue.ts";
import { type Check, FAMILIES } from "../analysis/checks/check.ts";
import { didYouMean } from "../config/did-you-mean.ts";
import { escapeLine } from "./output/escape.ts";
import { usageError } from "./usage.ts";

/** The checks that `--only` names by their ids or families, separated by commas; all without it. Throws RW004 for what is neither. */
export function selectChecks(only: string | null): readonly Check[] {
  if (only === null) return CATALOGUE;
  const wanted = only.split(",").map((each) => each.trim().toUpperCase());
  const known = [...FAMILIES, ...CATALOGUE.map((check) => check.id)];
  for (const each of wanted) {
    if (known.some((name) => name === each)) continue;
    throw usageError(
      "RW004",
      `there is no check and no family of checks \`${escapeLine(each)}\``,
      didYouMean(each, known) ?? `the families are ${FAMILIES.join(", ")}`,
    );
  }
  return CATALOGUE.filter(({ id }) => wanted.includes(id) || wanted.includes(id.slice(0, id.indexOf("-"))));
}
