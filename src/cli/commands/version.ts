import { EXIT } from "../../base/error.ts";
import type { Action } from "../command-spec.ts";
import { VERSION } from "../version.ts";

/** Prints the version of the tool and of the Node.js that runs it. */
export const version: Action = async (context) => {
  context.show(
    [
      {
        kind: "facts",
        facts: [
          { label: "rolewright", value: VERSION },
          { label: "node", value: process.version },
        ],
      },
    ],
    () => ({ version: VERSION, node: process.versions.node }),
  );
  return EXIT.done;
};
