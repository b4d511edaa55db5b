import { compareText } from "../../base/order.ts";
import type { AccessState } from "../../model/access-state.ts";
import { resourceKey, schemaOf, type Resource } from "../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../model/role.ts";
import type { RenderedStatement, RenderRequest } from "../engine.ts";
import type { GrantPiece } from "./grant-pieces.ts";
import { quoteIdentifier } from "./quote.ts";
import { reach } from "./reach.ts";
import type { RenderContext } from "./render-context.ts";
import { resourceName } from "./render-names.ts";

export interface BorrowedUsage {
  readonly give: readonly RenderedStatement[];
  readonly take: readonly RenderedStatement[];
}

/**
 * A grantor that must act but may not look into the schema of its objects is given USAGE for as long as that takes: inside the transaction, so that nobody can use it. There is
 * no other way to name it as the grantor.
 */
export function borrowedUsage(
  pieces: readonly GrantPiece[],
  request: RenderRequest,
  context: RenderContext,
): BorrowedUsage {
  const needs = new Map<
    string,
    { readonly role: RoleName; readonly schema: Resource; readonly changes: Set<number> }
  >();
  let sees: ((role: RoleName, schema: Resource) => boolean) | undefined;
  for (const { as, resources, indexes } of pieces) {
    if (as === undefined) continue;
    for (const resource of resources) {
      const name = schemaOf(resource);
      if (name === null || resource.kind === "schema") continue;
      const schema: Resource = { kind: "schema", path: [resource.path[0] ?? "", name] };
      const key = `${as}\0${resourceKey(schema)}`;
      let need = needs.get(key);
      if (need === undefined) {
        sees ??= mayLookInto([request.moved, request.after], context.major);
        if (sees(as, schema)) continue;
        need = { role: as, schema, changes: new Set() };
        needs.set(key, need);
      }
      for (const index of indexes) need.changes.add(index);
    }
  }
  const sorted = [...needs].sort(([a], [b]) => compareText(a, b)).map(([, need]) => need);
  const statement = (verb: string, word: string, { role, schema, changes }: (typeof sorted)[number]) => ({
    text: `${verb} usage on schema ${resourceName(schema)} ${word} ${quoteIdentifier(role)}`,
    changes: [...changes].sort((a, b) => a - b),
    locks: { objects: context.texts.locks("schema") ? 1 : 0, roles: [role] },
  });
  return {
    give: sorted.map((need) => statement("grant", "to", need)),
    take: sorted.map((need) => statement("revoke", "from", need)),
  };
}

const SEE_EVERYTHING: readonly RoleName[] = ["pg_read_all_data", "pg_write_all_data"];

function mayLookInto(states: readonly AccessState[], major: number): (role: RoleName, schema: Resource) => boolean {
  const readings = states.map((state) => ({ state, closures: reach(state, major) }));
  return (role, schema) =>
    readings.some(({ state, closures }) => {
      if (state.roles.get(role)?.attributes["superuser"] === true) return true;
      const roles = closures.privileges(role, schema.path[0] ?? null);
      if (major >= 14 && SEE_EVERYTHING.some((all) => roles.has(all))) return true;
      const entries = state.holdings.get(resourceKey(schema))?.list.entries ?? [];
      return entries.some(
        (entry) => (entry.grantee === PUBLIC || roles.has(entry.grantee)) && entry.privileges.includes("USAGE"),
      );
    });
}
