import { compareBy, compareParts, compareText } from "../base/order.ts";
import type { Privilege } from "../model/access-list.ts";
import type { AccessRules } from "../model/access-rules.ts";
import type { Resource } from "../model/resource.ts";
import { compareResources, describeResource, RESOURCE_KINDS } from "../model/resource.ts";
import type { AccessFact, DeltaLine, Path, Subject } from "./access-delta.ts";
import { comparePaths } from "./explain.ts";
import { SUBJECT_RANK } from "./delta-subjects.ts";

/** Gathers what was found into lines: one for each (subjects, fact, paths), all resources together. */
export interface LineBook {
  add(item: LineItem): void;
  /** Sorted by danger. */
  lines(): DeltaLine[];
}

export interface LineItem {
  readonly subjects: readonly Subject[];
  readonly what: AccessFact;
  readonly paths: readonly Path[];
  readonly weakened: boolean;
}

export function lineBook(direction: "loss" | "gain", rules: AccessRules): LineBook {
  const groups = new Map<
    string,
    { first: LineItem; resources: (readonly Resource[])[]; kept: (readonly Resource[])[] }
  >();
  const subjectIds = new Map<readonly Subject[], number>();
  const pathIds = new Map<readonly Path[], string>();
  const idOfPaths = (paths: readonly Path[]): string => {
    let id = pathIds.get(paths);
    if (id === undefined) {
      id = paths.map((p) => `${p.by}\0${p.needsSetRole}\0${p.roles.join("\0")}`).join("\n\0");
      pathIds.set(paths, id);
    }
    return id;
  };
  return {
    add: (item) => {
      let subjects = subjectIds.get(item.subjects);
      if (subjects === undefined) {
        subjects = subjectIds.size;
        subjectIds.set(item.subjects, subjects);
      }
      const key = `${subjects}\n${item.weakened}\n${factKey(item.what)}\n${idOfPaths(item.paths)}`;
      let group = groups.get(key);
      if (group === undefined) groups.set(key, (group = { first: item, resources: [], kept: [] }));
      if ("resources" in item.what) group.resources.push(item.what.resources);
      if (item.what.kind === "privilege" && item.what.columnsKept !== undefined) group.kept.push(item.what.columnsKept);
    },
    lines: () => {
      const lines = [...groups.values()].map(({ first, resources, kept }): DeltaLine => {
        return {
          subjects: first.subjects,
          what: gathered(first.what, resources, kept),
          paths: first.paths,
          ...(first.weakened ? { afterSetRole: true } : {}),
        };
      });
      return lines.sort((a, b) => compareLines(a, b, direction, rules));
    },
  };
}

function gathered(
  what: AccessFact,
  resources: readonly (readonly Resource[])[],
  kept: readonly (readonly Resource[])[],
): AccessFact {
  if (what.kind === "ownership") return { ...what, resources: resources.flat().sort(compareResources) };
  if (what.kind !== "privilege") return what;
  const columnsKept = kept.flat().sort(compareResources);
  return {
    ...what,
    resources: resources.flat().sort(compareResources),
    ...(columnsKept.length === 0 ? {} : { columnsKept }),
  };
}

/** Everything of a fact but its resources. */
function factKey(what: AccessFact): string {
  if (what.kind === "privilege") {
    const future =
      what.future === undefined ? "" : [what.future.creator, what.future.database, what.future.schema ?? ""].join("\0");
    return ["privilege", what.resourceKind, what.grantable, what.onlyGrantOption, future, ...what.privileges].join(
      "\0",
    );
  }
  if (what.kind === "ownership") return `ownership\0${what.resourceKind}`;
  if (what.kind === "attribute") return `attribute\0${what.name}`;
  if (what.kind === "rows") return ["rows", ...what.table.path, "", ...what.policies].join("\0");
  return `${what.kind}\0${what.role}`;
}

const ATTRIBUTE_DANGER: Readonly<Record<string, number>> = { superuser: 0, login: 1, bypassrls: 2, createrole: 2 };
const DOORS: ReadonlySet<Privilege> = new Set(["CONNECT", "USAGE"]);

/**
 * How much harm a line can do, the smallest number first. A loss: what makes everything else go dark, then what stops work. A gain: what leads to everything, then what changes things,
 * then what reads.
 */
export function danger(what: AccessFact, direction: "loss" | "gain", rules: AccessRules): number {
  if (what.kind === "privilege") return privilegeDanger(what, direction, rules);
  if (what.kind === "attribute") return ATTRIBUTE_DANGER[what.name] ?? 4;
  return DANGER[direction][what.kind];
}

const DANGER = {
  loss: { ownership: 4, rows: 5, admin: 6, member: 6 },
  gain: { ownership: 3, rows: 5, admin: 2, member: 2 },
} as const;

function privilegeDanger(
  what: AccessFact & { readonly kind: "privilege" },
  direction: "loss" | "gain",
  rules: AccessRules,
): number {
  if (what.future !== undefined) return 8;
  if (direction === "gain") {
    if (what.grantable) return 4;
    const classes = new Set(what.privileges.map((privilege) => rules.privilegeClass(what.resourceKind, privilege)));
    if (classes.has("administer") || classes.has("pass on")) return 4;
    return classes.has("write") || classes.has("define") ? 5 : 7;
  }
  if (what.onlyGrantOption === true) return 7;
  const door = what.resourceKind === "database" || what.resourceKind === "schema";
  return door && what.privileges.some((privilege) => DOORS.has(privilege)) ? 2 : 5;
}

/** Danger, then who is hit (a service before a person, many before few), then by kind and name: a total order. */
export function compareLines(a: DeltaLine, b: DeltaLine, direction: "loss" | "gain", rules: AccessRules): number {
  return (
    danger(a.what, direction, rules) - danger(b.what, direction, rules) ||
    byWeight(a, b) ||
    compareText(factKey(a.what), factKey(b.what)) ||
    compareParts(
      a.subjects.map((s) => s.name),
      b.subjects.map((s) => s.name),
    ) ||
    compareAll(a.paths, b.paths) ||
    compareText(firstResource(a.what), firstResource(b.what))
  );
}

const byWeight = compareBy<DeltaLine>(
  (line) => line.afterSetRole === true,
  (line) => SUBJECT_RANK[line.subjects[0]?.kind ?? "role"],
  (line) => -line.subjects.length,
  (line) => ("resourceKind" in line.what ? RESOURCE_KINDS.indexOf(line.what.resourceKind) : -1),
);

function compareAll(a: readonly Path[], b: readonly Path[]): number {
  for (let i = 0; i < Math.min(a.length, b.length); i++) {
    const order = comparePaths(a[i] as Path, b[i] as Path);
    if (order !== 0) return order;
  }
  return a.length - b.length;
}

function firstResource(what: AccessFact): string {
  const first = "resources" in what ? what.resources[0] : undefined;
  return first === undefined ? "" : describeResource(first);
}
