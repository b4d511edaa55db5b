import { resolve } from "node:path";
import { EXIT, type ExitCode, RolewrightError } from "../../base/error.ts";
import { isObservable, type ItemStanding } from "../../simulation/removals/standing.ts";
import { writeFileDurably } from "../../store/files/write-durably.ts";
import type { Action } from "../command-spec.ts";
import type { CliContext } from "../context.ts";
import { escapeLine } from "../output/escape.ts";
import type { Page } from "../output/page.ts";
import { compareLive } from "../pipeline.ts";
import { CANARY, canaryProblems, canaryText, doomedBy } from "../removals/canary.ts";
import { noteCanaryEnd } from "../removals/canary-end.ts";
import { appendRemoval, readRemovals, type RemovalRecord, removalStore, stamp } from "../removals/record.ts";
import { section } from "../removals/showing.ts";
import { itemText } from "../removals/words.ts";
import { counted } from "../render/words.ts";
import { withTarget } from "../target.ts";

/** Makes the role that pgAudit watches, as a part of the manifest; and notes that it is on when it is. */
export const canary: Action = async (context, input) =>
  await withTarget(context, async (target) => {
    const { server } = await target.connection.identify();
    const before = await readRemovals(target, server, context);
    const waiting = waitingIn(before);
    if (waiting.length === 0 && !before.canaryOn)
      throw new RolewrightError("RW584", "nothing is announced", {
        help: "`rolewright removals announce PLAN` comes first",
      });
    const { live } = await compareLive(target, context);
    const ended = await noteCanaryEnd(before, { target, live, context });
    if (waiting.length === 0) return showEnd(ended, context);
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
      const { key, standing } = await readRemovals(target, server, context);
      const fresh = waitingIn({ standing }).flatMap(({ canaryAt, item }) => (canaryAt === null ? item.id : []));
      if (fresh.length > 0) {
        await appendRemoval(removalStore(target), key, { kind: "canary", ...stamp(context), items: fresh });
        await target.record({ type: "canary.began", items: fresh.length, privileges: doomed.length });
      }
    }
    const blind = items.filter((item) => item.kind === "grant" && !isObservable(item));
    context.progress.clear();
    const page: Page = [
      ...endedLine(ended),
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
      ended,
      problems,
      privileges: doomed.length,
      not_seen: blind.map(({ id }) => id),
      file: problems.length === 0 ? null : file,
    }));
    return EXIT.done;
  });

function waitingIn({ standing }: Pick<RemovalRecord, "standing">): readonly ItemStanding[] {
  return [...standing.values()].filter(({ state }) => state === "announced" || state === "canary");
}

/** Nothing waits any more: the canary is to go, or went. */
function showEnd(ended: string | null, context: CliContext): ExitCode {
  context.progress.clear();
  const next = `take rolewright-canary.yaml out of \`include\`, plan and apply; as a superuser: alter system reset pgaudit.role; select pg_reload_conf();`;
  context.show(
    ended === null
      ? [
          { kind: "line", label: "STILL ON", tone: "warn", text: `\`${CANARY}\` is watched, and nothing waits for it` },
          { kind: "line", label: "NEXT", text: next },
        ]
      : endedLine(ended),
    () => ({ on: ended === null, ended, problems: [], privileges: 0, not_seen: [], file: null }),
  );
  return EXIT.done;
}

function endedLine(ended: string | null): Page {
  return ended === null
    ? []
    : [
        {
          kind: "line",
          label: "CANARY ENDED",
          tone: "warn",
          text: `${escapeLine(ended)}; what it did not see to the end is watched twice as long`,
        },
      ];
}
