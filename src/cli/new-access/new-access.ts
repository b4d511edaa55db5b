import { readFile } from "node:fs/promises";
import { resolve } from "node:path";
import { buildAccessIndex, type AccessIndex } from "../../analysis/access-index.ts";
import type { NewAccess } from "../../analysis/checks/report.ts";
import { accessDelta } from "../../analysis/delta.ts";
import { RolewrightError } from "../../base/error.ts";
import { type LoadedManifest, loadManifest } from "../../config/load.ts";
import { resolveManifest } from "../../config/resolve.ts";
import { diff } from "../../diff/diff.ts";
import { loadEngine } from "../../engine/registry.ts";
import type { AccessState } from "../../model/access-state.ts";
import { hasErrors } from "../../model/finding.ts";
import { readSnapshot } from "../../model/snapshot-json.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { Judged } from "../checking.ts";
import type { CliContext } from "../context.ts";
import { exists } from "../files.ts";
import { escapeLine } from "../output/escape.ts";
import { manifestError, type ReadManifest } from "../target.ts";
import { baseTitle, newAccessFindings } from "./compare.ts";
import { manifestAt } from "./git-manifest.ts";

/** What the files are compared with. */
export type Base =
  | { readonly kind: "snapshot"; readonly title: string; readonly snapshot: Snapshot }
  /** Null: there was none then. */
  | { readonly kind: "manifest"; readonly title: string; readonly loaded: LoadedManifest | null };

/** Reads the base: a snapshot or a manifest where there is such a file, else the manifest in a commit of Git. Throws RW163 for what is none of them. */
export async function readBase(base: string, manifest: string, context: CliContext): Promise<Base> {
  const path = resolve(context.cwd, base);
  context.progress.step(`reading the base ${base}`);
  if (!(await exists(path))) {
    const loaded = await manifestAt(base, manifest, context);
    return { kind: "manifest", title: baseTitle(base, loaded === null), loaded: checked(loaded, base) };
  }
  if (path.endsWith(".json"))
    return { kind: "snapshot", title: base, snapshot: readSnapshot(await readFile(path, "utf8")) };
  return { kind: "manifest", title: base, loaded: checked(await loadManifest(path, { env: context.env }), base) };
}

function checked(loaded: LoadedManifest | null, base: string): LoadedManifest | null {
  const [first] = loaded?.findings.filter((finding) => finding.severity === "error") ?? [];
  if (first === undefined) return loaded;
  throw new RolewrightError(
    "RW163",
    `the manifest of the base \`${escapeLine(base)}\` has errors: ${first.code} ${first.message}`,
    {
      help: "name a base whose manifest is valid",
    },
  );
}

/** What the files give that the base does not, both over the same state of the target. */
export async function newAccess(base: Base, read: ReadManifest, judged: Judged): Promise<NewAccess> {
  const { live, dialect, name } = judged;
  const { rules } = dialect;
  const files = resolveManifest(read.loaded, name, live, rules);
  if (hasErrors(files.findings)) throw manifestError(files.findings, read.sources);
  const before = await baseState(base, judged);
  const after = buildAccessIndex(files.desired, live.catalog, dialect.accessRules);
  const delta = accessDelta(before.index, after, { identities: files.identities, target: name });
  const changes = diff(before.state, files.desired, { rules });
  const brought = changes.map((change) => ({ change, locations: files.originOf(change).locations }));
  return { base: base.title, findings: newAccessFindings(delta, brought), unknowns: before.unknowns };
}

interface BaseState {
  readonly state: AccessState;
  readonly index: AccessIndex;
  readonly unknowns: NewAccess["unknowns"];
}

async function baseState(base: Base, { live, dialect, name }: Judged): Promise<BaseState> {
  if (base.kind === "snapshot") return await snapshotState(base, live);
  const here = base.loaded?.manifest?.targets;
  // A target that the base did not have is claimed by nothing there: then it is as it was read.
  const known = base.loaded !== null && here !== undefined && Object.hasOwn(here, name);
  const resolved = known ? resolveManifest(base.loaded, name, live, dialect.rules) : null;
  const state = resolved?.desired ?? live.access;
  return {
    state,
    index: buildAccessIndex(state, live.catalog, dialect.accessRules),
    // What the base could not give counts as new here: more is told than there is, never less.
    unknowns: (resolved?.findings ?? [])
      .filter((finding) => finding.severity === "error")
      .map((finding) => ({ subject: "a line of the base", reason: finding.message })),
  };
}

async function snapshotState(
  { snapshot, title }: Extract<Base, { kind: "snapshot" }>,
  live: Snapshot,
): Promise<BaseState> {
  if (snapshot.identity.engine !== live.identity.engine) {
    throw new RolewrightError(
      "RW163",
      `the snapshot \`${escapeLine(title)}\` is of another product: ${snapshot.identity.engine}`,
      {
        help: `name a snapshot of ${live.identity.engine}`,
      },
    );
  }
  const engine = await loadEngine(snapshot.identity.engine);
  const { accessRules } = engine.dialect(snapshot);
  return {
    state: snapshot.access,
    index: buildAccessIndex(snapshot.access, snapshot.catalog, accessRules),
    unknowns: snapshot.unknowns.map(({ subject, reason }) => ({ subject, reason })),
  };
}
