import { RolewrightError } from "../../base/error.ts";
import type { Session } from "./client.ts";

interface Refusal {
  readonly text: string;
  readonly failure: RolewrightError;
}

/** One role. Row: name, what it is a member of. */
export const ROLE = "select role, member_of from system_auth.roles where role = ?";
export type RoleRow = readonly [role: string, memberOf: readonly string[] | null];

/**
 * Looks at what stands after a statement that the server refused. True: what it was to do stands already, as when it is sent a second time after its first answer was lost. Throws RW429 where the server refused and did it
 * all the same, wholly or in part: making and dropping a role is several writes.
 */
export async function standsDespite(session: Session, { text, failure }: Refusal): Promise<boolean> {
  const [, verb, role = "", ...others] = STATEMENT.exec(text) ?? [];
  if (verb === undefined) return false;
  const [name, member] = [role, others[0] ?? ""].map(unquote) as [string, string];
  const [row] = await session.rows<RoleRow>(ROLE, { values: [member === "" ? name : member] });
  switch (verb) {
    case "grant":
      return row?.[1]?.includes(name) === true;
    case "revoke":
      return row !== undefined && row[1]?.includes(name) !== true;
    case "create role":
      if (row === undefined || /already exists/u.test(failure.message)) return false;
      break;
    case "drop role":
      if (row !== undefined || /doesn't exist/u.test(failure.message)) return false;
      break;
  }
  throw new RolewrightError("RW429", `the server refused \`${text}\` and did it at least in part: ${failure.message}`, {
    cause: failure,
    details: failure.details,
  });
}

const NAME = `("(?:[^"]|"")+")`;
/** Memberships, and roles that come or go; a grant of privileges never matches, since what follows its first word is no name. */
const STATEMENT = new RegExp(`^(grant|revoke|create role|drop role) ${NAME}(?: (?:to|from) ${NAME}$| with |$)`, "u");

function unquote(name: string): string {
  return name.slice(1, -1).replaceAll('""', '"');
}
