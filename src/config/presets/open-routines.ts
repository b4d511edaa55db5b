import { sortedText } from "../../base/order.ts";
import type { Holding } from "../../model/access-state.ts";
import { describeTyped, type ResourceKey } from "../../model/resource.ts";
import { PUBLIC } from "../../model/role.ts";
import type { GrantClaim } from "../claims.ts";
import { type ResolveContext, selectFor } from "../context.ts";

/** No preset but `admin` gives routines, and everybody may have some all the same: those that run with their owner's rights, in a schema that the preset opens, are a finding. */
export function adviseOnOpenRoutines(context: ResolveContext, holdings: ReadonlyMap<ResourceKey, Holding>): void {
  const opening = context.claims.grants.filter(
    ({ preset, selector }) => preset !== undefined && preset.name !== "admin" && selector.on.kind === "schema",
  );
  if (opening.length === 0) return;
  const open = openRoutines(context, holdings);
  if (open.size === 0) return;
  for (const claim of opening) advise(claim, open, context);
}

/** What runs with the rights of its owner and can be executed by everybody, by the path of its schema. */
function openRoutines(
  { live, index }: ResolveContext,
  holdings: ReadonlyMap<ResourceKey, Holding>,
): ReadonlyMap<string, readonly string[]> {
  const found = [...live.catalog.entries.values()].filter(({ resource, securityDefiner, missing, system }) => {
    if (resource.kind !== "routine" || securityDefiner !== true || missing === true || system === true) return false;
    const list = holdings.get(index.keyOf(resource))?.list.entries ?? [];
    return list.some(({ grantee, privileges }) => grantee === PUBLIC && privileges.includes("EXECUTE"));
  });
  const bySchema = Map.groupBy(found, ({ resource }) => placeOf(resource.path.slice(0, 2)));
  return new Map([...bySchema].map(([place, all]) => [place, all.map(({ resource }) => describeTyped(resource))]));
}

function placeOf(path: readonly string[]): string {
  return path.join("\0");
}

function advise(claim: GrantClaim, open: ReadonlyMap<string, readonly string[]>, context: ResolveContext): void {
  const { entries } = selectFor(context, claim.selector, claim.source.paths[0], true);
  const routines = sortedText(entries.flatMap(({ resource }) => open.get(placeOf(resource.path)) ?? []));
  const [first, ...others] = routines;
  if (first === undefined || claim.preset === undefined) return;
  const more = others.length === 0 ? "" : ` and ${others.length} more`;
  const called = `${claim.preset.name}@${claim.preset.version}`;
  const message = `whoever has \`${called}\` here can execute \`${first}\`${more}, with the rights of the owner, as everybody can`;
  context.findings.add("RW245", [...claim.source.paths[0], "schemas"], message, {
    severity: "warning",
    help: "take it from everybody, `public: { revoke: [execute on routines ...] }`, and grant it to those who need it",
  });
}
