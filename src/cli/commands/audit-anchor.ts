import { execFile } from "node:child_process";
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { personal } from "../../audit/entry/commitment.ts";
import { encodeBase64 } from "../../audit/note/base64.ts";
import { EXIT, RolewrightError } from "../../base/error.ts";
import { writeFileDurably } from "../../store/files/write-durably.ts";
import { openLogForReading, openLogForWriting, ownActor } from "../auditing.ts";
import type { Action } from "../command-spec.ts";
import type { CliContext } from "../context.ts";
import { escapeLine } from "../output/escape.ts";
import { usageError } from "../usage.ts";
import { askWitnesses, keepWitnessed, witnessesGiven } from "../witness/collect.ts";

const run = promisify(execFile);

/** Keeps the checkpoint elsewhere, with the signatures of witnesses where any are asked, and records where. */
export const auditAnchor: Action = async (context, input) => {
  const [out, git] = [input.text("out"), input.text("git")];
  if (out !== null && git !== null) throw usageError("RW004", "give one of `--out` and `--git`");
  const view = await openLogForReading(context, input);
  const given = await witnessesGiven(context, input, view.policy);
  if (out === null && git === null && given.urls.length === 0) {
    throw usageError("RW004", "say where with `--out`, `--git` or `--witness`", "an anchor is kept elsewhere");
  }
  const { origin, size, root } = view.checkpoint;
  const cosigned = given.urls.length === 0 ? null : await askWitnesses(view, given, { place: view.place, context });
  if (cosigned !== null) await keepWitnessed(view.place, cosigned.note);
  const text = Buffer.from(cosigned?.note ?? view.note).toString("utf8");
  const places: { readonly kind: string; readonly place: string }[] = [];
  if (cosigned !== null) places.push({ kind: "witness", place: cosigned.by.join(", ") });
  if (out !== null) {
    const place = resolve(context.cwd, out);
    await writeFileDurably(place, text);
    places.push({ kind: "file", place });
  } else if (git !== null) {
    places.push({ kind: "git", place: await commitTo(resolve(context.cwd, git), { origin, size, text }, context) });
  }
  await using log = await openLogForWriting(view.place, context);
  for (const { kind, place } of places) {
    const recorded = { size, root: encodeBase64(root), place: personal(place) };
    await log.append({ type: "anchor.recorded", actor: ownActor(), kind, ...recorded });
  }
  context.progress.clear();
  const failed = cosigned?.failed ?? [];
  const file = places.find(({ kind }) => kind !== "witness")?.place ?? null;
  context.show(
    [
      ...(cosigned === null
        ? []
        : [
            {
              kind: "line",
              label: "WITNESSED",
              tone: "good",
              text: `${size} entries of ${origin} by ${cosigned.by.join(", ")}`,
            } as const,
          ]),
      ...(file === null
        ? []
        : [
            { kind: "line", label: "ANCHORED", tone: "good", text: `${size} entries of ${origin} in ${file}` } as const,
          ]),
      ...failed.map(
        ({ url, why }) =>
          ({ kind: "line", label: "NOT SIGNED", tone: "warn", text: escapeLine(`${url}: ${why}`) }) as const,
      ),
    ],
    () => ({ origin, size, root: encodeBase64(root), file, witnesses: cosigned?.by ?? [], failed }),
  );
  return EXIT.done;
};

/** Commits the checkpoint as a file of its own, and nothing else that may be staged. */
async function commitTo(
  repository: string,
  { origin, size, text }: { readonly origin: string; readonly size: number; readonly text: string },
  context: CliContext,
): Promise<string> {
  const folder = join("audit-checkpoints", origin.replaceAll(/[^A-Za-z0-9.-]/g, "_"));
  const path = join(folder, `${String(size).padStart(12, "0")}.checkpoint`);
  try {
    await mkdir(join(repository, folder), { recursive: true });
    await writeFileDurably(join(repository, path), text);
    const options = { cwd: repository, env: { ...context.env } };
    await run("git", ["add", "--", path], options);
    const { stdout } = await run("git", ["status", "--porcelain", "--", path], options);
    if (stdout !== "")
      await run("git", ["commit", "--quiet", "-m", `Audit log ${origin}: ${size} entries`, "--", path], options);
  } catch (cause) {
    throw new RolewrightError("RW804", `the checkpoint could not be committed in \`${repository}\``, {
      cause,
      help: "it must be a Git repository with a name and an email set; nothing was recorded",
    });
  }
  return join(repository, path);
}
