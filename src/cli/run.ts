import { EXIT, type ExitCode } from "../base/error.ts";
import { processContext, type CliContext } from "./context.ts";
import { reportFailure } from "./failure.ts";
import { glimpseGlobals, parseCommandLine, runCommand } from "./program.ts";

/** Runs one command line in this process and returns its exit code, with everything printed and flushed. Never throws. */
export async function runProcess(words: readonly string[], ending: { readonly leave: () => never }): Promise<ExitCode> {
  const output = watchOutput();
  const interrupt = new AbortController();
  let context = processContext(glimpseGlobals(words), interrupt.signal);
  let code: ExitCode;
  try {
    const request = await parseCommandLine(words);
    if (request.kind === "run") {
      context = processContext(request.globals, interrupt.signal);
      listenForInterrupts(interrupt, ending.leave);
      code = await runCommand(request.command, context, request.input);
    } else {
      context.write(request.text);
      code = EXIT.done;
    }
  } catch (error) {
    code = reportFailure(error, context);
  }
  context.progress.clear();
  return output.finish(code, context);
}

/**
 * The first Ctrl-C asks the command to stop: an apply rolls back what it did. The second leaves at once; what was committed by then, the next `rolewright status` tells.
 */
function listenForInterrupts(interrupt: AbortController, leave: () => never): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    process.on(signal, () => {
      if (interrupt.signal.aborted) leave();
      interrupt.abort(signal);
    });
  }
}

/** A reader that went away (`| head`) is no failure; a disk that is full is one, and must not end in exit 0. */
function watchOutput(): { finish(code: ExitCode, context: CliContext): Promise<ExitCode> } {
  let broken: NodeJS.ErrnoException | null = null;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    broken = error;
  });
  process.stderr.on("error", () => {});
  return {
    async finish(code, context) {
      await new Promise<void>((resolve) => process.stdout.write("", () => resolve()));
      await new Promise<void>((resolve) => process.stderr.write("", () => resolve()));
      if (broken === null || broken.code === "EPIPE") return code;
      const { RolewrightError } = await import("../base/error.ts");
      const failure = new RolewrightError("RW804", `the output could not be written: ${broken.message}`, {
        cause: broken,
      });
      return reportFailure(failure, { ...context, globals: { ...context.globals, json: false } });
    },
  };
}
