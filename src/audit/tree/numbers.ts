/** Indexes and sizes go to 2^53-1. The bit operators of the language stop at 2^31, so none of them is used on either: only division and BigInt. */
export function isSize(value: number): boolean {
  return Number.isSafeInteger(value) && value >= 0;
}

/** A size in its only decimal form: no sign, no leading zeroes, at most 2^53-1. Null for anything else. */
export function parseSize(text: string): number | null {
  if (!/^(0|[1-9][0-9]{0,15})$/.test(text)) return null;
  const value = Number(text);
  return Number.isSafeInteger(value) ? value : null;
}

/** The whole part of a division. */
export function quotient(value: number, by: number): number {
  return (value - (value % by)) / by;
}

/** The largest power of two below `size`, which is at least 2: where a tree is split (RFC 6962, 2.1). */
export function splitPoint(size: number): number {
  let power = 1;
  while (power * 2 < size) power *= 2;
  return power;
}

/** How many binary digits a number has; none for zero. */
export function bitLength(value: number): number {
  let digits = 0;
  for (let rest = value; rest > 0; rest = quotient(rest, 2)) digits += 1;
  return digits;
}

/** How many binary digits of a number are one. */
export function onesIn(value: number): number {
  let ones = 0;
  for (let rest = value; rest > 0; rest = quotient(rest, 2)) ones += rest % 2;
  return ones;
}

/** The highest binary place where two numbers differ, counted from one; none where they are equal. */
export function differingBits(a: number, b: number): number {
  return bitLength(Number(BigInt(a) ^ BigInt(b)));
}
