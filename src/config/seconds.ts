const UNITS = { s: 1, m: 60, h: 3600 } as const;

/** How a duration is written: `90s`, `10m`, `2h`. */
export const DURATION: RegExp = /^([1-9]\d{0,5})([smh])$/;

/** A duration as seconds; null for what is none. */
export function parseSeconds(text: string): number | null {
  const found = DURATION.exec(text);
  if (found === null) return null;
  return Number(found[1]) * UNITS[found[2] as keyof typeof UNITS];
}
