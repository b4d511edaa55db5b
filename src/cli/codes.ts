import { compareText } from "../base/order.ts";
import type { CodePage } from "../model/codes/code-page.ts";
import { RW0XX } from "../model/codes/rw0xx.ts";
import { RW4XX } from "../model/codes/rw4xx.ts";
import { RW5XX } from "../model/codes/rw5xx.ts";
import { RW8XX } from "../model/codes/rw8xx.ts";

/** Every diagnostic code of the program with its page, sorted: what `explain` prints and the reference page lists. */
export function allCodes(): ReadonlyMap<string, CodePage> {
  const all: Readonly<Record<string, CodePage>>[] = [RW0XX, RW4XX, RW5XX, RW8XX];
  return new Map(all.flatMap((codes) => Object.entries(codes)).sort(([a], [b]) => compareText(a, b)));
}
