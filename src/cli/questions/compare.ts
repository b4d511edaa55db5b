import { accessDelta } from "../../analysis/delta.ts";
import { EXIT, type ExitCode, RolewrightError } from "../../base/error.ts";
import { resolveManifest } from "../../config/resolve.ts";
import { predict } from "../../diff/predict.ts";
import { readPlan } from "../../plan/plan-json.ts";
import type { CliContext } from "../context.ts";
import type { Input } from "../input.ts";
import {
  factText,
  gainTable,
  lossTable,
  pathText,
  subjectName,
  subjectsSummary,
  unknownSection,
} from "../render/delta.ts";
import { toCsv } from "./csv.ts";
import type { DeltaLine } from "../../analysis/access-delta.ts";
import { deltaDocument } from "../render/plan-document.ts";
import { readManifest } from "../target.ts";
import { usageError } from "../usage.ts";
import { type AccessSource, readSource, inState, readText, snapshotSource } from "./source.ts";

/**
 * Who gained and who lost what from A to B. Each is a snapshot file, a plan file (the state that it leads to), `files` (what the manifest asks for) or `live`. Plans and files need a state to
 * start from: the snapshot on the other side or of `--snapshot`, else the live target.
 */
export async function showComparison(context: CliContext, input: Input): Promise<ExitCode> {
  const [a, b] = [input.argument(0), input.argument(1)];
  if (a === null || b === null)
    throw usageError(
      "RW003",
      "`access --diff` compares two states",
      "such as `rolewright access --diff yesterday.json live`",
    );
  const base = once(async () => await baseSource(context, input, [a, b]));
  const before = await sideOf(context, a, base);
  const after = await sideOf(context, b, base);
  const delta = accessDelta(before.index, after.index, {
    identities: before.identities,
    target: before.target,
    unknowns: [...before.snapshot.unknowns, ...(after.snapshot === before.snapshot ? [] : after.snapshot.unknowns)],
  });
  context.progress.clear();
  const view = { detail: input.flag("detail") };
  if (input.flag("csv")) {
    context.write(
      toCsv([["direction", "who", "what", "way"], ...csvRows("loses", delta.losses), ...csvRows("gains", delta.gains)]),
    );
    return EXIT.done;
  }
  context.show(
    [
      {
        kind: "facts",
        facts: [
          { label: "from", value: a },
          { label: "to", value: b },
        ],
      },
      lossTable(delta, view),
      gainTable(delta, view),
      unknownSection(delta),
      {
        kind: "line",
        label: "SUMMARY",
        text: `${subjectsSummary(delta.subjectsLosing, delta.losses, ["loses access", "lose access"])}. ${subjectsSummary(delta.subjectsGaining, delta.gains, ["gains", "gain"])}`,
      },
    ],
    () => ({ from: a, to: b, ...deltaDocument(delta) }),
  );
  return EXIT.done;
}

/** One row for each subject of each line. */
function csvRows(direction: string, lines: readonly DeltaLine[]): string[][] {
  return lines.flatMap((line) =>
    line.subjects.map((subject) => [
      direction,
      subjectName(subject),
      factText(line.what),
      line.paths.map(pathText).join("; "),
    ]),
  );
}

type Side = "live" | "files" | "snapshot" | "plan";

async function sideOf(context: CliContext, text: string, base: () => Promise<AccessSource>): Promise<AccessSource> {
  const kind = await kindOf(context, text);
  switch (kind) {
    case "live":
      return await base();
    case "snapshot":
      return await snapshotSource(context, text);
    case "files": {
      const source = await base();
      const { loaded } = await readManifest(context);
      return inState(source, resolveManifest(loaded, source.target, source.snapshot, source.dialect.rules).desired);
    }
    case "plan": {
      const source = await base();
      const plan = readPlan(await readText(context, text));
      if (plan.fingerprint.before !== source.snapshot.fingerprint) {
        throw new RolewrightError(
          "RW824",
          `the plan \`${text}\` was made from another state than the one it is compared over`,
          {
            exitCode: EXIT.stale,
            help: "plan again, or give the snapshot that it was made from with `--snapshot`",
          },
        );
      }
      return inState(
        source,
        predict(
          source.snapshot.access,
          plan.changes.map((each) => each.change),
          source.dialect.rules,
        ),
      );
    }
  }
}

async function kindOf(context: CliContext, text: string): Promise<Side> {
  if (text === "live" || text === "files") return text;
  const content: unknown = parseJson(await readText(context, text), text);
  return typeof content === "object" && content !== null && "stages" in content ? "plan" : "snapshot";
}

function parseJson(text: string, file: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new RolewrightError("RW805", `the file \`${file}\` is neither a snapshot nor a plan`, {
      cause,
      help: "make one with `rolewright snapshot` or `rolewright plan --out FILE`",
    });
  }
}

/** What plans and files are applied to: `--snapshot`, or the snapshot on the other side, or the live target. */
async function baseSource(context: CliContext, input: Input, sides: readonly string[]): Promise<AccessSource> {
  if (input.text("snapshot") !== null || sides.includes("live")) return await readSource(context, input);
  for (const side of sides)
    if ((await kindOf(context, side)) === "snapshot") return await snapshotSource(context, side);
  return await readSource(context, input);
}

function once<T>(make: () => Promise<T>): () => Promise<T> {
  let made: Promise<T> | undefined;
  return () => (made ??= make());
}
