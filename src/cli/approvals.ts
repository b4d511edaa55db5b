import { readFile } from "node:fs/promises";
import { dirname, resolve } from "node:path";
import type { ApprovalStore } from "../approval/approval-store.ts";
import { decide, type Decision } from "../approval/decision.ts";
import { type Subject, targetOf } from "../approval/document.ts";
import type { Doer, Person } from "../approval/people.ts";
import { type ApprovalRule, type Requirement, requirementsFor, ruleOfPolicy } from "../approval/requirement.ts";
import { type JudgedRisk, riskOf } from "../approval/risk.ts";
import type { Trust } from "../approval/signed-by.ts";
import { parseAllowedSigners } from "../approval/ssh/allowed-signers.ts";
import { isProduction } from "../analysis/analyze.ts";
import type { Report } from "../analysis/report.ts";
import { type Digest, digestJson, type Json } from "../base/digest.ts";
import { RolewrightError } from "../base/error.ts";
import type { IdentityEntry, Manifest } from "../config/manifest.ts";
import type { ApprovalEntry } from "../config/manifest-judging.ts";
import type { AccessRules } from "../model/access-rules.ts";
import type { Plan } from "../plan/plan.ts";
import { fileApprovalStore } from "../store/files/approval-store.ts";
import type { CliContext } from "./context.ts";
import { chosenFor, type ReadManifest } from "./target.ts";

/** Whose word counts for what, by the manifest and the allowed-signers file beside it. */
export interface Approvals {
  readonly rules: readonly ApprovalRule[];
  readonly trust: Trust;
  /** The allowed-signers file, absolute. */
  readonly signersFile: string;
  readonly store: ApprovalStore;
}

/** Reads what approvals are judged by. A missing allowed-signers file is an empty one: nobody is known then. Throws RW657 for one that cannot be read. */
export async function readApprovals(
  read: Pick<ReadManifest, "manifest" | "loaded" | "runsFolder">,
): Promise<Approvals> {
  const { manifest, loaded, runsFolder } = read;
  const named = manifest.allowed_signers ?? "allowed_signers";
  const signersFile = resolve(loaded.root, named);
  const text = await readSigners(signersFile, manifest.allowed_signers !== undefined);
  return {
    rules: (manifest.approvals ?? []).map((entry, index) => ruleOf(entry, `approvals[${index}]`)),
    trust: { people: peopleIn(manifest), signers: parseAllowedSigners(text, named) },
    signersFile,
    store: fileApprovalStore({ folder: dirname(runsFolder) }),
  };
}

/** A plan with everything that its approvals are judged by. */
export interface ApprovalCase {
  readonly plan: Plan;
  readonly subject: Subject;
  readonly risk: JudgedRisk;
  readonly requirements: readonly Requirement[];
  readonly author: Doer | null;
  readonly applier: Doer | null;
}

/**
 * What is asked for of this plan. The target's name and environment are the manifest's: what a plan says of itself could have been written to be asked for less. `accessRules` null: it could not be worked out who gains and
 * loses.
 */
export function approvalCase(
  report: Report,
  read: Pick<ReadManifest, "manifest" | "loaded">,
  given: {
    readonly approvals: Approvals;
    /** In the manifest as it is. */
    readonly target: { readonly name: string; readonly environment: string };
    readonly accessRules: Pick<AccessRules, "privilegeClass"> | null;
    readonly applier: Doer | null;
    /** The digest of the plan's simulation; null: there is none. */
    readonly simulation: Digest | null;
    readonly now: Date;
  },
): ApprovalCase {
  const { plan, delta, findings } = report;
  const { name, environment } = given.target;
  const access = given.accessRules === null ? null : { delta, rules: given.accessRules };
  const risk = riskOf({ plan, access, findings, production: isProduction(environment) });
  const author = plan.made_by ?? null;
  const { applier, now, approvals } = given;
  const { people } = approvals.trust;
  const asked = (report.policies ?? []).flatMap(({ policy, approvals: wanted }) =>
    wanted === undefined ? [] : ruleOfPolicy({ policy, ...wanted }, { people, anyway: approvals.rules }),
  );
  const requirements = requirementsFor({
    rules: [...approvals.rules, ...asked],
    people: approvals.trust.people,
    target: { name, environment },
    risk: risk.risk,
    author,
    applier,
    now,
  });
  return { plan, subject: subjectOf(plan, read, given.simulation), risk, requirements, author, applier };
}

/** The target that a plan is for, as the manifest has it. */
export function targetHere(
  plan: Plan,
  manifest: Manifest,
  context: CliContext,
): { readonly name: string; readonly environment: string } {
  const name = chosenFor(plan, manifest, context);
  return { name, environment: manifest.targets?.[name]?.environment ?? "development" };
}

/** Decides by what was signed until now. */
export async function decideNow(asked: ApprovalCase, approvals: Approvals, now: Date): Promise<Decision> {
  const records = await approvals.store.list(asked.plan.digest);
  return decide({ subject: asked.subject, requirements: asked.requirements, records, trust: approvals.trust, now });
}

/** What an approval of this plan is bound to. */
export function subjectOf(
  plan: Plan,
  { manifest, loaded }: Pick<ReadManifest, "manifest" | "loaded">,
  simulation: Digest | null,
): Subject {
  const { policies } = manifest;
  return {
    plan_digest: plan.digest,
    target: targetOf(plan.target),
    manifest_digest: loaded.digest,
    policy_digest: policies === undefined ? null : digestJson(policies as unknown as Json),
    simulation_digest: simulation,
    author: plan.made_by ?? null,
  };
}

/** The time that approvals are judged at. */
export function nowOf(context: Pick<CliContext, "clock">): Date {
  return context.clock.now();
}

/** How long an approval counts where its rule does not say. */
export const DEFAULT_VALID_HOURS = 72;

function ruleOf(entry: ApprovalEntry, name: string): ApprovalRule {
  return {
    name,
    targets: entry.targets ?? null,
    environments: entry.environments ?? null,
    risk: entry.risk ?? "low",
    approvers: entry.approvers ?? [],
    teams: entry.teams ?? [],
    count: entry.count ?? 1,
    validHours: entry.valid_hours ?? DEFAULT_VALID_HOURS,
    breakGlass: entry.break_glass ?? true,
  };
}

function peopleIn({ people = {} }: Manifest): readonly Person[] {
  return Object.entries(people).map(([name, entry]) => personOf(name, entry));
}

function personOf(name: string, entry: IdentityEntry): Person {
  const { email = null, team = null, left = null, shared = false } = entry;
  return { name, email, team, left, shared };
}

async function readSigners(file: string, wasNamed: boolean): Promise<string> {
  try {
    return await readFile(file, "utf8");
  } catch (cause) {
    const missing = cause instanceof Error && "code" in cause && cause.code === "ENOENT";
    if (missing && !wasNamed) return "";
    throw new RolewrightError("RW657", `the allowed signers \`${file}\` cannot be read`, {
      cause,
      help: "make the file, or correct `allowed_signers` in the manifest",
    });
  }
}
