/** How many unchanged lines stand around a change. */
const AROUND = 3;

/** The difference of two texts in the form that `patch` and `git apply` take; empty where there is none. */
export function unifiedDiff(name: string, before: string, after: string): readonly string[] {
  if (before === after) return [];
  const a = linesOf(before);
  const b = linesOf(after);
  const steps = stepsBetween(a, b);
  const out = [`--- a/${name}`, `+++ b/${name}`];
  for (const [from, to] of hunks(steps)) {
    const hunk = steps.slice(from, to);
    const first = hunk[0] as Step;
    const count = (not: Step["sign"]): number => hunk.filter((step) => step.sign !== not).length;
    out.push(`@@ -${range(first.a, count("+"))} +${range(first.b, count("-"))} @@`);
    for (const { sign, text } of hunk) {
      out.push(`${sign}${text.replace(/\n$/u, "")}`);
      if (!text.endsWith("\n")) out.push("\\ No newline at end of file");
    }
  }
  return out;
}

interface Step {
  readonly sign: " " | "-" | "+";
  readonly text: string;
  /** The line that comes next in either text, from 0. */
  readonly a: number;
  readonly b: number;
}

function range(start: number, count: number): string {
  return `${count === 0 ? start : start + 1},${count}`;
}

function linesOf(text: string): readonly string[] {
  return text.match(/[^\n]*\n|[^\n]+$/gu) ?? [];
}

/** The longest common subsequence, between what begins and what ends alike. Edits are few and local, so what is in between is small. */
function stepsBetween(a: readonly string[], b: readonly string[]): readonly Step[] {
  let head = 0;
  while (head < a.length && head < b.length && a[head] === b[head]) head++;
  let tail = 0;
  while (tail < a.length - head && tail < b.length - head && a.at(-1 - tail) === b.at(-1 - tail)) tail++;
  const x = a.slice(head, a.length - tail);
  const y = b.slice(head, b.length - tail);
  const width = y.length + 1;
  const longest = new Uint32Array((x.length + 1) * width);
  for (let i = x.length - 1; i >= 0; i--) {
    for (let j = y.length - 1; j >= 0; j--) {
      const down = longest[(i + 1) * width + j] as number;
      const right = longest[i * width + j + 1] as number;
      longest[i * width + j] = x[i] === y[j] ? (longest[(i + 1) * width + j + 1] as number) + 1 : Math.max(down, right);
    }
  }
  const steps: Step[] = a.slice(0, head).map((text, at) => ({ sign: " ", text, a: at, b: at }));
  let i = 0;
  let j = 0;
  while (i < x.length || j < y.length) {
    const place = { a: head + i, b: head + j };
    if (i < x.length && j < y.length && x[i] === y[j]) {
      steps.push({ sign: " ", text: x[i] as string, ...place });
      i++;
      j++;
    } else if (
      i < x.length &&
      (j === y.length || (longest[(i + 1) * width + j] as number) >= (longest[i * width + j + 1] as number))
    ) {
      steps.push({ sign: "-", text: x[i++] as string, ...place });
    } else steps.push({ sign: "+", text: y[j++] as string, ...place });
  }
  const behind = a.slice(a.length - tail);
  return [
    ...steps,
    ...behind.map((text, at): Step => ({ sign: " ", text, a: a.length - tail + at, b: b.length - tail + at })),
  ];
}

/** From and to, for each piece of changes that stand close together. */
function hunks(steps: readonly Step[]): readonly (readonly [number, number])[] {
  const found: [number, number][] = [];
  for (const [at, { sign }] of steps.entries()) {
    if (sign === " ") continue;
    const last = found.at(-1);
    if (last !== undefined && at - AROUND <= last[1]) last[1] = Math.min(steps.length, at + 1 + AROUND);
    else found.push([Math.max(0, at - AROUND), Math.min(steps.length, at + 1 + AROUND)]);
  }
  return found;
}
