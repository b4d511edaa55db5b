import type { LogPlace } from "./auditing.ts";
import { escapeLine } from "./output/escape.ts";
import type { Page } from "./output/page.ts";

/** The spools that wait for the log of this place, by their names. */
export async function waitingSpools({ spools }: LogPlace): Promise<readonly string[]> {
  return ((await spools?.list()) ?? []).map(({ name }) => name);
}

/** That something was done while the log was down, and does not stand in it yet. */
export function waitingPage(names: readonly string[]): Page {
  return names.map((name) => ({
    kind: "line",
    label: "NOT IN THE LOG YET",
    tone: "bad",
    text: `what was done while the log was down waits in the spool \`${escapeLine(name)}\`: \`rolewright audit absorb\``,
  }));
}
