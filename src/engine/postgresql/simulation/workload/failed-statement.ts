import type { ObservedStatement } from "../../../../model/workload.ts";

/** The statements of a text that name what the message names in quotes. */
export function whichFailed(statements: readonly ObservedStatement[], message: string): readonly ObservedStatement[] {
  const name = /"([^"]+)"|(?:for|on) (?:table|view|sequence|schema|function|relation) (\S+)/u.exec(message);
  const wanted = (name?.[1] ?? name?.[2])?.split(".").at(-1)?.toLowerCase();
  const found = wanted === undefined ? [] : statements.filter(({ text }) => namesOf(text).has(wanted));
  return found.length === 1 ? found : [];
}

function namesOf(text: string): Set<string> {
  return new Set(text.toLowerCase().match(/[\p{L}_][\p{L}\p{N}_$]*/gu) ?? []);
}

/** Of a message in English where the log does not hold SQLSTATE (`%e`). */
export function codeOf(message: string): string {
  if (/^permission denied|^must be |^only /u.test(message)) return "42501";
  if (/^relation ".*" does not exist/u.test(message)) return "42P01";
  if (/^(?:function|procedure|operator) .* does not exist/u.test(message)) return "42883";
  if (/^schema ".*" does not exist/u.test(message)) return "3F000";
  if (/^type ".*" does not exist/u.test(message)) return "42704";
  return "XX000";
}
