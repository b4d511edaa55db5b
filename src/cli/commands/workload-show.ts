import { resolve } from "node:path";
import { EXIT } from "../../base/error.ts";
import type { Evidence } from "../../model/workload.ts";
import { evidenceDigest, readEvidence } from "../../simulation/evidence/file.ts";
import type { Action } from "../command-spec.ts";
import { snakeCase } from "../output/snake-case.ts";
import { evidencePage, evidenceSummary } from "../workload/evidence-page.ts";

const LISTED = 40;

/** Shows a file of evidence. */
export const workloadShow: Action = async (context, input) => {
  const whole = await readEvidence(resolve(context.cwd, input.argument(0) ?? ""));
  const role = input.text("role");
  const deniedOnly = input.flag("denied");
  const uses = whole.uses.filter(
    (use) =>
      (role === null || use.role === role || use.login === role) && (!deniedOnly || use.result.kind === "denied"),
  );
  const evidence: Evidence = { ...whole, uses };
  const most = input.count("most") ?? LISTED;
  context.show(
    evidencePage(evidence, { listed: most === 0 ? Number.MAX_SAFE_INTEGER : most, now: context.clock.now() }),
    () => ({
      digest: evidenceDigest(whole),
      engine: whole.engine,
      target: snakeCase(whole.target),
      ...evidenceSummary(evidence),
      windows: snakeCase(whole.windows),
      uses: snakeCase(uses),
    }),
  );
  return EXIT.done;
};
