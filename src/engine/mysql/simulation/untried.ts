import { RolewrightError } from "../../../base/error.ts";
import type { Snapshot } from "../../../model/snapshot.ts";

/** RW596 for MySQL: what statements need there was never compared with a live server, so nothing is said of it. Null for MariaDB. */
export function untried({ identity, version }: Pick<Snapshot, "identity" | "version">): RolewrightError | null {
  if (identity.engine === "mariadb") return null;
  return new RolewrightError(
    "RW596",
    `what statements need on ${version.product} is not told, and changes are not tried: what is known of it stands on its manual alone`,
    {
      help: "use `rolewright plan` and `rolewright check`: who gains and loses what needs no shadow; a policy that asks for a simulation cannot be met there, so leave such targets out of its `when`",
    },
  );
}

/** Throws it. */
export function refuseUntried(live: Pick<Snapshot, "identity" | "version">): void {
  const refusal = untried(live);
  if (refusal !== null) throw refusal;
}
