import { RolewrightError } from "../base/error.ts";
import { compareText, sorted } from "../base/order.ts";
import type { Evidence } from "../model/workload.ts";
import { readEvidence } from "../simulation/evidence/file.ts";

/** Reads files of evidence as one. Throws RW577 where they are of different engines or servers. */
export async function readEvidenceFiles(paths: readonly string[]): Promise<Evidence> {
  const [first, ...others] = await Promise.all(paths.map(readEvidence));
  if (first === undefined) throw new TypeError("there is a file at least");
  return others.reduce(joined, first);
}

function joined(one: Evidence, other: Evidence): Evidence {
  const servers = [one.target?.server, other.target?.server].filter((each) => each !== undefined);
  if (one.engine !== other.engine || new Set(servers).size > 1) {
    throw new RolewrightError("RW577", "the files of evidence are of different servers", {
      help: "give those of this target alone",
    });
  }
  return {
    ...one,
    target: one.target ?? other.target,
    windows: sorted([...one.windows, ...other.windows], (a, b) => compareText(a.source, b.source)),
    uses: [...one.uses, ...other.uses],
  };
}
