import { sortedText } from "../base/order.ts";
import type { Finding } from "../model/finding.ts";
import { describeName } from "../model/resource.ts";
import type { RoleName } from "../model/role.ts";
import type { AccessDelta } from "./access-delta.ts";
import type { AccessIndex } from "./access-index.ts";
import { administrationText, administrators, type Administrators, hasCreateRole } from "./administrators.ts";
import { hasBit } from "./bits.ts";
import { actorFindings } from "./lockout-actor.ts";
import { location, type LockoutInput } from "./lockout-input.ts";

/**
 * What must never be waived: no plan removes the last way to administer the target, nor the way of its own connection to log in, to connect and to take the plan back.
 * Findings bear the LCK ids of the catalogue; errors among them refuse the plan.
 */
export function lockoutFindings(input: LockoutInput): Finding[] {
  const before = administrators(input.before, input.live);
  const after = administrators(input.after, input.live);
  return [
    ...lastAdministrator(input, before, after),
    ...lastAdminOfRole(input, before, after),
    ...actorFindings(input),
    ...closedDoors(input.delta),
  ];
}

/** LCK-01: what counts is the strongest kind of administrator that there was: a server with superusers keeps one. */
function lastAdministrator(input: LockoutInput, before: Administrators, after: Administrators): Finding[] {
  const kinds = [
    { name: "superuser", had: before.superusers, has: after.superusers },
    { name: "administrator", had: before.others, has: after.others },
  ] as const;
  const kind = kinds.find(({ had }) => had.length > 0);
  if (kind === undefined) return [];
  const lost = kind.had.filter((name) => !kind.has.includes(name));
  if (lost.length === 0 || kind.has.length > 1) return [];
  const names = lost.map((name) => `\`${describeName(name)}\``).join(", ");
  const located = location(input.plan, lost);
  if (kind.has.length === 0) {
    return [
      {
        code: "LCK-01",
        severity: "error",
        message: `the plan removes the last ${kind.name} that can log in: ${names}`,
        ...located,
        help: `keep a login with ${whatItTakes(input, kind.name)} that is not expired; this guard cannot be waived`,
      },
    ];
  }
  return [
    {
      code: "LCK-01",
      severity: "warning",
      message: `only one ${kind.name} that can log in is left, \`${describeName(kind.has[0] ?? "")}\`: ${names} no longer can`,
      ...located,
      help: "keep two, so that one lost password does not lock everybody out",
    },
  ];
}

function whatItTakes({ after }: LockoutInput, kind: "superuser" | "administrator"): string {
  if (kind === "superuser") return "the attribute superuser";
  const granted = administrationText(after.rules);
  return hasCreateRole(after.rules)
    ? "CREATEROLE or the provider's admin role"
    : (granted ?? "the provider's admin role");
}

/** LCK-10: a role that nobody can administer any more, but for superusers. */
function lastAdminOfRole(input: LockoutInput, before: Administrators, after: Administrators): Finding[] {
  const findings: Finding[] = [];
  for (const name of sortedText(input.managed)) {
    const id = input.after.graph.idOf(name);
    if (id < 0 || !hasBit(input.after.graph.existing, id)) continue;
    const old = input.before.graph.idOf(name);
    if (old < 0) continue;
    const had = adminsAmong(before.working, input.before, name);
    const has = adminsAmong(after.working, input.after, name);
    if (had.length === 0 || has.length > 0) continue;
    // Where the admin option is not needed, those who manage all roles still can.
    const helpless = after.superusers.length === 0 && (input.after.rules.adminNeeded || after.others.length === 0);
    const left = after.superusers.length > 0 ? "but superusers " : "but those who manage all roles ";
    findings.push({
      code: "LCK-10",
      severity: helpless ? "error" : "warning",
      message: `nobody ${helpless ? "" : left}can manage who is in \`${describeName(name)}\` any more: ${had.map((each) => `\`${describeName(each)}\``).join(", ")} could`,
      ...location(input.plan, [name, ...had]),
      help: "keep one membership with the admin option",
    });
  }
  return findings;
}

function adminsAmong(logins: readonly RoleName[], { graph }: AccessIndex, role: RoleName): readonly RoleName[] {
  const admins = graph.admins(graph.idOf(role), null);
  return logins.filter((login) => {
    const id = graph.idOf(login);
    return !hasBit(graph.superusers, id) && hasBit(admins, id);
  });
}

/** LCK-05: what everybody had is taken, and some had it in no other way. Not an error: the losses must be accepted by their number anyway. */
function closedDoors(delta: AccessDelta): Finding[] {
  const findings: Finding[] = [];
  for (const { subjects, what, paths } of delta.losses) {
    if (what.kind !== "privilege" || what.future !== undefined || paths[0]?.by !== "public") continue;
    const door = what.resourceKind === "database" ? "CONNECT" : what.resourceKind === "schema" ? "USAGE" : "";
    const hit = subjects.filter((subject) => subject.kind !== "public" && subject.kind !== "role");
    if (!what.privileges.includes(door) || hit.length === 0) continue;
    const places = what.resources.map((resource) => `\`${describeName(resource.path.at(-1) ?? "")}\``);
    const shown = places.length > 3 ? `${places.length} ${what.resourceKind}s` : places.join(", ");
    findings.push({
      code: "LCK-05",
      severity: "warning",
      message: `taking ${door} on ${shown} from PUBLIC leaves ${hit.length === 1 ? `\`${describeName(hit[0]?.name ?? "")}\`` : `${hit.length} logins`} without it`,
      help: `grant ${door} to those who need it first`,
    });
  }
  return findings;
}
