import type { Privilege } from "../../../model/access-list.ts";
import type { Duty, DutyPart } from "../../../model/declared.ts";
import type { Identity } from "../../../model/identity.ts";
import { describeName, type Resource } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import { wayOf } from "../../access-tests/way.ts";
import type { AccessIndex } from "../../access-index.ts";
import { mayDoEverything } from "../../access-index.ts";
import type { CheckContext } from "../check.ts";

/** How somebody comes to a duty, the easiest first. `eligible`: by a role that may be asked for. `escalable`: by using what is held to get more. `code`: the same, when somebody else runs what was planted. */
export const HOLDING = ["effective", "reachable", "eligible", "escalable", "code"] as const;
export type Holding = (typeof HOLDING)[number];

/** One way by which an identity has a duty. */
export interface DutyHold {
  readonly identity: Identity;
  readonly duty: string;
  readonly target: string;
  readonly login: RoleName;
  readonly by: Holding;
  /** One sentence. */
  readonly way: readonly string[];
}

/** The duties of every identity on one target, the easiest way of each login to each. Worked out once. */
export function holdsOn(context: CheckContext): readonly DutyHold[] {
  const known = cache.get(context);
  if (known !== undefined) return known;
  const holds = [...findHolds(context)];
  cache.set(context, holds);
  return holds;
}

const cache = new WeakMap<CheckContext, readonly DutyHold[]>();

function* findHolds(context: CheckContext): Iterable<DutyHold> {
  const { declared, target } = context;
  const duties = [...(declared?.duties.values() ?? [])].filter((duty) => duty.parts.length > 0);
  if (duties.length === 0) return;
  const places = new Map<DutyPart, readonly Question[]>();
  for (const duty of duties) for (const part of duty.parts) places.set(part, questionsOf(context.index, part));
  for (const identity of declared?.identities ?? []) {
    for (const login of identity.logins.get(target) ?? []) {
      if (context.index.graph.idOf(login) < 0) continue;
      for (const duty of duties) {
        const found = easiest(context, { identity, login }, duty, places);
        if (found !== null) yield { identity, duty: duty.name, target, login, ...found };
      }
    }
  }
}

interface Question {
  readonly privilege: Privilege;
  readonly resource: Resource;
}

/** One resource of each class stands for all of it. */
function questionsOf(index: AccessIndex, part: DutyPart): readonly Question[] {
  if (part.kind === "role") return [];
  const classes = new Map<number, Resource>();
  for (const resource of part.resources) {
    const place = index.classOf(resource);
    if (place !== null && !classes.has(place.id)) classes.set(place.id, resource);
  }
  return [...classes.values()].flatMap((resource) => part.privileges.map((privilege) => ({ privilege, resource })));
}

type Found = Pick<DutyHold, "by" | "way">;

function easiest(
  context: CheckContext,
  { identity, login }: { readonly identity: Identity; readonly login: RoleName },
  duty: Duty,
  places: ReadonlyMap<DutyPart, readonly Question[]>,
): Found | null {
  const { index, escalation, target } = context;
  const by = (role: RoleName, reachable: boolean): readonly string[] | null => {
    for (const part of duty.parts) {
      const way = partWay(index, role, part, { questions: places.get(part) ?? [], reachable });
      if (way !== null) return [way];
    }
    return null;
  };
  const effective = by(login, false);
  if (effective !== null) return { by: "effective", way: effective };
  const reachable = by(login, true);
  if (reachable !== null) return { by: "reachable", way: reachable };
  for (const { role, target: at } of identity.eligible ?? []) {
    if ((at !== null && at !== target) || index.graph.idOf(role) < 0) continue;
    const way = by(role, true);
    if (way !== null) return { by: "eligible", way: [`may ask for \`${describeName(role)}\``, ...way] };
  }
  const up = escalation.toSuperuser(login);
  if (up !== null)
    return { by: up.needsVictim ? "code" : "escalable", way: [...up.steps, "superusers may do everything"] };
  let planted: Found | null = null;
  for (const role of escalation.rolesFrom(login)) {
    const way = role === login ? null : by(role, false);
    const path = way === null ? null : escalation.toRole(login, role);
    if (way === null || path === null) continue;
    const steps = [...path.steps, ...way];
    if (!path.needsVictim) return { by: "escalable", way: steps };
    planted ??= { by: "code", way: steps };
  }
  return planted;
}

function partWay(
  index: AccessIndex,
  role: RoleName,
  part: DutyPart,
  { questions, reachable }: { readonly questions: readonly Question[]; readonly reachable: boolean },
): string | null {
  if (part.kind === "role") {
    if (role === part.role) return `\`${describeName(role)}\` is it`;
    // A superuser may do all that a role may, without being in it.
    const mode = reachable ? isReacher(index, role, part.role) : index.hasRole(role, part.role, "privileges") === true;
    if (!mode) return null;
    if (mayDoEverything(index, role)) return `\`${describeName(role)}\` may do everything`;
    return `\`${describeName(role)}\` is in \`${describeName(part.role)}\`${reachable ? " after SET ROLE" : ""}`;
  }
  for (const question of questions) {
    if (index.can(role, question.privilege, question.resource, { reachable }) !== true) continue;
    return `${part.text}: ${wayOf(index, role, question)}`;
  }
  return null;
}

function isReacher({ graph }: AccessIndex, role: RoleName, group: RoleName): boolean {
  const to = graph.idOf(group);
  return to >= 0 && graph.isReacher(to, graph.idOf(role), null);
}
