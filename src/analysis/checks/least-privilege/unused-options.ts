import type { ResourceClass } from "../../resource-class.ts";
import { PUBLIC, type RoleName } from "../../../model/role.ts";
import type { Check, CheckContext } from "../check.ts";
import { type Granted, granted, recordedClasses, revoking } from "../general/granted.ts";
import { revokeLines } from "../general/lines.ts";
import { several, what, who, words } from "../general/telling.ts";

/** LPV-10. */
export const unusedOptions: Check = {
  id: "LPV-10",
  title: "the right to pass privileges on was never used",
  why: "Who may pass a privilege on decides who else has it, and what it passed on stays when it leaves. Where the server names who gave what, unused is what nobody has from it.",
  fix: "Take the right to pass on, and leave the privilege.",
  example: "roles:\n  app_rw:\n    revoke: [grant option for select on table sales.orders]",
  danger: "medium",
  principles: ["least privilege"],
  engines: "all",
  cis: ["CIS MySQL 5"],
  *find(context) {
    const { index, dialect, people } = context;
    if (!dialect.capabilities.grantors) return yield* withoutGrantors(context);
    const { names } = index.graph;
    const isJudged = (id: number): boolean => id >= 0 && context.inScope(names[id] as RoleName);
    const all = granted(index, (place, id) => (isJudged(id) ? idle(place, names[id] as RoleName, id) : 0));
    for (const given of all) {
      if (people.administers(given.grantee)) continue;
      yield {
        message: `${who(given.grantee)} may pass on ${words(given.privileges)} on ${what(given.resources)}, and gave it to nobody`,
        principals: [given.grantee],
        resources: given.resources,
        about: [given.database, given.schema, given.kind, ...given.privileges].join("\0"),
        fix: {
          text: `take the right to pass it on from ${who(given.grantee)}, and leave the privilege`,
          manifest: optionLines(given),
          changes: revoking(given, "remove-grant-option"),
        },
      };
    }
  },
};

/** The privileges that a grantee may pass on here, and that nobody here has from it. */
function idle({ compiled, list }: ResourceClass, name: RoleName, id: number): number {
  const at = compiled.grantees.indexOf(id);
  const options = compiled.options[at] as number;
  return list.entries.some((entry) => entry.grantor === name && entry.grantee !== name) ? 0 : options;
}

function optionLines(given: Granted): readonly string[] {
  return revokeLines([given]).map((line) => line.replace(/- ("?)/u, "- $1grant option for "));
}

/** Where a grant does not say who made it, use leaves no trace in it. */
function* withoutGrantors({ index, inScope, people }: CheckContext): ReturnType<Check["find"]> {
  const holders = new Set<RoleName>();
  for (const place of recordedClasses(index)) {
    const passing = index.passing(place.kind);
    for (const [at, id] of place.compiled.grantees.entries()) {
      const name = index.graph.names[id] ?? PUBLIC;
      if (((place.compiled.masks[at] as number) & passing) === 0) continue;
      if (inScope(name) && !people.administers(name)) holders.add(name);
    }
  }
  if (holders.size === 0) return;
  yield {
    unknown: `whether ${several(holders)} ever passed anything on: grants do not say who made them`,
    help: "collect a workload",
  };
}
