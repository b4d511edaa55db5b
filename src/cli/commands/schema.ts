import { EXIT } from "../../base/error.ts";
import type { Action } from "../command-spec.ts";

/** Prints the JSON Schema of the manifest. It is a document of its own, so it carries no `format_version`. */
export const schema: Action = async (context) => {
  const { manifestJsonSchema } = await import("../../config/schema.ts");
  context.write(`${JSON.stringify(manifestJsonSchema(), null, 2)}\n`);
  return EXIT.done;
};
