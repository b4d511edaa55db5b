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
import { usageError } from "../usage.ts";

const run = promisify(execFile);

/** Keeps the checkpoint elsewhere, and records where. */
export const auditAnchor: Action = async (context, input) => {
  const [out, git] = [input.text("out"), input.text("git")];
  if ((out === null) === (git === null))
    throw usageError("RW004", "give one of `--out` and `--git`", "an anchor is kept in one place");
  const view = await openLogForReading(context, input);
  const { origin, size, root } = view.checkpoint;
  const text = Buffer.from(view.note).toString("utf8");
  const place =
    git === null
      ? resolve(context.cwd, out ?? "")
      : await commitTo(resolve(context.cwd, git), { origin, size, text }, context);
  if (git === null) await writeFileDurably(place, text);
  await using log = await openLogForWriting(view.place, context);
  const kind = git === null ? "file" : "git";
  await log.append({
    type: "anchor.recorded",
    actor: ownActor(),
    kind,
    size,
    root: encodeBase64(root),
    place: personal(place),
  });
  context.progress.clear();
  context.show(
    [{ kind: "line", label: "ANCHORED", tone: "good", text: `${size} entries of ${origin} in ${place}` }],
    () => ({
      origin,
      size,
      root: encodeBase64(root),
      file: place,
    }),
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
