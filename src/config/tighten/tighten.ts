import { compareText, sortedText } from "../../base/order.ts";
import type { Privilege } from "../../model/access-list.ts";
import { compareResources, isShared, type Resource, resourceKey, tableOf } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import type { GrantClaim } from "../claims.ts";
import { printGrantText } from "../grant-text.ts";
import type { Yaml, YamlMap } from "../import/yaml.ts";
import { kindWord } from "../kind-words.ts";
import type { GrantEntry } from "../manifest.ts";
import { isWild, type NamePattern, printName } from "../names.ts";
import type { Locate } from "../report.ts";
import type { ManifestPath } from "../source-file.ts";
import { editYaml, type YamlEdit } from "./edit-yaml.ts";
import type { Said, SaidGrants, SaidPlace } from "./said.ts";

/** One grant as a thing. */
export interface HeldGrant {
  readonly grantee: RoleName;
  readonly privilege: Privilege;
  readonly resource: Resource;
}

/** What is to be said no more. */
export interface Tightening {
  readonly grants: readonly HeldGrant[];
  readonly memberships: readonly { readonly role: RoleName; readonly member: RoleName }[];
  /** Grants on whole tables that become grants on these columns. */
  readonly columns: readonly (HeldGrant & { readonly columns: readonly string[] })[];
  /** Patterns that lose grants become lists of what is left, and promise nothing for what is to come. Otherwise they lose a privilege only where nothing of it is left. @default false */
  readonly lists?: boolean;
}

/** What is changed at one place of the manifest, by the path of it. */
type PathEdit =
  | { readonly kind: "item"; readonly path: ManifestPath; readonly items: readonly Yaml[] }
  | { readonly kind: "entry"; readonly path: ManifestPath; readonly key: string; readonly items: readonly Yaml[] };

/** The texts of the files that change, with these things said no more; where the manifest does not have the last word, `revoke` and `not_member_of` say so. */
export function tightenSources(
  said: Said,
  tightening: Tightening,
  from: { readonly sources: ReadonlyMap<string, string>; readonly locate: Locate },
): ReadonlyMap<string, string> {
  const byFile = new Map<string, YamlEdit[]>();
  for (const edit of editsFor(said, tightening)) {
    const at = from.locate(edit.path);
    if (at === undefined) throw new RangeError(`nothing is known of the place of ${edit.path.join(".")}`);
    const { path: _, ...rest } = edit;
    byFile.set(at.file, [...(byFile.get(at.file) ?? []), { ...rest, at }]);
  }
  return new Map(
    [...byFile]
      .map(([file, edits]): [string, string] => [file, editYaml(from.sources.get(file) ?? "", edits)])
      .sort(([a], [b]) => compareText(a, b)),
  );
}

function editsFor(said: Said, tightening: Tightening): readonly PathEdit[] {
  const gone = new Set([...tightening.grants, ...tightening.columns].map(keyOf));
  const edits: PathEdit[] = [];
  const revokes = new Map<RoleName, Yaml[]>();
  const told = new Set<string>();
  for (const place of said.places) {
    if (place.kind === "membership") continue;
    const dropped = droppedFrom(place, gone, tightening);
    if (dropped.length === 0) continue;
    edits.push(...placeEdits(said, place, { gone, dropped, tightening }));
    if (place.form === "profile" || isListed(place, tightening)) continue;
    for (const give of place.gives) {
      const privileges = give.privileges.filter((each) => dropped.includes(each));
      const all = privileges.filter((each) =>
        give.resources.every((resource) => gone.has(keyOf({ ...give, privilege: each, resource }))),
      );
      const line = all.length === 0 ? null : patternRevoke(said, place, give.claim, all);
      if (line === null) continue;
      const mine = give.resources.filter((each) => !said.isAuthoritative("grants", give.grantee, each));
      for (const resource of give.resources)
        for (const privilege of all) told.add(keyOf({ ...give, privilege, resource }));
      if (mine.length > 0) revokes.set(give.grantee, [...(revokes.get(give.grantee) ?? []), line]);
    }
  }
  const rest = [...tightening.grants, ...tightening.columns].filter(
    (each) => !told.has(keyOf(each)) && !said.isAuthoritative("grants", each.grantee, each.resource),
  );
  for (const [grantee, own] of Map.groupBy(rest, (each) => each.grantee)) {
    revokes.set(grantee, [...(revokes.get(grantee) ?? []), ...linesFor(own)]);
  }
  const added = new Map(tightening.columns.map((each) => [each.grantee, each]));
  for (const { grantee } of added.values()) {
    const own = tightening.columns.filter((each) => each.grantee === grantee && !isSaid(said, each));
    if (own.length > 0)
      edits.push({
        kind: "entry",
        path: ["roles", grantee],
        key: "grants",
        items: own.map((each) => columnLine(each)),
      });
  }
  for (const [grantee, items] of revokes) edits.push({ kind: "entry", path: ["roles", grantee], key: "revoke", items });
  return [...edits, ...membershipEdits(said, tightening)];
}

function membershipEdits(said: Said, { memberships }: Tightening): readonly PathEdit[] {
  const gone = new Set(memberships.map(({ role, member }) => `${role}\0${member}`));
  const edits: PathEdit[] = [];
  for (const place of said.places) {
    if (place.kind !== "membership" || !place.pairs.every(({ role, member }) => gone.has(`${role}\0${member}`)))
      continue;
    edits.push({ kind: "item", path: place.path, items: [] });
  }
  const rest = memberships.filter(({ member }) => !said.isAuthoritative("memberships", member, null));
  for (const [member, own] of Map.groupBy(rest, (each) => each.member)) {
    edits.push({
      kind: "entry",
      path: ["roles", member],
      key: "not_member_of",
      items: sortedText(own.map(({ role }) => role)),
    });
  }
  return edits;
}

/** Whether a place is taken apart thing by thing. */
function isListed(place: SaidGrants, { lists = false }: Tightening): boolean {
  return place.form === "line" && (!place.isPattern || lists);
}

/** The privileges of a place of which anything goes: of a pattern, all of it or nothing. */
function droppedFrom(place: SaidGrants, gone: ReadonlySet<string>, tightening: Tightening): readonly Privilege[] {
  const goes = (privilege: Privilege): boolean => {
    const each = place.gives.flatMap((give) =>
      give.privileges.includes(privilege)
        ? give.resources.map((resource) => gone.has(keyOf({ ...give, privilege, resource })))
        : [],
    );
    return each.length > 0 && (isListed(place, tightening) ? each.includes(true) : !each.includes(false));
  };
  const dropped = sortedText(place.gives.flatMap((give) => give.privileges)).filter(goes);
  if (place.form !== "preset") return dropped;
  const all = place.gives.every((give) => give.privileges.every((each) => dropped.includes(each)));
  return all ? dropped : [];
}

/** A map that only loses privileges loses these words, and keeps its form and its comments. */
function placeEdits(said: Said, place: SaidGrants, given: Parameters<typeof leftOf>[2]): readonly PathEdit[] {
  const items = leftOf(said, place, given);
  const entry = place.form === "preset" ? null : entryAt(said, place);
  const [only, ...others] = items;
  const isMap = entry !== null && typeof entry !== "string";
  if (!isMap || only === undefined || others.length > 0 || !keepsAllBut(only, entry, "privileges")) {
    return [{ kind: "item", path: place.path, items }];
  }
  const left = new Set((only as { readonly privileges: readonly string[] }).privileges);
  const named = new Set(entry.privileges.map((each) => each.toLowerCase()));
  // `all` is written out.
  if ([...left].some((each) => !named.has(each))) return [{ kind: "item", path: place.path, items }];
  return entry.privileges.flatMap((privilege, index): PathEdit[] =>
    left.has(privilege.toLowerCase()) ? [] : [{ kind: "item", path: [...place.path, "privileges", index], items: [] }],
  );
}

/** Whether it is the same save under one key. */
function keepsAllBut(item: Yaml, entry: object, key: string): boolean {
  const without = (value: object): string => JSON.stringify({ ...value, [key]: null });
  return typeof item === "object" && item !== null && without(item) === without(entry);
}

/** What a place still says. */
function leftOf(
  said: Said,
  place: SaidGrants,
  given: {
    readonly gone: ReadonlySet<string>;
    readonly dropped: readonly Privilege[];
    readonly tightening: Tightening;
  },
): readonly Yaml[] {
  const [give] = place.gives;
  if (place.form === "preset" || give === undefined) return [];
  const entry = entryAt(said, place);
  const stays = give.privileges.filter((each) => !given.dropped.includes(each));
  const whole = stays.length === 0 ? [] : [withPrivileges(entry, give.claim, stays)];
  if (!isListed(place, given.tightening)) return whole;
  const parts = given.dropped
    .filter((each) => give.privileges.includes(each))
    .map((privilege) => ({
      privilege,
      kept: give.resources.filter((resource) => !given.gone.has(keyOf({ ...give, privilege, resource }))),
    }));
  const columns = given.tightening.columns.filter(
    (each) =>
      each.grantee === give.grantee &&
      parts.some(({ privilege }) => privilege === each.privilege) &&
      give.resources.some((resource) => resourceKey(resource) === resourceKey(each.resource)),
  );
  const listed = parts.flatMap(({ privilege, kept }) =>
    kept.map((resource) => ({ grantee: give.grantee, privilege, resource })),
  );
  const rest = withoutKeys(entry, ["privileges", "columns", "on", "future", "may_be_empty"]);
  return [...whole, ...linesFor(listed, rest), ...columns.map((each) => columnLine(each, rest))];
}

function entryAt(said: Said, { path }: SaidGrants): GrantEntry {
  let value: unknown = said.manifest;
  for (const step of path) value = (value as Readonly<Record<string | number, unknown>>)[step];
  return value as GrantEntry;
}

function withPrivileges(entry: GrantEntry, claim: GrantClaim, privileges: readonly Privilege[]): Yaml {
  const names = privileges.map((each) => each.toLowerCase());
  if (typeof entry !== "string") return { ...(entry as unknown as YamlMap), privileges: names };
  // The words of the line stay, names with parameters too; only what it gives becomes less.
  const on = /\son\s/iu.exec(entry);
  const columns = claim.columns === null ? "" : ` ${/\(.*?\)/u.exec(entry)?.[0] ?? ""}`;
  return `${names.map((name) => name + columns).join(", ")}${entry.slice(on?.index ?? entry.length)}`;
}

/** A pattern that nothing is left of, as a line that takes it away; null: it cannot be said as one. */
function patternRevoke(
  said: Said,
  place: SaidGrants,
  claim: GrantClaim,
  privileges: readonly Privilege[],
): Yaml | null {
  if (!place.isPattern) return null;
  const { on, except, kinds, extensions, serving } = claim.selector;
  const names = privileges.map((each) => each.toLowerCase());
  const entry = place.form === "line" ? entryAt(said, place) : null;
  if (entry !== null && typeof entry !== "string") {
    const { future } = entry;
    return {
      privileges: names,
      on: entry.on as unknown as YamlMap,
      ...(future === undefined ? {} : { future: future as unknown as YamlMap }),
      may_be_empty: true,
    };
  }
  if (serving === true || except.length > 0 || kinds !== null || extensions.length > 0 || claim.columns !== null)
    return null;
  if (place.form === "preset" && !on.names.some(isWild)) return null;
  return printGrantText({ privileges, columns: null, on, grantable: false, grantOptionOnly: false });
}

/** Grants as lines: what has the same privileges stands in one, sorted. */
export function linesFor(grants: readonly HeldGrant[], rest: YamlMap = {}): readonly Yaml[] {
  const byThing = Map.groupBy(grants, ({ resource }) =>
    resourceKey(resource.kind === "column" ? tableOf(resource) : resource),
  );
  const shapes = [...byThing.values()].flatMap((own) => {
    const [first] = own;
    if (first === undefined) return [];
    if (first.resource.kind !== "column" && own.every(({ resource }) => resource.kind !== "column")) {
      return [
        { resource: first.resource, privileges: sortedText(own.map(({ privilege }) => privilege)), columns: null },
      ];
    }
    return shapesOfColumns(own);
  });
  const groups = Map.groupBy(shapes, ({ resource, privileges, columns }) =>
    JSON.stringify([resource.kind, isShared(resource.kind) ? null : resource.path[0], privileges, columns]),
  );
  return [...groups.values()]
    .map((group) => group.toSorted((a, b) => compareResources(a.resource, b.resource)))
    .sort((a, b) => compareResources(a[0]?.resource as Resource, b[0]?.resource as Resource))
    .map((group) => {
      const [first] = group;
      const { privileges, columns } = first as (typeof group)[number];
      return lineOf({ privileges, columns, resources: group.map(({ resource }) => resource) }, rest);
    });
}

interface Shape {
  readonly resource: Resource;
  readonly privileges: readonly Privilege[];
  readonly columns: readonly string[] | null;
}

function shapesOfColumns(own: readonly HeldGrant[]): readonly Shape[] {
  const whole = own.filter(({ resource }) => resource.kind !== "column");
  const byPrivilege = Map.groupBy(
    own.filter(({ resource }) => resource.kind === "column"),
    ({ privilege }) => privilege,
  );
  const shapes: Shape[] = [...byPrivilege].map(([privilege, grants]) => ({
    resource: tableOf((grants[0] as HeldGrant).resource),
    privileges: [privilege],
    columns: sortedText(grants.map(({ resource }) => resource.path[3] ?? "")),
  }));
  const [table] = whole;
  if (table === undefined) return shapes;
  return [
    ...shapes,
    { resource: table.resource, privileges: sortedText(whole.map(({ privilege }) => privilege)), columns: null },
  ];
}

function columnLine(
  { privilege, resource, columns }: HeldGrant & { readonly columns: readonly string[] },
  rest: YamlMap = {},
): Yaml {
  return lineOf({ privileges: [privilege], columns, resources: [resource] }, rest);
}

/** A line of text, or a map where more is to be said. */
function lineOf(
  line: {
    readonly privileges: readonly Privilege[];
    readonly columns: readonly string[] | null;
    readonly resources: readonly Resource[];
  },
  rest: YamlMap,
): Yaml {
  const { privileges, columns, resources } = line;
  const kind = resources[0]?.kind ?? "table";
  const names = resources.map(nameOf);
  const plural = names.length > 1;
  if (Object.keys(rest).length === 0) {
    return printGrantText({
      privileges,
      columns,
      on: { kind, plural, names },
      grantable: false,
      grantOptionOnly: false,
    });
  }
  const written = names.map(printName);
  return {
    privileges: privileges.map((each) => each.toLowerCase()),
    ...(columns === null ? {} : { columns }),
    on: { [kindWord(kind, plural)]: plural ? written : (written[0] ?? true) },
    ...rest,
  };
}

function withoutKeys(entry: GrantEntry, keys: readonly string[]): YamlMap {
  if (typeof entry === "string") return {};
  return Object.fromEntries(Object.entries(entry as unknown as YamlMap).filter(([key]) => !keys.includes(key)));
}

function nameOf(resource: Resource): NamePattern {
  const parts = isShared(resource.kind) ? resource.path : resource.path.slice(1);
  const exact = (text: string) => ({ text, wild: false });
  if (resource.kind !== "routine") return { parts: parts.map(exact), args: null };
  return { parts: parts.slice(0, 2).map(exact), args: parts[2] ?? "" };
}

/** Whether some place gives this by itself. */
function isSaid(said: Said, { grantee, privilege, resource }: HeldGrant): boolean {
  const gives = (place: SaidPlace): boolean =>
    place.kind === "grants" &&
    place.form === "line" &&
    place.gives.some(
      (give) =>
        give.grantee === grantee &&
        give.privileges.includes(privilege) &&
        give.resources.some((each) => resourceKey(each) === resourceKey(resource)),
    );
  return said.places.some(gives);
}

function keyOf({ grantee, privilege, resource }: HeldGrant): string {
  return `${grantee}\0${privilege}\0${resourceKey(resource)}`;
}
