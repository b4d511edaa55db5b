import { compareText } from "../base/order.ts";
import type { CodePage } from "../model/codes/code-page.ts";
import { CODES } from "../model/codes/index.ts";

/** Every diagnostic code of the program with its page, sorted: what `explain` prints and completion offers. */
export function allCodes(): ReadonlyMap<string, CodePage> {
  return new Map(Object.entries(CODES).sort(([a], [b]) => compareText(a, b)));
}
