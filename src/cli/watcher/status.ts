import { isUndecided } from "../../apply/window.ts";
import { formatTime } from "../../base/clock.ts";
import { shortDigest } from "../../base/digest.ts";
import type { CliContext } from "../context.ts";
import { escapeLine } from "../output/escape.ts";
import type { Tone } from "../output/look.ts";
import type { Block } from "../output/page.ts";
import { type StandingWindow, stoppedHelp } from "./settle-windows.ts";

/** A window in a line or two: where it stands, what is left of its time, and whether its watcher lives. */
export function windowBlocks({ run, view, watcher }: StandingWindow, context: CliContext): readonly Block[] {
  const name = `plan ${shortDigest(run.plan)}`;
  const line = (tone: Tone, text: string): Block => ({ kind: "line", label: "WINDOW", tone, text: `${name} ${text}` });
  const probes = (view.probed?.failed ?? []).map(
    (text): Block => ({ kind: "line", label: "PROBE FAILED", tone: "bad", text: `RW695 ${escapeLine(text)}` }),
  );
  const { decision, phase } = view;
  switch (phase) {
    case "running":
      return [line("warn", "has a window that begins when it is applied")];
    case "open": {
      const left = timeText(view.deadline.getTime() - context.clock.now().getTime());
      const passed = view.probed === null ? "the probes have not ended" : `${view.probed.passed} probes passed`;
      return [
        line(
          "warn",
          `waits to be confirmed until ${formatTime(view.deadline)}, ${left} left; ${passed}; ${watched(watcher)}`,
        ),
      ];
    }
    case "unfinished":
      return [
        line(
          "bad",
          `stands in part, and is taken back at ${formatTime(view.deadline)} unless it is finished; ${watched(watcher)}`,
        ),
      ];
    case "overdue":
    case "reverting":
      return [...probes, line("bad", `is to be taken back: ${because(view.decision)}; ${watched(watcher)}`)];
    case "stopped": {
      const why = decision?.kind === "stopped" ? escapeLine(decision.message) : "";
      return [...probes, line("bad", `was not taken back: ${why}; ${stoppedHelp(run)}`)];
    }
    case "confirmed":
      return [line("good", `was confirmed at ${decision?.at ?? ""} by ${escapeLine(decision?.by ?? "")}`)];
    case "reverted":
      return [...probes, line("bad", `was taken back: ${because(view.decision)}`)];
    case "nothing":
      return [];
  }
}

/** The same for programs. */
export function windowDocument({ run, view, watcher }: StandingWindow, context: CliContext): Record<string, unknown> {
  return {
    plan: run.plan,
    target: run.target,
    phase: view.phase,
    deadline: formatTime(view.deadline),
    seconds_left: Math.max(0, Math.ceil((view.deadline.getTime() - context.clock.now().getTime()) / 1000)),
    probes: view.probed === null ? null : { passed: view.probed.passed, failed: view.probed.failed },
    decision: view.decision,
    watcher: watcher === null ? null : { pid: watcher.pid, machine: watcher.machine, lives: watcher.lives },
  };
}

/** What a person types while it waits. */
export function windowCommands({ run, view, watcher }: StandingWindow): readonly string[] {
  const name = shortDigest(run.plan);
  if (view.phase === "open") {
    return [`to keep it: rolewright confirm ${name}; to take it back now: rolewright revert ${name}`];
  }
  return isUndecided(view) && view.phase !== "stopped" && watcher?.lives !== true ? [`rolewright watch ${name}`] : [];
}

function watched(watcher: StandingWindow["watcher"]): string {
  if (watcher === null) return "nobody watches over it";
  return watcher.lives
    ? `watched by process ${watcher.pid} on ${escapeLine(watcher.machine)}`
    : `its watcher, process ${watcher.pid}, is gone`;
}

function because(decision: StandingWindow["view"]["decision"]): string {
  return decision?.kind === "revert" ? decision.because : "not confirmed";
}

function timeText(milliseconds: number): string {
  const seconds = Math.max(0, Math.ceil(milliseconds / 1000));
  const [hours, minutes] = [Math.floor(seconds / 3600), Math.floor((seconds % 3600) / 60)];
  if (hours > 0) return `${hours} h ${minutes} min`;
  return minutes > 0 ? `${minutes} min ${seconds % 60} s` : `${seconds} s`;
}
