import { RolewrightError } from "../../../base/error.ts";
import type { Snapshot } from "../../../model/snapshot.ts";

/** Throws RW596 for MySQL: what statements need there was never compared with a live server, so nothing is said of it. */
export function refuseUntried({ identity, version }: Snapshot): void {
  if (identity.engine === "mariadb") return;
  throw new RolewrightError(
    "RW596",
    `changes on ${version.product} are not tried: what is known of it stands on its manual alone`,
    { help: "use `rolewright plan` and `rolewright check`: who gains and loses what needs no shadow" },
  );
}
