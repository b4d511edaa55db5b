import { compareBy, sorted } from "../../../base/order.ts";
import type { CatalogEntry } from "../../../model/catalog.ts";
import { compareResources, describeName, resourceKey, type Resource } from "../../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../../model/role.ts";
import { type AccessIndex, holdersOf } from "../../access-index.ts";
import { listBits } from "../../bits.ts";
import type { Check, CheckContext, Gap, Hit } from "../check.ts";
import { ENGINES, isStrong, said, saidPlaces, sure } from "./principals.ts";

/** MYE-04. */
export const definerCode: Check = {
  id: "MYE-04",
  title: "code of a strong account can be used by weak ones",
  why: "A routine, view or trigger runs with everything that its definer has, whoever uses it: one mistake in it, and the caller has that too. An event does so by itself.",
  fix: "Give it a definer that has only what it needs and cannot log in, or make it run as its caller (SQL SECURITY INVOKER).",
  example: "create definer = 'reports_definer'@'localhost' sql security definer view shop.totals as ...;",
  danger: "high",
  principles: ["least privilege"],
  engines: ENGINES,
  cis: ["CIS MySQL 5 stored programs"],
  *find(context) {
    yield* routinesAndViews(context);
    yield* triggers(context);
    yield* events(context);
  },
};

function* routinesAndViews(context: CheckContext): Iterable<Hit> {
  const groups = new Map<string, { definer: RoleName; callers: readonly string[]; resources: Resource[] }>();
  for (const entry of context.index.catalog.entries.values()) {
    const definer = runsAs(entry);
    if (definer === null || !isStrong(context, definer)) continue;
    const callers = weak(context, entry.resource, entry.resource.kind === "routine" ? ["EXECUTE"] : VIEW_USES);
    if (callers.length === 0) continue;
    const key = `${entry.resource.kind}\0${definer}\0${callers.join("\0")}`;
    const known = groups.get(key);
    if (known === undefined) groups.set(key, { definer, callers, resources: [entry.resource] });
    else known.resources.push(entry.resource);
  }
  for (const { definer, callers, resources } of groups.values()) {
    yield hit(context, { definer, callers, resources, what: saidPlaces(resources), about: "" });
  }
}

const VIEW_USES = ["SELECT", "INSERT", "UPDATE", "DELETE"];

function runsAs(entry: CatalogEntry): RoleName | null {
  if (entry.definer === undefined || entry.securityInvoker === true) return null;
  return entry.resource.kind === "routine" && entry.securityDefiner !== true ? null : entry.definer;
}

/** What sets off a trigger is writing to its table, which the catalog does not name. */
function* triggers(context: CheckContext): Iterable<Hit | Gap> {
  const known = (context.index.catalog.definedCode ?? []).filter(({ form }) => form === "trigger");
  if (!known.some(({ definer }) => isStrong(context, definer))) return;
  const found = context.posture?.mysql?.triggers ?? null;
  if (found === null) {
    yield { unknown: "the tables of triggers were not read, so nobody knows who sets them off" };
    return;
  }
  for (const { schema, name, table, definer } of found) {
    if (!isStrong(context, definer)) continue;
    const callers = weak(context, table, ["INSERT", "UPDATE", "DELETE"]);
    if (callers.length === 0) continue;
    const what = `trigger \`${describeName(schema)}.${describeName(name)}\``;
    yield hit(context, { definer, callers, resources: [table], what, about: `trigger\0${schema}\0${name}` });
  }
}

/** Nobody calls an event: who may change events of its schema has it run with more than its own. */
function* events(context: CheckContext): Iterable<Hit> {
  for (const { form, path, definer } of context.index.catalog.definedCode ?? []) {
    if (form !== "event" || !isStrong(context, definer)) continue;
    const schema: Resource = { kind: "schema", path: path.slice(0, 2) };
    const callers = weak(context, schema, ["EVENT"]);
    if (callers.length === 0) continue;
    const what = `event \`${path.slice(1).map(describeName).join(".")}\``;
    yield hit(context, { definer, callers, resources: [schema], what, about: `event\0${path.join("\0")}` });
  }
}

/** Who holds one of these and is not strong: names, sorted; of many those that were granted to. */
function weak(context: CheckContext, resource: Resource, privileges: readonly string[]): readonly string[] {
  const { index } = context;
  const place = index.classes.of(resourceKey(resource));
  if (place === undefined) return [];
  const key = `${place.id} ${privileges.join()}`;
  const known = memo(index);
  let found = known.get(key);
  if (found === undefined) {
    const sets = privileges.map((privilege) =>
      holdersOf(index, place, index.bits.bit(resource.kind, privilege), { reachable: true }),
    );
    const names = sets.some(({ everybody }) => everybody)
      ? [PUBLIC]
      : sets.flatMap(({ roles }) => listBits(roles).map((id) => index.graph.names[id] as RoleName));
    found = sorted(
      [...new Set(names)].filter((name) => name === PUBLIC || (context.inScope(name) && !isStrong(context, name))),
      compareBy((name) => name),
    );
    known.set(key, found);
  }
  return found;
}

const memos = new WeakMap<AccessIndex, Map<string, readonly string[]>>();

function memo(index: AccessIndex): Map<string, readonly string[]> {
  let found = memos.get(index);
  if (found === undefined) memos.set(index, (found = new Map()));
  return found;
}

interface Running {
  readonly definer: RoleName;
  readonly callers: readonly string[];
  readonly resources: readonly Resource[];
  readonly what: string;
  readonly about: string;
}

const NAMED = 3;

function hit(context: CheckContext, { definer, callers, resources, what, about }: Running): Hit {
  const more = callers.length > NAMED ? ` and ${callers.length - NAMED} more` : "";
  const who = `${callers.slice(0, NAMED).map(said).join(", ")}${more}`;
  return {
    message: `${what} runs with everything that ${said(definer)} has, and ${who} can use it`,
    principals: callers,
    resources: sorted(resources, compareResources),
    about: `${about}\0${definer}\0${resources.map(resourceKey).join("\0")}`,
    path: [`${who} uses ${what}`, `it runs as ${said(definer)}`],
    over: "escalable",
    fix: {
      text: `make ${what} anew with a definer that has only what it needs and cannot log in, or with SQL SECURITY INVOKER`,
    },
    ...sure(context),
  };
}
