import { sortedText } from "../../../../base/order.ts";
import type { Policy } from "./objects.ts";

/** Which policies a permission brings in: the letters of pg_policy.polcmd. */
const COMMANDS: readonly (readonly [number, string, string])[] = [
  [1, "a", "insert"],
  [2, "r", "select"],
  [4, "w", "update"],
  [8, "d", "delete"],
];

/** What filters and checks the rows of a relation for somebody to whom these policies apply, in the server's own text. No permissive policy for a command: no rows. */
export function policyTexts(policies: readonly Policy[], permissions: number): readonly string[] {
  const texts: string[] = [];
  for (const [bit, letter, command] of COMMANDS) {
    if ((permissions & bit) === 0) continue;
    const those = policies.filter((policy) => policy.command === "*" || policy.command === letter);
    if (!those.some((policy) => policy.permissive)) texts.push(`${command}: false`);
    for (const { permissive, using, check } of those) {
      const restricts = permissive ? "" : "restrictive ";
      if (using !== null) texts.push(`${command}: ${restricts}using ${using}`);
      if (check !== null) texts.push(`${command}: ${restricts}check ${check}`);
    }
  }
  return sortedText(texts);
}
