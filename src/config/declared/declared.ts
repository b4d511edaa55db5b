import { compareText, sortedText } from "../../base/order.ts";
import { type Declared, type DeclaredRole, DEFAULT_LIMITS, type Limits } from "../../model/declared.ts";
import type { Identity } from "../../model/identity.ts";
import type { Role, RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { StateRules } from "../../model/state-rules.ts";
import type { LoadedManifest } from "../load.ts";
import type { Manifest, RoleEntry } from "../manifest.ts";
import type { LimitsEntry } from "../manifest-judging.ts";
import { Findings, type Locate } from "../report.ts";
import { acceptancesOf } from "./acceptances.ts";
import { dutiesOf } from "./duties.ts";
import { policiesOf } from "./policies.ts";
import { sensitiveOf } from "./sensitive.ts";
import { approversOf, separationOf } from "./separation.ts";
import { severitiesOf } from "./severities.ts";
import { statementTestsOf, testsOf } from "./tests.ts";

/** What names are looked up in, and where what is wrong goes. */
export interface DeclaredContext {
  readonly manifest: Manifest;
  readonly target: string;
  readonly environment: string;
  readonly live: Snapshot;
  readonly rules: StateRules;
  readonly identities: readonly Identity[];
  /** The roles that exist, live or by the manifest. */
  readonly roles: ReadonlyMap<RoleName, Role>;
  readonly findings: Findings;
  readonly locate: Locate;
}

/** What a manifest says for checks, policies and tests on one target as it was read; `findings` are added to. */
export interface DeclaredResult {
  readonly declared: Declared;
  readonly findings: ReturnType<Findings["sorted"]>;
}

/** Looks up all that the manifest says for checks, policies and access tests. Pure. `identities` and `roles` come from the Resolution of the same manifest. */
export function resolveDeclared(
  loaded: Pick<LoadedManifest, "locate"> & { readonly manifest: Manifest },
  target: string,
  given: Pick<DeclaredContext, "live" | "rules" | "identities" | "roles">,
): DeclaredResult {
  const { manifest, locate } = loaded;
  const findings = new Findings(locate);
  const environment = manifest.targets?.[target]?.environment ?? "";
  const context: DeclaredContext = { manifest, target, environment, findings, locate, ...given };
  const declared: Declared = {
    roles: rolesOf(context),
    identities: given.identities,
    sensitive: sensitiveOf(context),
    duties: dutiesOf(context),
    separation: separationOf(context),
    approvers: approversOf(manifest, target),
    targets: sortedText(Object.keys(manifest.targets ?? {})),
    tests: testsOf(context),
    statementTests: statementTestsOf(context),
    limits: limitsOf(manifest.limits),
    severities: severitiesOf(context),
    acceptances: acceptancesOf(context),
    policies: policiesOf(context),
    packs: sortedText(manifest.packs ?? []),
  };
  return { declared, findings: findings.sorted() };
}

function rolesOf({ manifest, target, locate }: DeclaredContext): ReadonlyMap<RoleName, DeclaredRole> {
  const roles = Object.entries(manifest.roles ?? {})
    .filter(([, entry]) => entry.targets?.includes(target) ?? true)
    .sort(([a], [b]) => compareText(a, b))
    .map(([name, entry]): readonly [RoleName, DeclaredRole] => [name, declaredRole(name, entry, locate)]);
  return new Map(roles);
}

function declaredRole(name: RoleName, entry: RoleEntry, locate: Locate): DeclaredRole {
  const location = locate(["roles", name]);
  const settings = settingsOf(entry);
  return {
    name,
    purpose: entry.purpose ?? null,
    owner: entry.owner ?? null,
    reviewBy: entry.review_by ?? null,
    because: entry.because ?? null,
    ...(settings.length === 0 ? {} : { settings }),
    ...(location === undefined ? {} : { location }),
  };
}

/** What is said to be set; null in the manifest means that it is to be absent. */
function settingsOf({
  settings = {},
  databases_settings: byDatabase = {},
}: RoleEntry): NonNullable<DeclaredRole["settings"]> {
  const of = (
    database: string | null,
    said: NonNullable<RoleEntry["settings"]>,
  ): NonNullable<DeclaredRole["settings"]> =>
    Object.entries(said).flatMap(([name, value]) => (value === null ? [] : [{ database, name }]));
  return [...of(null, settings), ...Object.entries(byDatabase).flatMap(([database, said]) => of(database, said))];
}

function limitsOf(entry: LimitsEntry = {}): Limits {
  return {
    administrators: entry.administrators ?? DEFAULT_LIMITS.administrators,
    depth: entry.depth ?? DEFAULT_LIMITS.depth,
    overlap: entry.overlap ?? DEFAULT_LIMITS.overlap,
    reach: entry.reach ?? DEFAULT_LIMITS.reach,
    dormantDays: entry.dormant_days ?? DEFAULT_LIMITS.dormantDays,
    unusedDays: entry.unused_days ?? DEFAULT_LIMITS.unusedDays,
    expiryDays: entry.expiry_days ?? DEFAULT_LIMITS.expiryDays,
    drillDays: entry.drill_days ?? DEFAULT_LIMITS.drillDays,
    cacheSeconds: entry.cache_seconds ?? DEFAULT_LIMITS.cacheSeconds,
  };
}
