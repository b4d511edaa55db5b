import { CATALOGUE } from "../analysis/checks/catalogue.ts";
import { compareText } from "../base/order.ts";
import type { CodePage } from "../model/codes/code-page.ts";
import { CODES } from "../model/codes/index.ts";

/** Every diagnostic code of the program and every check with its page, sorted: what `explain` prints and completion offers. */
export function allCodes(): ReadonlyMap<string, CodePage> {
  const checks = CATALOGUE.map((check): readonly [string, CodePage] => [check.id, check]);
  return new Map([...Object.entries(CODES), ...checks].sort(([a], [b]) => compareText(a, b)));
}
