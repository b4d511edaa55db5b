import { RolewrightError } from "../../base/error.ts";
import type { Session } from "./client.ts";
import { readServer } from "./introspect.ts";
import { copiesFindings, readCopies } from "./replication.ts";

/** Throws RW317 where too few nodes keep `system_auth`, as it is now. */
export async function refuseThinCopies(session: Session): Promise<void> {
  const copies = await readCopies(session, await readServer(session));
  const finding = copiesFindings(copies).find(({ severity }) => severity === "error");
  if (finding === undefined) return;
  const { code, message, help } = finding;
  throw new RolewrightError(code, message, help === undefined ? {} : { help });
}
