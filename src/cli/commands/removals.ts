import { resolve } from "node:path";
import { buildAccessIndex } from "../../analysis/access-index.ts";
import { formatTime } from "../../base/clock.ts";
import { type Digest, shortDigest } from "../../base/digest.ts";
import { EXIT, type ExitCode, RolewrightError } from "../../base/error.ts";
import { sortedText } from "../../base/order.ts";
import { evidenceDigest } from "../../simulation/evidence/file.ts";
import { itemsOf } from "../../simulation/removals/item.ts";
import { isObservable, type ItemStanding, type RemovalEvent, standings } from "../../simulation/removals/standing.ts";
import { watchItems } from "../../simulation/removals/watching.ts";
import { writeFileDurably } from "../../store/files/write-durably.ts";
import type { Action } from "../command-spec.ts";
import type { CliContext } from "../context.ts";
import { holder } from "../doer.ts";
import { readObserved } from "../observing.ts";
import { escapeLine } from "../output/escape.ts";
import type { Block, Page } from "../output/page.ts";
import { compareLive } from "../pipeline.ts";
import { findPlan } from "../plan-files.ts";
import { canaryProblems, canaryText, doomedBy } from "../removals/canary.ts";
import { appendRemoval, removalStore, removalTimes, serverKey } from "../removals/record.ts";
import { itemText, standingDocument, standingItem } from "../removals/words.ts";
import { counted } from "../render/words.ts";
import { type OpenTarget, withTarget } from "../target.ts";
import { usageError } from "../usage.ts";

/** Writes down what a plan will take from whom, so that they can be told: from now on a use of it stops it. */
export const announce: Action = async (context, input) =>
  await withTarget(context, async (target) => {
    const { plan } = await findPlan(input.argument(0) ?? "", target.runs, context);
    const { key } = await readRecord(target, context);
    if (plan.target.identity.server !== (await target.connection.identify()).server) {
      throw new RolewrightError("RW403", `plan ${shortDigest(plan.digest)} is for another server`);
    }
    const items = itemsOf(plan.changes.map(({ change }) => change));
    if (items.length === 0)
      throw new RolewrightError("RW583", "the plan takes nothing from anybody that could be announced");
    await append(target, key, { kind: "announced", ...now(context), plan: plan.digest, items });
    return await show(target, context, [
      { label: "NEXT", text: "rolewright removals canary     lets the audit log tell who still uses it" },
    ]);
  });

/** Shows where every announced removal stands. */
export const showRemovals: Action = async (context) =>
  await withTarget(context, async (target) => await show(target, context, []));

/** Stops a removal, with the reason. */
export const cancelRemoval: Action = async (context, input) =>
  await withTarget(context, async (target) => {
    const because = input.text("because");
    if (because === null) throw usageError("RW004", "there is no reason", "say why with `--because TEXT`");
    const { key, standing } = await readRecord(target, context);
    const wanted = input.argument(0) ?? "";
    const found = [...standing.values()].filter(({ item }) => item.id.startsWith(`sha256:${wanted}`));
    const [only] = found;
    if (only === undefined || found.length > 1 || wanted.length < 4) {
      throw new RolewrightError("RW584", `\`${wanted}\` is not the beginning of one announced removal`, {
        help: "`rolewright removals show` lists them",
      });
    }
    await append(target, key, { kind: "cancelled", ...now(context), item: only.item.id, because });
    return await show(target, context, []);
  });

/** Makes the role that pgAudit watches, as a part of the manifest; and notes that it is on when it is. */
export const canary: Action = async (context, input) =>
  await withTarget(context, async (target) => {
    const { key, standing } = await readRecord(target, context);
    const waiting = [...standing.values()].filter(({ state }) => state === "announced" || state === "canary");
    if (waiting.length === 0)
      throw new RolewrightError("RW584", "nothing is announced", {
        help: "`rolewright removals announce PLAN` comes first",
      });
    const { live } = await compareLive(target, context);
    const posture = await target.connection.posture(live, { signal: context.signal });
    const items = waiting.map(({ item }) => item);
    const doomed = doomedBy(items, live);
    const problems = canaryProblems(doomed, live, posture);
    const [refusal] = problems.filter(({ refuses }) => refuses === true);
    if (refusal !== undefined)
      throw new RolewrightError("RW585", refusal.text, { help: refusal.help, exitCode: EXIT.refused });
    const file = input.text("out") ?? "rolewright-canary.yaml";
    if (problems.length > 0) await writeFileDurably(resolve(context.cwd, file), canaryText(doomed));
    else {
      const fresh = waiting.filter(({ canaryAt }) => canaryAt === null).map(({ item }) => item.id);
      if (fresh.length > 0) await append(target, key, { kind: "canary", ...now(context), items: fresh });
    }
    const blind = items.filter((item) => item.kind === "grant" && !isObservable(item));
    context.progress.clear();
    const page: Page = [
      ...section(
        "NOT YET ON",
        problems.map(({ text, help }) => ({ sign: "!", tone: "warn", text: escapeLine(text), help: escapeLine(help) })),
      ),
      ...section(
        "THE CANARY DOES NOT SEE",
        blind.map((item) => ({ sign: "?", text: itemText(item) })),
        "watched twice as long instead",
      ),
      {
        kind: "line",
        label: problems.length === 0 ? "ON" : "WRITTEN",
        ...(problems.length === 0 ? { tone: "good" as const } : {}),
        text:
          problems.length === 0
            ? `the audit log names every use of ${counted(doomed.length, "privilege")}; nothing is taken from anybody`
            : `${escapeLine(file)}: ${counted(doomed.length, "privilege")}`,
      },
      {
        kind: "line",
        label: "NEXT",
        text:
          problems.length === 0
            ? "rolewright removals watch --evidence FILE     with what `workload collect` made of the log"
            : "rolewright removals canary     again, when all of that is done",
      },
    ];
    context.show(page, () => ({
      on: problems.length === 0,
      problems,
      privileges: doomed.length,
      not_seen: blind.map(({ id }) => id),
      file: problems.length === 0 ? null : file,
    }));
    return EXIT.done;
  });

/** Looks through evidence for uses of what is announced: what is used is cancelled, with the statement. */
export const watchRemovals: Action = async (context, input) =>
  await withTarget(context, async (target) => {
    const files = input.list("evidence");
    if (files.length === 0)
      throw usageError(
        "RW004",
        "there is no evidence",
        "collect it with `rolewright workload collect`, and name it with `--evidence FILE`",
      );
    const { key, standing } = await readRecord(target, context);
    const { live, dialect, declared } = await compareLive(target, context);
    const by = input.flag("shadow") ? "shadow" : "target";
    const { evidence, requirements } = await readObserved(target, context, { evidence: files, by, live });
    const index = buildAccessIndex(live.access, live.catalog, dialect.accessRules);
    const seen = watchItems({ index, evidence, requirements, declared, standing: [...standing.values()] });
    for (const { item, pair } of seen.used) {
      const { statement, lastSeen } = pair;
      const role = pair.login ?? pair.role;
      await append(target, key, {
        kind: "used",
        ...now(context),
        item: item.id,
        role,
        statement: statement.text,
        lastSeen,
      });
    }
    if (seen.until !== null)
      await append(target, key, {
        kind: "watched",
        ...now(context),
        until: seen.until,
        evidence: evidenceDigest(evidence),
      });
    const more: Block[] = [
      ...section(
        "COULD HAVE USED IT",
        seen.open.slice(0, 20).map((pair) => ({
          sign: "?",
          tone: "warn",
          text: `${pair.role}: ${escapeLine(pair.statement.text)}`,
          because: escapeLine(pair.open ?? ""),
        })),
        "what these need is not known",
      ),
      ...(seen.until === null
        ? [
            {
              kind: "line" as const,
              label: "NOT COUNTED",
              tone: "warn" as const,
              text: "the evidence does not reach back to where watching had come to: collect the time between too",
            },
          ]
        : []),
    ];
    return await show(target, context, [], more);
  });

interface RemovalRecord {
  readonly key: Digest;
  readonly standing: ReadonlyMap<Digest, ItemStanding>;
}

async function readRecord(target: OpenTarget, context: CliContext): Promise<RemovalRecord> {
  const key = serverKey((await target.connection.identify()).server);
  const events = await removalStore(target).events(key);
  return { key, standing: standings(events, removalTimes(target.manifest), context.clock.now()) };
}

async function append(target: OpenTarget, key: Digest, event: RemovalEvent): Promise<void> {
  await appendRemoval(removalStore(target), key, event);
}

function now(context: CliContext): { readonly at: string; readonly by: string } {
  return { at: formatTime(context.clock.now()), by: holder() };
}

async function show(
  target: OpenTarget,
  context: CliContext,
  next: readonly { readonly label: string; readonly text: string }[],
  more: readonly Block[] = [],
): Promise<ExitCode> {
  const { standing } = await readRecord(target, context);
  const all = [...standing.values()];
  const order = ["cancelled", "announced", "canary", "ready"] as const;
  const sorted = order.flatMap((state) => all.filter((each) => each.state === state));
  const count = (state: ItemStanding["state"]): number => all.filter((each) => each.state === state).length;
  const summary = `${counted(all.length, "removal")}: ${count("ready")} ready, ${count("canary")} in the canary, ${count("announced")} announced, ${count("cancelled")} cancelled`;
  context.progress.clear();
  context.show(
    [
      ...section("REMOVALS", sorted.map(standingItem), concerned(all)),
      ...more,
      { kind: "line", label: "SUMMARY", text: summary },
      ...next.map((each) => ({ kind: "line" as const, ...each })),
    ],
    () => ({ target: target.name, removals: sorted.map(standingDocument) }),
  );
  return EXIT.done;
}

/** Who is to be told. */
function concerned(all: readonly ItemStanding[]): string {
  const roles = sortedText(
    all.flatMap(({ item, state }) =>
      state === "cancelled" ? [] : item.kind === "grant" ? [item.grantee] : [item.member],
    ),
  );
  return roles.length === 0
    ? ""
    : `to be told: ${roles.slice(0, 12).join(", ")}${roles.length > 12 ? ` and ${roles.length - 12} more` : ""}`;
}

function section(title: string, items: Extract<Block, { kind: "section" }>["items"], note?: string): readonly Block[] {
  if (items.length === 0) return [];
  return [{ kind: "section", title, ...(note === undefined || note === "" ? {} : { note }), items }];
}
