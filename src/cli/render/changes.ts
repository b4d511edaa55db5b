import { compareText } from "../../base/order.ts";
import type { PlannedChange } from "../../plan/plan.ts";
import { escapeLine } from "../output/escape.ts";
import { describePlace, type Sources } from "../output/frame.ts";
import type { Tone } from "../output/look.ts";
import type { Item } from "../output/page.ts";
import { changeText, membershipText } from "./change-text.ts";
import { describeOne } from "./words.ts";

type Sign = "+" | "-" | "~";
export const SIGN_TONES: Readonly<Record<Sign, Tone>> = { "+": "add", "-": "remove", "~": "change" };

/** How changes are shown. */
export interface ChangesView {
  /** Every object and its grantor. */
  readonly detail: boolean;
  readonly sources: Sources;
}

interface Line {
  readonly sign: Sign;
  readonly text: string;
  readonly group: string | null;
  readonly because: string | undefined;
  readonly place: string | undefined;
  readonly details: readonly string[];
}

/** Changes grouped by what they change, the groups in alphabetical order; memberships stand alone at the end, with equal ones in one line. */
export function changeItems(changes: readonly PlannedChange[], view: ChangesView): Item[] {
  const lines = [
    ...mergeMemberships(changes, view.sources),
    ...changes.filter((c) => !isMembership(c)).map((c) => lineOf(c, view)),
  ];
  const groups = new Map<string, Line[]>();
  for (const line of lines) {
    if (line.group === null) continue;
    const group = groups.get(line.group);
    if (group === undefined) groups.set(line.group, [line]);
    else group.push(line);
  }
  const names = [...groups.keys()].sort(compareText);
  const alone = lines.filter((line) => line.group === null).sort((a, b) => compareText(a.text, b.text));
  return [
    ...names.map((name) => groupItem(name, groups.get(name) ?? [])),
    ...alone.map((line) => lineItem(line, null, null)),
  ];
}

/** What a statement carries out, for the comment above it. */
export function changeSummary(planned: PlannedChange): string {
  const { sign, text, group } = changeText(planned.change);
  return group === null ? `${sign} ${text}` : `${sign} ${text} (${group})`;
}

/** A role that is created or dropped is shown by the sign of its group; the lines under it say what else. */
function groupItem(name: string, lines: readonly Line[]): Item {
  const life = lines.find((line) => /^(created|dropped), /.test(line.text));
  const rest = lines.filter((line) => line !== life);
  const place = shared(lines.map((line) => line.place ?? null));
  const because = shared(lines.map((line) => line.because ?? null));
  const hoisted = because !== null && lines.length > 1 ? because : null;
  const title = life === undefined ? name : `${name}  ${life.text}`;
  const sign: Sign = life?.sign ?? "~";
  const reason = hoisted ?? life?.because ?? null;
  return {
    sign,
    tone: SIGN_TONES[sign],
    text: title,
    ...(reason === null ? {} : { because: reason }),
    ...(place === null ? {} : { place }),
    items: rest.map((line) => lineItem(line, place, hoisted)),
  };
}

function lineItem(line: Line, placeAbove: string | null, becauseAbove: string | null): Item {
  return {
    sign: line.sign,
    tone: SIGN_TONES[line.sign],
    text: line.text,
    ...(line.because === undefined || line.because === becauseAbove ? {} : { because: line.because }),
    ...(line.place === undefined || line.place === placeAbove ? {} : { place: line.place }),
    ...(line.details.length === 0 ? {} : { lines: line.details }),
  };
}

function lineOf(planned: PlannedChange, view: ChangesView): Line {
  const { sign, text, group } = changeText(planned.change);
  return { sign, text, group, ...originOf(planned, view.sources), details: view.detail ? detailsOf(planned) : [] };
}

function detailsOf({ change }: PlannedChange): string[] {
  if (!("resources" in change)) return [];
  const by = "grantor" in change && change.grantor !== "" ? ` (granted by ${change.grantor})` : "";
  return change.resources.map((resource) => escapeLine(`${describeOne(resource)}${by}`));
}

function originOf(planned: PlannedChange, sources: Sources): Pick<Line, "because" | "place"> {
  const { because, locations, by } = planned.origin;
  const reason = because ?? (by === "authoritative" ? "not declared, and the scope is authoritative here" : undefined);
  return {
    because: reason === undefined ? undefined : escapeLine(reason),
    place: locations[0] === undefined ? undefined : describePlace(locations[0], sources),
  };
}

function isMembership({ change }: PlannedChange): boolean {
  return change.kind === "add-membership" || change.kind === "remove-membership";
}

/** Members that one role gains or loses with equal options for an equal reason are one line. */
function mergeMemberships(changes: readonly PlannedChange[], sources: Sources): Line[] {
  const merged = new Map<
    string,
    { readonly members: string[]; readonly first: PlannedChange; readonly places: Set<string> }
  >();
  for (const planned of changes) {
    const { change } = planned;
    if (change.kind !== "add-membership" && change.kind !== "remove-membership") continue;
    const { role, admin, inherit, set } = change.membership;
    const key = JSON.stringify([change.kind, role, admin, inherit, set, planned.origin.because ?? null]);
    const known = merged.get(key) ?? { members: [], first: planned, places: new Set<string>() };
    known.members.push(change.membership.member);
    const place = planned.origin.locations[0];
    if (place !== undefined) known.places.add(describePlace(place, sources));
    merged.set(key, known);
  }
  return [...merged.values()].flatMap(({ members, first, places }): Line[] => {
    const { change } = first;
    if (change.kind !== "add-membership" && change.kind !== "remove-membership") return [];
    const origin = originOf(first, sources);
    return [
      {
        sign: change.kind === "add-membership" ? "+" : "-",
        group: null,
        text: membershipText([...new Set(members)].sort(compareText), change.membership),
        because: origin.because,
        place: places.size <= 1 ? origin.place : undefined,
        details: places.size <= 1 ? [] : [`declared at ${[...places].sort(compareText).join(", ")}`],
      },
    ];
  });
}

function shared(values: readonly (string | null)[]): string | null {
  const [first] = values;
  return first !== undefined && values.every((value) => value === first) ? first : null;
}
