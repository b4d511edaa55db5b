import type { AccessDelta, AccessFact, DeltaLine, Path, Subject } from "../../analysis/access-delta.ts";
import { rolesOf } from "../../analysis/lockout-input.ts";
import { compareText } from "../../base/order.ts";
import { type Change, isDefaultChange, isGrantChange } from "../../model/change.ts";
import type { Finding, SourceLocation } from "../../model/finding.ts";
import { describeName, resourceKey } from "../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../model/role.ts";
import { factText, pathText, subjectName } from "../render/delta.ts";
import { listNames } from "../render/words.ts";

/** A change from the base to the files, and the lines that ask for it. */
export interface Brought {
  readonly change: Change;
  readonly locations: readonly SourceLocation[];
}

const SUBJECTS_SHOWN = 8;
const PATHS_SHOWN = 2;

/** What somebody gains, each as an error at the line that gives it; what comes along with something else is told with that. */
export function newAccessFindings(delta: AccessDelta, brought: readonly Brought[]): readonly Finding[] {
  return delta.gains.filter((line) => line.covered !== true).map((line) => findingOf(line, brought));
}

function findingOf(line: DeltaLine, brought: readonly Brought[]): Finding {
  const [first, ...others] = placesOf(line, brought);
  const names = whoText(line.subjects);
  const ways = line.paths
    .slice(0, PATHS_SHOWN)
    .map(pathText)
    .filter((way) => way !== "");
  const way = ways.length === 0 ? "" : ` by way of ${ways.join("; ")}`;
  return {
    code: "RW164",
    severity: "error",
    message: `${names} would newly get ${factText(line.what)}${way}`,
    ...(first === undefined ? {} : { location: first }),
    ...(others.length === 0
      ? {}
      : { related: others.map((location) => ({ message: "and this line has a part in it", location })) }),
    help: "take the line out, or let somebody merge it who may give this access",
  };
}

/** Everybody is all that need be said where everybody is among them. */
function whoText(subjects: readonly Subject[]): string {
  const everybody = subjects.filter(({ kind }) => kind === "public");
  const named = (everybody.length > 0 ? everybody : subjects).map((subject) => `\`${subjectName(subject)}\``);
  return listNames(named, SUBJECTS_SHOWN);
}

/** The lines that ask for a change on one of the ways; where none can be named, those about the roles on them. */
function placesOf(line: DeltaLine, brought: readonly Brought[]): readonly SourceLocation[] {
  const chains = line.subjects.flatMap((subject) => line.paths.map((path) => chainOf(subject, path)));
  const onWay = brought.filter(({ change }) => chains.some((chain) => gives(change, chain, line.what)));
  const roles = new Set(chains.flat());
  const found =
    onWay.length > 0 ? onWay : brought.filter(({ change }) => rolesOf(change).some((role) => roles.has(role)));
  const places = new Map<string, SourceLocation>();
  for (const location of found.flatMap(({ locations }) => locations))
    places.set(`${location.file}\0${location.line}\0${location.column}`, location);
  return [...places.values()].sort((a, b) => compareText(a.file, b.file) || a.line - b.line || a.column - b.column);
}

/** The login and the roles that it goes through; of what everybody holds, everybody. */
function chainOf({ login }: Subject, { roles, by }: Path): readonly RoleName[] {
  return by === "public" ? [PUBLIC] : [login, ...roles];
}

function gives(change: Change, chain: readonly RoleName[], what: AccessFact): boolean {
  const holder = chain.at(-1) ?? PUBLIC;
  if (isGrantChange(change)) {
    const adds = change.kind === "add-grant" || change.kind === "add-grant-option";
    return adds && change.grantee === holder && concerns(change, what);
  }
  if (isDefaultChange(change))
    return change.grantee === holder && what.kind === "privilege" && what.future !== undefined;
  switch (change.kind) {
    case "add-membership":
      return isStep(chain, change.membership) || what.kind === "admin" || what.kind === "member";
    case "alter-membership":
      return isStep(chain, change.after);
    case "create-role":
      return what.kind === "attribute" && change.role.name === holder;
    case "alter-role":
      return what.kind === "attribute" && change.role === holder;
    case "change-owner":
      return change.to === holder;
    case "create-policy":
    case "drop-policy":
      return what.kind === "rows" && resourceKey(change.policy.table) === resourceKey(what.table);
    case "alter-policy":
      return what.kind === "rows" && resourceKey(change.after.table) === resourceKey(what.table);
    case "set-row-security":
      return what.kind === "rows" && resourceKey(change.table) === resourceKey(what.table);
    case "drop-role":
    case "rename-role":
    case "set-role-setting":
    case "set-password":
    case "remove-membership":
      return false;
  }
}

function isStep(
  chain: readonly RoleName[],
  { role, member }: { readonly role: RoleName; readonly member: RoleName },
): boolean {
  return chain.some((name, index) => name === member && chain[index + 1] === role);
}

function concerns(
  change: Extract<Change, { readonly privileges: unknown; readonly resources: unknown }>,
  what: AccessFact,
): boolean {
  if (what.kind !== "privilege") return false;
  if (!change.privileges.some((privilege) => what.privileges.includes(privilege))) return false;
  const keys = new Set(change.resources.map(resourceKey));
  // What is held on a schema, a table or a pattern counts for what lies in it; then the kinds differ.
  return (
    change.resourceKind !== what.resourceKind || what.resources.some((resource) => keys.has(resourceKey(resource)))
  );
}

/** How a base is called in what is told of it. */
export function baseTitle(base: string, empty: boolean): string {
  return empty ? `${describeName(base)}, which has no such manifest: the state as it was read` : base;
}
