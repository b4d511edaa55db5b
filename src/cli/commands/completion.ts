import { EXIT } from "../../base/error.ts";
import type { Action } from "../command-spec.ts";
import { completionScript, type Shell } from "../completion/scripts.ts";

/** Prints the completion script of a shell. */
export const completion: Action = async (context, input) => {
  context.write(completionScript(input.argument(0) as Shell));
  return EXIT.done;
};
