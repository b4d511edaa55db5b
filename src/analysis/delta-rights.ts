import type { RoleName } from "../model/role.ts";
import type { AccessFact } from "./access-delta.ts";
import type { AccessIndex } from "./access-index.ts";
import { addBit, addBits, emptyBits, keepBits, sameBits } from "./bits.ts";
import type { DeltaPass, Side } from "./delta-pass.ts";
import type { Reach } from "./delta-subjects.ts";
import type { Giver } from "./explain.ts";

/** Attributes, being allowed to make others members, and the built-in roles: all that no access list shows. */
export function compareRights(pass: DeltaPass): void {
  for (const right of pass.after.rules.attributes) {
    compareAttribute(pass, right.name, right.bySetRole);
  }
  compareAdmin(pass);
  compareBuiltin(pass);
}

function compareAttribute(pass: DeltaPass, name: string, bySetRole: boolean): void {
  const holders = { before: withAttribute(pass.before, name), after: withAttribute(pass.after, name) };
  const inherited = name === "superuser" && pass.after.graph.superuserIsInherited;
  const reach = (side: Side): Reach => {
    const now = emptyBits(pass.before.graph.names.length);
    for (const role of holders[side]) addBit(now, role);
    if (inherited) addBits(now, pass[side].graph.superusers);
    const later = now.slice();
    if (bySetRole) for (const role of holders[side]) addBits(later, pass[side].graph.setters(role, null));
    // Superusers do all of it anyway; only ceasing to be one is told, as that.
    if (name !== "superuser" && name !== "login") {
      addBits(now, pass[side].graph.superusers);
      addBits(later, pass[side].graph.superReachers);
    }
    keepBits(now, pass.subjects[side]);
    keepBits(later, pass.subjects[side]);
    return { now, later };
  };
  tell(pass, reach("before"), reach("after"), {
    what: { kind: "attribute", name },
    givers: (side) =>
      holders[side].map((role) => ({ role, by: inherited ? ("superuser" as const) : ("attribute" as const) })),
    formerly: name === "superuser" || name === "login" ? "told" : "superusers",
  });
}

function withAttribute(index: AccessIndex, name: string): number[] {
  const found: number[] = [];
  for (const role of index.state.roles.values()) {
    if (role.attributes[name] === true) found.push(index.graph.idOf(role.name));
  }
  return found.sort((a, b) => a - b);
}

function compareAdmin(pass: DeltaPass): void {
  const roles = new Set([...pass.before.graph.adminRows.keys(), ...pass.after.graph.adminRows.keys()]);
  for (const role of [...roles].sort((a, b) => a - b)) {
    const reach = (side: Side): Reach => {
      const { graph } = pass[side];
      const now = graph.admins(role, null);
      addBits(now, graph.superusers);
      keepBits(now, pass.subjects[side]);
      return { now, later: now };
    };
    const [before, after] = [reach("before"), reach("after")];
    tell(pass, before, after, {
      what: { kind: "admin", role: pass.after.graph.names[role] as RoleName },
      givers: (side) => (pass[side].graph.adminRows.get(role) ?? []).map((each) => ({ role: each, by: "membership" })),
      formerly: "superusers",
    });
  }
}

function compareBuiltin(pass: DeltaPass): void {
  for (const role of pass.after.state.roles.values()) {
    if (role.origin !== "predefined" && role.origin !== "provider") continue;
    const id = pass.after.graph.idOf(role.name);
    if (!pass.touched(id, null) && !pass.superusersTouched) continue;
    const reach = (side: Side): Reach => pass.reach(side, [id], null, { superusers: true });
    tell(pass, reach("before"), reach("after"), {
      what: { kind: "member", role: role.name },
      givers: () => [{ role: id, by: "predefined" }],
      formerly: "superusers",
    });
  }
}

interface Telling {
  readonly what: AccessFact;
  readonly givers: (side: Side) => readonly Giver[];
  /** `superusers`: who was (a gain: becomes) a superuser is left out, since that says it. */
  readonly formerly: "told" | "superusers";
}

function tell(pass: DeltaPass, before: Reach, after: Reach, telling: Telling): void {
  if (sameBits(before.now, after.now) && sameBits(before.later, after.later)) return;
  for (const side of ["before", "after"] as const) {
    const [from, to] = side === "before" ? [before, after] : [after, before];
    const cover = telling.formerly === "told" ? to : covered(pass, side, to);
    const givers = telling.givers(side);
    for (const group of pass.groups(side, from, cover, { givers, database: null, publicToo: false })) {
      (side === "before" ? pass.losses : pass.gains).add({
        subjects: group.subjects,
        paths: group.paths,
        weakened: group.weakened,
        what: telling.what,
      });
    }
  }
}

function covered(pass: DeltaPass, side: Side, to: Reach): Reach {
  const { graph } = pass[side];
  const now = to.now.slice();
  addBits(now, graph.superusers);
  const later = to.later.slice();
  addBits(later, graph.superReachers);
  return { now, later };
}
