/** Normalised texts that no longer parse: literals that were part of a type's syntax became placeholders. */
const TYPED_LITERAL =
  /\b(interval|date|timestamptz|timestamp(?:\s+with(?:out)?\s+time\s+zone)?|timetz|time|numeric|json|jsonb|uuid|inet|bytea|xml)\s+\$(\d+)/giu;

/** `interval $1` as `cast($1 as interval)`. */
export function castTypedLiterals(text: string): string {
  return text.replace(TYPED_LITERAL, (_, type: string, number: string) => `cast($${number} as ${type})`);
}

/** The highest placeholder; 0: there is none. */
export function placeholders(text: string): number {
  let highest = 0;
  for (const [, number] of text.matchAll(/\$(\d+)/gu)) highest = Math.max(highest, Number(number));
  return highest;
}

/** int4, text, numeric, timestamptz, float8, date, boolean, jsonb, and arrays: the order in which most texts are mended. */
const SINGLE: readonly number[] = [23, 25, 1700, 1184, 701, 1082, 16, 3802, 1007, 1009, 1016, 2951, 2950];
const MIXED: readonly number[] = [23, 25, 1184, 0];
const MIXED_AT_MOST = 4;
const PLACEHOLDERS_AT_MOST = 2000;

/** Types of the placeholders to try, in order. */
export function* guesses(count: number): Generator<readonly number[]> {
  if (count === 0 || count > PLACEHOLDERS_AT_MOST) return;
  for (const type of SINGLE) yield Array.from({ length: count }, () => type);
  if (count < 2 || count > MIXED_AT_MOST) return;
  const total = MIXED.length ** count;
  for (let code = 0; code < total; code++) {
    yield Array.from(
      { length: count },
      (_, at) => MIXED[Math.floor(code / MIXED.length ** at) % MIXED.length] as number,
    );
  }
}
