import { onlyReduces } from "../analysis/only-reduces.ts";
import type { ReviewObligation } from "../approval/review.ts";
import { personal } from "../audit/entry/commitment.ts";
import type { SpoolPermit } from "../apply/spooling.ts";
import { formatTime } from "../base/clock.ts";
import type { RolewrightError } from "../base/error.ts";
import { sortedText } from "../base/order.ts";
import type { IdentityEntry, Manifest } from "../config/manifest.ts";
import { describeName } from "../model/resource.ts";
import { shortDigest } from "../base/digest.ts";
import { rolesOf } from "../plan/subjects.ts";
import type { Proposal } from "./applying.ts";
import { nowOf, readApprovals } from "./approvals.ts";
import { ownActor } from "./auditing.ts";
import type { CliContext } from "./context.ts";
import { doerOf } from "./doer.ts";
import { escapeLine } from "./output/escape.ts";
import type { Report } from "../analysis/report.ts";

type Spoolable = Pick<Proposal, "target" | "report" | "choices">;

/**
 * Whether a plan may go past an audit log that is down. A change that only takes access away may where it is due: what it takes belongs to people who left or whose time is over, or a person asked for it and said why. Anything else may
 * where the manifest allows to break the glass past the log, and somebody answers for it.
 */
export async function spoolPermit(
  proposal: Spoolable,
  context: CliContext,
): Promise<SpoolPermit | { readonly refused: string }> {
  const { target, report, choices } = proposal;
  const { reduce = "spool", break_glass = "off" } = target.manifest.audit?.on_failure ?? {};
  const obstacle = onlyReduces(report);
  const plan = report.plan.digest;
  if (obstacle === null && reduce === "spool") {
    const leaver = isOfLeavers(report, target.manifest, target.name, nowOf(context));
    if (leaver || choices.spool) {
      const cause = leaver ? "leaver" : "asked";
      const reason = choices.reason;
      const begun = (error: RolewrightError): Promise<null> => {
        tellPast(
          { plan, error, because: leaver ? "what it takes away is that of people who left" : (reason ?? "") },
          context,
        );
        return Promise.resolve(null);
      };
      return { plan, cause, reason, mayAdd: false, begun };
    }
  }
  if (choices.breakGlass && break_glass === "allow") return await brokenPast(proposal, context);
  if (obstacle === null) {
    return {
      refused:
        reduce === "refuse"
          ? "the manifest refuses changes that only take access away as well (`audit.on_failure.reduce`)"
          : "this plan only takes access away: with `--spool --reason TEXT` it is applied now, and the log takes it over later",
    };
  }
  return { refused: `only what takes access away alone may go past the log, and ${obstacle}` };
}

/** The way back at the end of a confirm window is due, where it only takes away what the change gave. */
export function windowPermit(
  report: Report,
  manifest: Manifest,
  context: CliContext,
): SpoolPermit | { readonly refused: string } {
  const obstacle = onlyReduces(report);
  const plan = report.plan.digest;
  if (obstacle !== null) return { refused: `only what takes access away alone may go past the log, and ${obstacle}` };
  if (manifest.audit?.on_failure?.reduce === "refuse")
    return { refused: "the manifest refuses it too (`audit.on_failure.reduce`)" };
  const begun = (error: RolewrightError): Promise<null> => {
    tellPast({ plan, error, because: "its confirm window is over" }, context);
    return Promise.resolve(null);
  };
  return { plan, cause: "window", reason: null, mayAdd: false, begun };
}

/** All that a plan changes are logins of people, services or agents who left, or whose last day is over. */
function isOfLeavers({ plan }: Report, manifest: Manifest, target: string, now: Date): boolean {
  const today = now.toISOString().slice(0, 10);
  const identities: readonly IdentityEntry[] = [manifest.people, manifest.services, manifest.agents].flatMap((each) =>
    Object.values(each ?? {}),
  );
  const gone = (entry: IdentityEntry): boolean =>
    (entry.left !== undefined && entry.left <= today) || (entry.until !== undefined && entry.until < today);
  const loginsOf = (entries: readonly IdentityEntry[]): ReadonlySet<string> =>
    new Set(entries.flatMap(({ logins }) => logins?.[target] ?? []));
  const leaving = loginsOf(identities.filter(gone));
  const staying = loginsOf(identities.filter((entry) => !gone(entry)));
  return plan.changes.every(({ change }) => {
    const role = change.kind === "remove-membership" ? change.membership.member : rolesOf(change)[0];
    return role !== undefined && leaving.has(role) && !staying.has(role);
  });
}

async function brokenPast(
  { target, report, choices }: Spoolable,
  context: CliContext,
): Promise<SpoolPermit | { readonly refused: string }> {
  const reason = choices.reason?.trim() ?? "";
  if (reason === "") return { refused: "to break the glass past the log takes a reason: `--reason TEXT`" };
  const applier = await doerOf(target.manifest, choices.as, context);
  const person = choices.as !== null && applier.people.includes(choices.as) ? choices.as : applier.people[0];
  if (person === undefined) {
    return { refused: "somebody of the manifest must answer for breaking the glass past the log: `--as PERSON`" };
  }
  const { plan } = report;
  return {
    plan: plan.digest,
    cause: "break-glass",
    reason,
    mayAdd: true,
    first: [
      {
        type: "breakglass.used",
        actor: ownActor(),
        target: {
          engine: plan.target.identity.engine,
          name: target.name,
          environment: target.environment,
          server: plan.target.identity.server,
        },
        plan: { digest: plan.digest },
        reason: personal(reason, person),
      },
    ],
    async begun(error) {
      const obligation: ReviewObligation = {
        format_version: "1.0",
        plan_digest: plan.digest,
        target: target.name,
        person,
        authors: sortedText([...(plan.made_by?.people ?? []), ...applier.people]),
        reviewers: [],
        reason,
        missing: [`the audit log was down: ${error.code} ${error.message}`],
        at: formatTime(nowOf(context)),
      };
      await (await readApprovals(target)).store.oblige(obligation);
      tellPast(
        { plan: plan.digest, error, because: `\`${describeName(person)}\` breaks the glass: ${reason}` },
        context,
      );
      return obligation;
    },
  };
}

function tellPast(
  { plan, error, because }: { readonly plan: string; readonly error: RolewrightError; readonly because: string },
  context: CliContext,
): void {
  context.progress.clear();
  context.tell([
    { kind: "line", label: "AUDIT LOG DOWN", tone: "bad", text: escapeLine(`${error.code} ${error.message}`) },
    {
      kind: "line",
      label: "GOING PAST IT",
      tone: "bad",
      text: escapeLine(
        `plan ${shortDigest(plan)} goes to the spool, which the log takes over when it is back; because ${because}`,
      ),
    },
  ]);
}
