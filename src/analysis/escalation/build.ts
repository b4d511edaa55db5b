import { sortedText } from "../../base/order.ts";
import { describeName } from "../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../model/role.ts";
import type { AccessIndex } from "../access-index.ts";
import { hasBit, listBits } from "../bits.ts";
import type { Escalation, EscalationEdge, EscalationPath, Goal } from "./escalation.ts";

/**
 * Nodes of the walk: `2 * role` while acting as it, `2 * role + 1` while only having its privileges; then one for being superuser, one for the operating system, and one that everybody gets to. A step by SET ROLE needs
 * acting, and whoever escalates to a role acts as it.
 */
interface Step {
  readonly to: number;
  readonly text: string;
  readonly edge: EscalationEdge | null;
}

/** Ways from roles to more than they hold, over memberships and the engine's edges. Nothing is worked out before it is asked for; one pass answers for all roles. */
export function buildEscalation(index: AccessIndex, edges: readonly EscalationEdge[]): Escalation {
  const { graph } = index;
  const size = graph.names.length;
  const SUPERUSER = 2 * size;
  const SYSTEM = 2 * size + 1;
  const EVERYBODY = 2 * size + 2;
  const NODES = 2 * size + 3;
  const goalNode = (goal: Goal): number => {
    if (goal.kind === "superuser") return SUPERUSER;
    if (goal.kind === "system") return SYSTEM;
    const id = graph.idOf(goal.role);
    return id < 0 ? -1 : 2 * id;
  };

  const steps = once((): readonly (readonly Step[])[] => {
    const all: Step[][] = Array.from({ length: NODES }, () => []);
    const add = (from: number, step: Step): void => void (step.to >= 0 && step.to !== from && all[from]?.push(step));
    for (let id = 0; id < size; id++) {
      const name = said(graph.names[id] as RoleName);
      add(2 * id, { to: 2 * id + 1, text: "", edge: null });
      add(2 * id + 1, { to: EVERYBODY, text: "", edge: null });
      for (const { to, privileges, setRole } of membershipsOf(index, id)) {
        const group = said(graph.names[to] as RoleName);
        if (setRole) add(2 * id, { to: 2 * to, text: `${name} may become ${group} by SET ROLE`, edge: null });
        if (!privileges) continue;
        const text = `${name} has the privileges of ${group}`;
        add(2 * id + 1, { to: 2 * to + 1, text, edge: null });
      }
      if (!hasBit(graph.superuserRoles, id)) continue;
      add(2 * id, { to: SUPERUSER, text: `${name} is a superuser`, edge: null });
      if (graph.superuserIsInherited) add(2 * id + 1, { to: SUPERUSER, text: `${name} is a superuser`, edge: null });
    }
    for (const edge of edges) {
      if (edge.from === PUBLIC) {
        add(EVERYBODY, { to: goalNode(edge.to), text: `everybody ${edge.by}`, edge });
        continue;
      }
      const id = graph.idOf(edge.from);
      if (id < 0) continue;
      // What takes SET ROLE takes acting as the role: attributes are not inherited.
      const from = edge.over === "reachable" ? 2 * id : 2 * id + 1;
      add(from, { to: goalNode(edge.to), text: `${said(edge.from)} ${edge.by}`, edge });
    }
    add(SYSTEM, { to: SUPERUSER, text: "the server's own account is a superuser", edge: null });
    return all;
  });
  const incoming = once(() => {
    const back: { from: number; step: Step }[][] = Array.from({ length: NODES }, () => []);
    for (const [from, list] of steps().entries()) for (const step of list) back[step.to]?.push({ from, step });
    return back;
  });

  /** For every node the first step of a shortest way to `goal`. */
  const ways = new Map<number, readonly (Step | undefined)[]>();
  const waysTo = (goal: number): readonly (Step | undefined)[] => {
    let found = ways.get(goal);
    if (found === undefined) {
      const next: (Step | undefined)[] = Array.from({ length: NODES });
      // As far as it goes without anybody else's doing, then one step that needs it, and so on: who needs no victim is not told to wait for one.
      for (let queue = [goal]; queue.length > 0; ) {
        const waiting: { readonly from: number; readonly step: Step }[] = [];
        for (const node of queue) {
          for (const { from, step } of incoming()[node] ?? []) {
            if (from === goal || next[from] !== undefined) continue;
            if (step.edge?.needsVictim === true) {
              waiting.push({ from, step });
              continue;
            }
            next[from] = step;
            queue.push(from);
          }
        }
        queue = [];
        for (const { from, step } of waiting) {
          if (next[from] !== undefined) continue;
          next[from] = step;
          queue.push(from);
        }
      }
      ways.set(goal, (found = next));
    }
    return found;
  };
  const pathTo = (start: number, goal: number, what: Goal): EscalationPath | null => {
    const next = waysTo(goal);
    const texts: string[] = [];
    let needsVictim = false;
    let confidence: EscalationPath["confidence"] = "certain";
    for (let at = start; at !== goal; ) {
      const step = next[at];
      if (step === undefined) return null;
      if (step.text !== "") texts.push(step.text);
      if (step.edge?.needsVictim === true) needsVictim = true;
      if (step.edge?.confidence === "documented") confidence = "documented";
      at = step.to;
    }
    return { steps: texts, goal: what, needsVictim, confidence };
  };

  return {
    edges,
    rolesFrom: (role) => {
      const id = graph.idOf(role);
      if (id < 0) return [];
      const seen = new Set([2 * id]);
      for (const node of seen) for (const step of steps()[node] ?? []) seen.add(step.to);
      const all = seen.has(SUPERUSER)
        ? listBits(graph.existing)
        : [...seen].filter((n) => n < 2 * size).map((n) => n >> 1);
      return sortedText(all.map((each) => graph.names[each] as RoleName));
    },
    toSuperuser: (role) => {
      const id = graph.idOf(role);
      if (id < 0 || hasBit(graph.superReachers, id)) return null;
      return pathTo(2 * id, SUPERUSER, { kind: "superuser" });
    },
    toRole: (role, other) => {
      const [id, to] = [graph.idOf(role), graph.idOf(other)];
      if (id < 0 || to < 0 || id === to || hasBit(graph.superReachers, id) || graph.isReacher(to, id, null))
        return null;
      return pathTo(2 * id, 2 * to + 1, { kind: "role", role: other });
    },
  };
}

function membershipsOf(
  { graph, catalog }: AccessIndex,
  id: number,
): readonly { readonly to: number; readonly privileges: boolean; readonly setRole: boolean }[] {
  const unrecorded = catalog.databases.flatMap((database) =>
    graph.unrecorded(database).flatMap(([member, edge]) => (member === id ? [edge] : [])),
  );
  return [...(graph.up[id] ?? []), ...unrecorded];
}

function said(name: RoleName): string {
  return `\`${describeName(name)}\``;
}

function once<T>(make: () => T): () => T {
  let made: { readonly value: T } | undefined;
  return () => (made ??= { value: make() }).value;
}
