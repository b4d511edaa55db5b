import { isProduction } from "../../analysis/analyze.ts";
import { EXIT, RolewrightError } from "../../base/error.ts";
import type { Manifest } from "../../config/manifest.ts";
import { parseSeconds } from "../../config/seconds.ts";
import type { Input } from "../input.ts";
import { usageError } from "../usage.ts";

/** Longer than this nobody has it in mind any more. */
const MAX_SECONDS = 7 * 24 * 3600;

/** How long a change of this target waits to be confirmed: what the command line says, else what the target says, else, in production, what the manifest says; null: it does not wait. */
export function windowSeconds(input: Input, manifest: Manifest, target: string): number | null {
  const given = input.text("confirm-within");
  const entry = manifest.targets?.[target];
  const general = isProduction(entry?.environment ?? "development") ? manifest.confirm_within : undefined;
  const demanded = entry?.confirm_within ?? general ?? "off";
  if (given === "off" && demanded !== "off" && !input.flag("break-glass")) {
    throw new RolewrightError(
      "RW699",
      `the manifest asks for a confirm window of ${demanded} on \`${target}\`; nothing was changed`,
      {
        exitCode: EXIT.refused,
        help: "change `confirm_within` there, or, in an emergency, give `--break-glass` too",
      },
    );
  }
  const text = given ?? demanded;
  if (text === "off") return null;
  const seconds = parseSeconds(text);
  if (seconds !== null && seconds <= MAX_SECONDS) return seconds;
  const message = `a confirm window cannot be \`${text}\``;
  const help = "write it as `90s`, `10m` or `2h`, at most seven days, or `off`";
  if (given !== null) throw usageError("RW004", message, help);
  throw new RolewrightError("RW004", message, { help });
}
