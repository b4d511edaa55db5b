import { PUBLIC } from "../model/role.ts";
import type { DeltaLine } from "./access-delta.ts";
import { type Covered, coveredLines, coveringLines, type HeldLine } from "./covered.ts";
import type { DeltaPass, Side } from "./delta-pass.ts";

/** Marks the lines that only say of what lies in something what another line says of the whole, so that people can be told once. All lines stay. */
export function markCovered(pass: DeltaPass, lines: readonly DeltaLine[], side: Side): readonly DeltaLine[] {
  const index = pass[side];
  if (index.rules.evaluated === null) return lines;
  const held = new Map<DeltaLine, HeldLine>();
  const groupOf = grouper();
  for (const line of lines) {
    const mine = heldLine(line, groupOf);
    if (mine !== null) held.set(line, mine);
  }
  const all = [...held.values()];
  const covering = coveringLines(index, all);
  const covered = coveredLines(index, all, covering);
  const place = new Map([...held.keys()].map((line, at) => [line, at]));
  return lines.map((line): DeltaLine => {
    const at = place.get(line);
    if (at === undefined) return line;
    const brings: readonly Covered[] = covered.get(at) ?? [];
    return {
      ...line,
      ...(brings.length === 0 ? {} : { covers: brings }),
      ...(covering.has(at) ? { covered: true } : {}),
    };
  });
}

/** Null for what is no privilege that was granted. Where several roles give it, the nearest stands for all: lines of equal ways end alike. */
function heldLine(line: DeltaLine, groupOf: (line: DeltaLine) => string): HeldLine | null {
  const { what } = line;
  if (what.kind !== "privilege" || what.resources.length === 0) return null;
  const [path] = line.paths;
  if (path === undefined || (path.by !== "grant" && path.by !== "public")) return null;
  const holder = path.by === "public" ? PUBLIC : (path.roles.at(-1) ?? line.subjects[0]?.login ?? PUBLIC);
  const { privileges, resourceKind, resources } = what;
  return { group: groupOf(line), holder, privileges, resourceKind, resources };
}

function grouper(): (line: DeltaLine) => string {
  const numbers = new Map<object, number>();
  const numberOf = (value: object): number => {
    const known = numbers.get(value) ?? numbers.size;
    numbers.set(value, known);
    return known;
  };
  return ({ subjects, paths, afterSetRole, what }) => {
    const option = what.kind === "privilege" ? [what.grantable, what.onlyGrantOption === true] : [];
    return [numberOf(subjects), numberOf(paths), afterSetRole === true, ...option].join();
  };
}
