import type { Action } from "../command-spec.ts";

/** Plays the whole story on a throw-away server. */
export const demo: Action = async (context, input) => {
  const { runDemo } = await import("../demo/demo.ts");
  const color = context.globals.color === "auto" ? [] : [`--color=${context.globals.color}`];
  return runDemo({
    engine: input.text("engine") ?? "postgresql",
    keep: input.flag("keep"),
    signal: context.signal,
    write: (text) => context.write(text),
    commandOptions: [...color, ...(context.globals.accessible ? ["--accessible"] : [])],
  });
};
