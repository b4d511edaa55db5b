/** The lines that two texts do not share, in order: those that went with `-` and those that came with `+`. */
export function changedLines(before: string, after: string): string {
  const old = before.trimEnd().split("\n");
  const now = after.trimEnd().split("\n");
  const shared = sharedFrom(old, now);
  const lines: string[] = [];
  for (let i = 0, j = 0; i < old.length || j < now.length; ) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      i++;
      j++;
    } else if (j === now.length || (i < old.length && at(shared, i + 1, j) >= at(shared, i, j + 1))) {
      lines.push(`  - ${old[i++]}`);
    } else {
      lines.push(`  + ${now[j++]}`);
    }
  }
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

/** `[i][j]`: how many lines the texts share from line i of the one and line j of the other on. */
function sharedFrom(old: readonly string[], now: readonly string[]): number[][] {
  const shared = Array.from({ length: old.length + 1 }, () => Array.from({ length: now.length + 1 }, () => 0));
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      const longest =
        old[i] === now[j] ? at(shared, i + 1, j + 1) + 1 : Math.max(at(shared, i + 1, j), at(shared, i, j + 1));
      (shared[i] ?? [])[j] = longest;
    }
  }
  return shared;
}

function at(shared: readonly (readonly number[])[], i: number, j: number): number {
  return shared[i]?.[j] ?? 0;
}
