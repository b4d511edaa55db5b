import type { CatalogEntry } from "../../../model/catalog.ts";
import { compareResources, describeName, describeTyped, type Resource, resourceKey } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import type { AccessIndex } from "../../access-index.ts";
import type { Check, CheckContext, Hit } from "../check.ts";

const COMMON = { principles: ["availability"], engines: "all", needs: ["plan"] } as const satisfies Partial<Check>;

/** AVL-01. */
export const definerGoes: Check = {
  ...COMMON,
  id: "AVL-01",
  title: "code runs with the rights of an account that the plan drops or renames",
  why: "Views, routines, triggers and events keep the name of their definer. When no account has it, whoever uses them gets an error; writes to a table with such a trigger fail.",
  fix: "Make the code anew with another definer first, or keep the account and lock it: a locked definer still works.",
  danger: "critical",
  engines: ["mariadb", "mysql"],
  *find({ change, index, live }) {
    if (change === null) return;
    const gone = (name: RoleName): boolean => change.before.recorded.roles.has(name) && !index.recorded.roles.has(name);
    const code = new Map<RoleName, string[]>();
    for (const { definer, resource } of live.catalog.entries.values()) {
      if (definer !== undefined && gone(definer)) pushTo(code, definer, describeTyped(resource));
    }
    for (const { definer, form, path } of live.catalog.definedCode ?? []) {
      if (gone(definer)) pushTo(code, definer, `${form} ${path.slice(1).map(describeName).join(".")}`);
    }
    for (const [definer, what] of code) {
      yield {
        message: `without \`${describeName(definer)}\` ${listed(what)} will fail`,
        principals: [definer],
        about: "definer",
        fix: { text: `make it anew with another definer before \`${describeName(definer)}\` goes` },
      };
    }
  },
};

/** AVL-02. */
export const ownersLose: Check = {
  ...COMMON,
  id: "AVL-02",
  title: "the owner of views or code loses what they may need to read or run",
  why: "A view reads its tables with its owner's rights, and so does a SECURITY DEFINER function. When the owner loses a right, everybody who uses them gets an error.",
  fix: "Grant it to the owner's role itself first, or look at what they read.",
  danger: "high",
  engines: ["postgresql"],
  *find(context) {
    yield* losing(context, ownersOf(context), "owner");
  },
};

/** AVL-16. */
export const definersLose: Check = {
  ...COMMON,
  id: "AVL-16",
  title: "the account that views, triggers or events run as loses what they may need",
  why: "They run with their definer's rights at every use, and at every write to the table of a trigger. When the definer loses a right, those statements fail.",
  fix: "Grant it to the definer itself first, or give the code another definer.",
  danger: "high",
  engines: ["mariadb", "mysql"],
  *find(context) {
    yield* losing(context, definersOf(context), "definer");
  },
};

/** What each role's code is, in words. */
function ownersOf({ index, live }: CheckContext): ReadonlyMap<RoleName, readonly string[]> {
  const code = new Map<RoleName, string[]>();
  for (const [key, entry] of live.catalog.entries) {
    if (!runsAsOwner(entry)) continue;
    const owner = index.recorded.holdings.get(key)?.owner ?? null;
    if (owner !== null) pushTo(code, owner, describeTyped(entry.resource));
  }
  return code;
}

function runsAsOwner({ form, securityInvoker, securityDefiner, system, extension }: CatalogEntry): boolean {
  if (system === true || extension !== undefined) return false;
  return securityDefiner === true || (form === "view" && securityInvoker !== true) || form === "materialized-view";
}

function definersOf({ live }: CheckContext): ReadonlyMap<RoleName, readonly string[]> {
  const code = new Map<RoleName, string[]>();
  for (const { definer, resource } of live.catalog.entries.values()) {
    if (definer !== undefined) pushTo(code, definer, describeTyped(resource));
  }
  for (const { definer, form, path } of live.catalog.definedCode ?? []) {
    pushTo(code, definer, `${form} ${path.slice(1).map(describeName).join(".")}`);
  }
  return code;
}

/** Of the roles whose code there is, those that lose a privilege on something: one hit a role, with all that it loses. */
function* losing(
  context: CheckContext,
  code: ReadonlyMap<RoleName, readonly string[]>,
  called: "owner" | "definer",
): Iterable<Hit> {
  const { change, index } = context;
  if (change === null || code.size === 0) return;
  const touched = touchedResources(context);
  for (const [role, what] of code) {
    if (!index.recorded.roles.has(role)) continue;
    const lost = touched.filter((resource) => losesOn(change.before, index, role, resource));
    const [first] = lost;
    if (first === undefined) continue;
    const more = lost.length > 1 ? ` and ${lost.length - 1} more` : "";
    yield {
      message: `\`${describeName(role)}\` loses access to ${describeTyped(first)}${more}, and is the ${called} of ${listed(what)}`,
      principals: [role],
      resources: lost,
      about: called,
      fix: { text: `look whether they use it; if so, grant it to \`${describeName(role)}\` first` },
    };
  }
}

function losesOn(before: AccessIndex, after: AccessIndex, role: RoleName, resource: Resource): boolean {
  return after.rules
    .privilegesOf(resource.kind)
    .some(
      (privilege) => before.can(role, privilege, resource) === true && after.can(role, privilege, resource) !== true,
    );
}

/** One resource of each class before and after stands for all that changed alike; where a role or a membership changes, any may. */
function touchedResources({ change, index }: CheckContext): readonly Resource[] {
  const pairs = new Map<string, Resource>();
  for (const each of change?.before.classes.all ?? []) {
    for (const resource of each.resources) {
      const now = index.classes.of(resourceKey(resource));
      const key = `${each.id}\0${now?.id ?? ""}`;
      if (!pairs.has(key)) pairs.set(key, resource);
    }
  }
  return [...pairs.values()].sort(compareResources);
}

function pushTo(map: Map<RoleName, string[]>, key: RoleName, text: string): void {
  const list = map.get(key);
  if (list === undefined) map.set(key, [text]);
  else list.push(text);
}

function listed(what: readonly string[]): string {
  const named = what
    .slice(0, 3)
    .map((each) => `\`${each}\``)
    .join(", ");
  return what.length > 3 ? `${named} and ${what.length - 3} more` : named;
}
