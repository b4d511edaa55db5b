import { createInterface } from "node:readline";
import type { Run } from "../../apply/outcome.ts";
import { pause } from "../../apply/failure.ts";
import { confirmWindow, decideReversal, type WindowView } from "../../apply/window.ts";
import { formatTime } from "../../base/clock.ts";
import { shortDigest } from "../../base/digest.ts";
import { EXIT, type ExitCode, type RolewrightError } from "../../base/error.ts";
import type { CliContext, JsonDocument } from "../context.ts";
import { holder } from "../doer.ts";
import { escapeLine } from "../output/escape.ts";
import type { Page } from "../output/page.ts";
import type { ReadManifest } from "../target.ts";
import { recordConfirmed } from "./confirmed.ts";
import { stoppedHelp, windowOf } from "./settle-windows.ts";
import { startWatcher } from "./start.ts";

/** How a window ended, or stands when nobody waits any longer. */
export interface WindowEnding {
  readonly page: Page;
  readonly document: JsonDocument;
  readonly exit: ExitCode;
}

/**
 * Waits for what becomes of a change that was applied and is not confirmed yet. `ask`: shows the time that is left and takes the answer; `wait`: until it is settled by somebody else; `leave`: only until the probes have run.
 * An interruption leaves the window open.
 */
export async function awaitWindow(
  run: Run,
  given: {
    readonly read: ReadManifest;
    readonly target: string;
    readonly context: CliContext;
    readonly how: "ask" | "wait" | "leave";
  },
): Promise<WindowEnding> {
  const { read, target, context, how } = given;
  let restarts = 0;
  let prompt: Prompt | null = null;
  const decide = { windows: read.windows, by: holder(), now: () => context.clock.now() };
  try {
    for (;;) {
      const current = (await read.runs.load(run.plan))?.run ?? run;
      const standing = await windowOf(current, read, context);
      if (standing === null) throw new TypeError("a run without a window is not waited for");
      const { view, watcher } = standing;
      if (isSettled(view)) return endingOf(current, view);
      if (
        context.signal.aborted ||
        (how === "leave" && view.phase === "unfinished") ||
        // Probes that failed take it back: the decision follows their record.
        (how === "leave" && view.probed?.failed.length === 0 && view.phase === "open")
      ) {
        return endingOf(current, view);
      }
      if (watcher?.lives !== true) {
        if (restarts >= 3) return endingOf(current, view);
        restarts += 1;
        await startWatcher(run.plan, { read, target, context });
      }
      if (how === "ask" && view.phase === "open" && view.probed !== null) {
        prompt ??= openPrompt(run, context);
        prompt.show(view.deadline);
        const answer = prompt.answer();
        if (answer === "confirm" && (await confirmWindow(current, decide)).done) {
          await recordConfirmed(current, read, context);
        }
        if (answer === "revert") await decideReversal(current, "asked", decide);
        if (answer === "leave") return endingOf(current, view);
      } else {
        prompt?.close();
        prompt = null;
        context.progress.step(view.probed === null && view.phase === "open" ? "running the probes" : view.phase);
      }
      await pause(100, context.signal);
    }
  } finally {
    prompt?.close();
    context.progress.clear();
  }
}

/** The plan is applied, and it could not be found out or seen to what becomes of its window. */
export function unknownWindow(run: Run, error: RolewrightError): WindowEnding {
  const name = shortDigest(run.plan);
  const text = `${error.code} ${escapeLine(error.message)}; plan ${name} is applied: rolewright status ${name} says how it stands`;
  return {
    page: [line("WINDOW UNKNOWN", "bad", text)],
    document: { window: { phase: "unknown", error: { code: error.code, message: error.message } } },
    exit: EXIT.failed,
  };
}

function isSettled({ phase }: WindowView): boolean {
  return phase === "confirmed" || phase === "reverted" || phase === "stopped" || phase === "nothing";
}

interface Prompt {
  show(deadline: Date): void;
  /** What was typed since it was last asked. */
  answer(): "confirm" | "revert" | "leave" | null;
  close(): void;
}

/** One line on stderr that counts down, and whatever is typed under it. */
function openPrompt(run: Run, context: CliContext): Prompt {
  const lines = createInterface({ input: process.stdin, terminal: false });
  let typed: string | null = null;
  let shown = "";
  lines.on("line", (line) => (typed = line.trim().toLowerCase()));
  lines.once("close", () => (typed ??= "leave"));
  context.tell([
    {
      kind: "line",
      label: "CONFIRM",
      tone: "warn",
      text: `plan ${shortDigest(run.plan)} is applied and is taken back unless it is confirmed. Type confirm, revert, or leave to leave the window open`,
    },
  ]);
  return {
    show(deadline) {
      const left = Math.max(0, Math.ceil((deadline.getTime() - context.clock.now().getTime()) / 1000));
      const text = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")} left > `;
      if (text === shown || context.err.accessible) return;
      shown = text;
      process.stderr.write(`\r\u001B[K${text}`);
    },
    answer() {
      const given = typed;
      typed = null;
      if (given === "confirm" || given === "revert" || given === "leave") return given;
      return null;
    },
    close() {
      lines.close();
      if (shown !== "") process.stderr.write("\n");
    },
  };
}

/** A window as people and programs see it after an apply. */
export function endingOf(run: Run, view: WindowView): WindowEnding {
  const name = shortDigest(run.plan);
  const until = formatTime(view.deadline);
  const failed = view.probed?.failed ?? [];
  const probes: Page = failed.map((text) => ({
    kind: "line",
    label: "PROBE FAILED",
    tone: "bad",
    text: `RW695 ${escapeLine(text)}`,
  }));
  const document: JsonDocument = {
    window: {
      phase: view.phase,
      deadline: until,
      probes: view.probed === null ? null : { passed: view.probed.passed, failed },
      decision: view.decision,
    },
  };
  switch (view.phase) {
    case "confirmed":
      return { page: [line("CONFIRMED", "good", `plan ${name} stays`)], document, exit: EXIT.done };
    case "reverted": {
      const because = view.decision?.kind === "revert" ? view.decision.because : "asked";
      const page: Page = [
        ...probes,
        line("TAKEN BACK", "bad", `RW696 plan ${name} does not stand any more: ${because}`),
      ];
      return { page, document, exit: EXIT.reverted };
    }
    case "stopped": {
      const why = view.decision?.kind === "stopped" ? view.decision.message : "";
      const page: Page = [...probes, line("NOT TAKEN BACK", "bad", `RW693 ${escapeLine(why)}; ${stoppedHelp(run)}`)];
      return { page, document, exit: EXIT.failed };
    }
    case "nothing":
      return { page: [], document, exit: EXIT.failed };
    case "open":
      return {
        page: [
          line(
            "TO CONFIRM",
            "warn",
            `until ${until}, or plan ${name} is taken back: rolewright confirm ${name}; to take it back now: rolewright revert ${name}`,
          ),
        ],
        document,
        exit: EXIT.done,
      };
    case "unfinished": {
      const page: Page = [
        line("HELD", "bad", `plan ${name} stands in part, and is taken back at ${until} unless it is finished`),
      ];
      return { page, document, exit: EXIT.failed };
    }
    case "running":
    case "overdue":
    case "reverting":
      return {
        page: [
          ...probes,
          line("BEING TAKEN BACK", "bad", `plan ${name}; rolewright status ${name} says how that ends`),
        ],
        document,
        exit: EXIT.failed,
      };
  }
}

function line(label: string, tone: "good" | "warn" | "bad", text: string): Page[number] {
  return { kind: "line", label, tone, text };
}
