import type { Dialect } from "../../engine/engine.ts";
import type { Declared } from "../../model/declared.ts";
import type { Identity } from "../../model/identity.ts";
import type { Posture } from "../../model/posture.ts";
import type { Role, RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { compareText, sorted } from "../../base/order.ts";
import type { AccessIndex } from "../access-index.ts";
import { isProduction } from "../production.ts";
import { hasBit } from "../bits.ts";
import { buildEscalation } from "../escalation/build.ts";
import { escalationEdges } from "../escalation/edges.ts";
import type { Escalation } from "../escalation/escalation.ts";
import type { ChangeContext, CheckContext, People } from "./check.ts";
import type { Usage } from "./usage.ts";

/** What a context is made of. */
export interface ContextInput {
  readonly target: string;
  readonly environment: string;
  readonly now: string;
  readonly index: AccessIndex;
  readonly live: Snapshot;
  readonly dialect: Dialect;
  /** @default none */
  readonly posture?: Posture | null;
  /** @default none */
  readonly declared?: Declared | null;
  /** @default none */
  readonly usage?: Usage | null;
  /** @default none */
  readonly records?: CheckContext["records"];
  /** @default none */
  readonly change?: ChangeContext | null;
  /** The contexts of all targets of the run; it may be filled later, before checks run. @default this one alone */
  readonly among?: readonly CheckContext[];
}

/** Everything that checks look at, for one state of one target. */
export function checkContext(input: ContextInput): CheckContext {
  const { index, live } = input;
  const { posture = null, declared = null, usage = null, records = null, change = null } = input;
  const roles = sorted(
    [...index.state.roles.values()].filter((role) => role.origin === "user"),
    (a, b) => compareText(a.name, b.name),
  );
  const scope = new Set(roles.map((role) => role.name));
  let escalation: Escalation | undefined;
  return {
    target: input.target,
    environment: input.environment,
    production: isProduction(input.environment),
    now: input.now,
    index,
    live,
    dialect: input.dialect,
    posture,
    declared,
    usage,
    records,
    change,
    roles,
    logins: roles.filter(isLogin),
    get others() {
      return (input.among ?? []).filter((each) => each.target !== input.target);
    },
    inScope: (name) => scope.has(name),
    get escalation() {
      return (escalation ??= buildEscalation(index, escalationEdges({ index, live, posture })));
    },
    people: peopleOf(input.target, index, declared),
  };
}

function isLogin(role: Role): boolean {
  return role.attributes["login"] === true;
}

const ADMINISTERS: ReadonlySet<string | null | undefined> = new Set(["admin", "break-glass"]);

function peopleOf(target: string, index: AccessIndex, declared: Declared | null): People {
  const { graph } = index;
  const byLogin = new Map<RoleName, Identity>();
  const identities = sorted(declared?.identities ?? [], (a, b) => compareText(a.name, b.name));
  for (const identity of identities)
    for (const login of identity.logins.get(target) ?? []) byLogin.set(login, identity);
  const declaredAdmins = [...(declared?.roles.values() ?? [])]
    .filter((role) => ADMINISTERS.has(role.purpose))
    .map((role) => graph.idOf(role.name));
  const reaching = new Map<RoleName, readonly Identity[]>();
  return {
    of: (login) => byLogin.get(login) ?? null,
    reaching: (role) => {
      let found = reaching.get(role);
      if (found === undefined) {
        const id = graph.idOf(role);
        const logins = [...byLogin.keys()].filter((login) => isIn(index, login, id));
        found = identities.filter((each) => logins.some((login) => byLogin.get(login) === each));
        reaching.set(role, found);
      }
      return found;
    },
    administers: (role) => {
      if (byLogin.get(role)?.breakGlass === true) return true;
      return declaredAdmins.some((admin) => isIn(index, role, admin));
    },
  };
}

/** Whether a role is this one or gets to it; who is not there gets nowhere, and nobody gets to them. */
function isIn({ graph }: AccessIndex, role: RoleName, group: number): boolean {
  return hasBit(graph.reachers(group, null), graph.idOf(role));
}
