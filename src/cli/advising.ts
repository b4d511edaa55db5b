import { dirname, extname, join, resolve } from "node:path";
import { mkdir, writeFile } from "node:fs/promises";
import { type AccessIndex, buildAccessIndex } from "../analysis/access-index.ts";
import { RolewrightError } from "../base/error.ts";
import { parseManifestSources } from "../config/load.ts";
import { resolveManifest } from "../config/resolve.ts";
import { type Said, saidOf } from "../config/tighten/said.ts";
import { type HeldGrant, type Tightening, tightenSources } from "../config/tighten/tighten.ts";
import { diff } from "../diff/diff.ts";
import { predict } from "../diff/predict.ts";
import type { Change } from "../model/change.ts";
import { hasErrors } from "../model/finding.ts";
import { resourceKey } from "../model/resource.ts";
import type { Evidence } from "../model/workload.ts";
import type { Advice, Unit } from "../simulation/advise/advice.ts";
import { advise } from "../simulation/advise/advise.ts";
import { keptKeys } from "../simulation/advise/changes.ts";
import type { AdviseRules } from "../simulation/advise/obstacles.ts";
import { proveLeast, type Worse, worseOff } from "../simulation/advise/prove.ts";
import { grantKey, memberKey } from "../simulation/advise/ways.ts";
import type { CliContext } from "./context.ts";
import { compareLive, type Comparison } from "./pipeline.ts";
import { type NeedsReader, readObserved } from "./observing.ts";
import type { OpenTarget } from "./target.ts";

/** What is asked for. */
export interface AdviseRequest {
  readonly evidence: readonly string[];
  readonly role: string | null;
  readonly rules: AdviseRules;
  /** Patterns that lose anything become lists. */
  readonly lists: boolean;
  readonly by: NeedsReader;
}

/** Advice about one target, and the manifest that follows it. */
export interface Advised {
  readonly compared: Comparison;
  readonly evidence: Evidence;
  readonly advice: Advice;
  /** How it was read what statements need, as people are told. */
  readonly basis: string;
  /** The files that change, by name, as they would be; empty where nothing is advised or the manifest is code. */
  readonly files: ReadonlyMap<string, string>;
  /** What these files change on the target besides what the files of today would. */
  readonly changes: readonly Change[];
  /** Observed statements that would be worse off under the tightened manifest: empty, or nothing is written. */
  readonly worse: readonly Worse[];
  /** The state under the tightened manifest. */
  readonly after: AccessIndex;
  /** Kept units that could go too: empty, or the advice is not the least. Null: too many to try each. */
  readonly spare: readonly Unit[] | null;
}

/** Of more units than this it is not tried one by one whether each is needed. */
const MOST_TRIED = 2000;

export async function adviseTarget(target: OpenTarget, context: CliContext, request: AdviseRequest): Promise<Advised> {
  const compared = await compareLive(target, context);
  const { live, dialect, declared } = compared;
  const { evidence, pairs, requirements, basis } = await readObserved(target, context, { ...request, live });
  context.progress.step("working out what nobody uses");
  const said = saidOf({ ...target.loaded, manifest: target.manifest }, target.name, live, dialect.rules);
  const index = buildAccessIndex(live.access, live.catalog, dialect.accessRules);
  const advice = advise({
    index,
    evidence,
    requirements,
    declared,
    target: target.name,
    rules: request.rules,
    bundles: bundlesOf(said, request.lists),
    managed: (role) => said.roles.has(role),
    ...(request.role === null ? {} : { only: request.role }),
  });
  const isCode = target.loaded.files.some((file) => !/^\.ya?ml$/u.test(extname(file)));
  const files = isCode || isEmpty(advice) ? new Map<string, string>() : patch(said, advice, target, request.lists);
  context.progress.step("simulating the advice with the same evidence");
  const { changes, after } = await resultOf(files, target, compared);
  const states = { before: index, after: buildAccessIndex(after, live.catalog, dialect.accessRules) };
  const proof = { index, rules: dialect.rules, pairs, requirements };
  return {
    compared,
    after: states.after,
    evidence,
    advice,
    basis,
    files,
    changes,
    worse: worseOff(pairs, requirements, states),
    spare: advice.needed.length > MOST_TRIED ? null : proveLeast(advice, proof),
  };
}

/** Writes the tightened manifest under a folder: its files as they stand beside each other, those that stay as they are too, so that it can be planned as it is. Nothing where nothing changes. */
export async function writeFiles(
  changed: ReadonlyMap<string, string>,
  { loaded }: OpenTarget,
  to: { readonly out: string; readonly context: CliContext },
): Promise<void> {
  if (changed.size === 0) return;
  for (const name of loaded.files) {
    const path = join(resolve(to.context.cwd, to.out), name);
    await mkdir(dirname(path), { recursive: true });
    await writeFile(path, changed.get(name) ?? loaded.sources.get(name) ?? "");
  }
}

/** What one place of the manifest says is taken as a whole, where it is not a list of things of one role. */
function bundlesOf(said: Said, lists: boolean): readonly Unit[] {
  return said.places.flatMap((place): readonly Unit[] => {
    const id = place.path.join(".");
    if (place.kind === "membership") {
      const members = place.pairs.map(({ role, member }) => memberKey(member, role));
      const [first] = place.pairs;
      if (first === undefined || place.pairs.length < 2) return [];
      const what = { kind: "membership" as const, members: place.pairs.map(({ member }) => member), role: first.role };
      return [{ id, what, grants: [], members, fixed: null }];
    }
    if (place.form === "line" && (!place.isPattern || lists)) return [];
    const all = place.gives.flatMap((give) =>
      give.privileges.flatMap((privilege) =>
        give.resources.map((resource) => ({ grantee: give.grantee, privilege, resource })),
      ),
    );
    const groups = place.form === "preset" ? [all] : [...Map.groupBy(all, ({ privilege }) => privilege).values()];
    return groups.map((group) => ({ ...grantUnit(group), id: `${id} ${group[0]?.privilege ?? ""}` }));
  });
}

function grantUnit(group: readonly HeldGrant[]): Unit {
  const resources = [...new Map(group.map(({ resource }) => [resourceKey(resource), resource])).values()];
  return {
    id: "",
    what: {
      kind: "grant",
      grantees: [...new Set(group.map(({ grantee }) => grantee))],
      privileges: [...new Set(group.map(({ privilege }) => privilege))],
      resources,
    },
    grants: group.map(({ grantee, privilege, resource }) => grantKey(grantee, privilege, resource)),
    members: [],
    fixed: null,
  };
}

function isEmpty({ removals, narrowings }: Advice): boolean {
  return removals.length === 0 && narrowings.length === 0;
}

function patch(said: Said, advice: Advice, { loaded }: OpenTarget, lists: boolean): ReadonlyMap<string, string> {
  return tightenSources(said, { ...tighteningOf(advice), lists }, loaded);
}

/** What the advice takes, thing by thing, without what another place keeps. */
function tighteningOf(advice: Advice): Tightening {
  const kept = keptKeys(advice);
  const grants = new Map<string, HeldGrant>();
  const memberships = new Map<string, { role: string; member: string }>();
  for (const { unit } of advice.removals) {
    const { what } = unit;
    if (what.kind === "membership") {
      for (const member of what.members) {
        const key = memberKey(member, what.role);
        if (!kept.has(key)) memberships.set(key, { member, role: what.role });
      }
      continue;
    }
    const taken = new Set(unit.grants.filter((key) => !kept.has(key)));
    for (const grantee of what.grantees) {
      for (const privilege of what.privileges) {
        for (const resource of what.resources) {
          const key = grantKey(grantee, privilege, resource);
          if (taken.has(key)) grants.set(key, { grantee, privilege, resource });
        }
      }
    }
  }
  return {
    grants: [...grants.values()],
    memberships: [...memberships.values()],
    columns: advice.narrowings.map(({ grantee, privilege, table, columns }) => ({
      grantee,
      privilege,
      resource: table,
      columns,
    })),
  };
}

/** What the tightened files change, and the state that they lead to. Throws RW581 where they are not a manifest any more, which would be our mistake. */
async function resultOf(
  files: ReadonlyMap<string, string>,
  target: OpenTarget,
  { live, dialect, resolution }: Comparison,
): Promise<{ readonly changes: readonly Change[]; readonly after: Comparison["live"]["access"] }> {
  if (files.size === 0) return { changes: [], after: live.access };
  const sources = target.loaded.files.map((path) => ({
    path,
    text: files.get(path) ?? target.loaded.sources.get(path) ?? "",
  }));
  const loaded = parseManifestSources(sources, target.loaded.env);
  const tightened = resolveManifest(loaded, target.name, live, dialect.rules);
  const findings = [...loaded.findings, ...tightened.findings];
  if (hasErrors(findings)) {
    const [first] = findings.filter((each) => each.severity === "error");
    throw new RolewrightError("RW581", `the tightened manifest would not be valid: ${first?.message ?? ""}`, {
      help: "this is a defect of rolewright, please report it; nothing was written",
    });
  }
  const rules = { rules: dialect.rules };
  const changes = diff(live.access, tightened.desired, { ...rules, renames: tightened.renames });
  const today = new Set(
    diff(live.access, resolution.desired, { ...rules, renames: resolution.renames }).map((each) =>
      JSON.stringify(each),
    ),
  );
  return {
    changes: changes.filter((each) => !today.has(JSON.stringify(each))),
    after: predict(live.access, changes, dialect.rules),
  };
}
