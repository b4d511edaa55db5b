import type { AccessIndex } from "../analysis/access-index.ts";
import type { Need } from "../model/requirements.ts";
import type { Resource } from "../model/resource.ts";
import type { RoleName } from "../model/role.ts";

/** Whose session a statement runs in, and in which database. */
export interface SessionOf {
  readonly login: RoleName;
  /** Evidence, or a test, says that this is who logged in. False: it is whom the server asked for rights, so it may be, or it was reached by SET ROLE. */
  readonly told: boolean;
  readonly database: string;
}

/** What a login needs to enter a database, as needs of each statement in it. */
export function enteringNeeds({ login, told, database }: SessionOf, index: AccessIndex): readonly Need[] {
  if (!told && !logsIn(login, index)) return [];
  const inside: Resource = { kind: "schema", path: [database, ""] };
  return index.rules
    .gates(inside)
    .filter((gate) => gate.of === "login")
    .map(({ privilege, resource }) => ({
      kind: "need",
      right: { kind: "privilege", privilege, resource },
      of: { role: login },
      certainty: told ? "always" : "conditional",
      origin: [],
    }));
}

/** Why no session begins for a login, whatever it may do in one: what is certainly lacking, and what is where it signs in by a password. */
export interface Shut {
  readonly missing: readonly Need[];
  readonly maybe: readonly Need[];
}

const OPEN: Shut = { missing: [], maybe: [] };

/** `now`: RFC 3339. `before`: the state in which the statement was seen to run; a role that cannot log in there was reached by SET ROLE. */
export function shutOut(
  { login, told }: SessionOf,
  { index, before, now }: { readonly index: AccessIndex; readonly before: AccessIndex; readonly now: string },
): Shut {
  const role = index.state.roles.get(login);
  if (role === undefined || (!told && !logsIn(login, before))) return OPEN;
  const lacks = (attribute: string, isCertain: boolean): Shut => {
    const certainty = isCertain && told ? "always" : "conditional";
    const need: Need = {
      kind: "need",
      right: { kind: "attribute", attribute },
      of: { role: login },
      certainty,
      origin: [],
    };
    return certainty === "always" ? { missing: [need], maybe: [] } : { missing: [], maybe: [need] };
  };
  if (role.attributes["login"] !== true) return lacks("login", true);
  switch (index.rules.barred(role, now)) {
    case "no connections":
      return lacks("connection_limit", true);
    case "expired":
      // Only those who sign in by a password are asked for it.
      return lacks("valid_until", false);
    case null:
      return OPEN;
  }
}

function logsIn(name: RoleName, { state }: AccessIndex): boolean {
  return state.roles.get(name)?.attributes["login"] === true;
}
