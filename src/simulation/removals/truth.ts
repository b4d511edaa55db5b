import type { Digest } from "../../base/digest.ts";
import { compareBy, sorted } from "../../base/order.ts";
import { databaseOf, describeName, resourceKey } from "../../model/resource.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { RemovalItem } from "./item.ts";
import { isOver, type ItemStanding, proposed } from "./standing.ts";

/** What the manifest would take now, and what is live. */
interface Truth {
  readonly live: Pick<Snapshot, "access" | "identity" | "unknowns">;
  /** The items of the plan that would be made now. */
  readonly takes: readonly RemovalItem[];
}

/** The record of removals held against the database: what the manifest takes and nobody was told of is proposed, what is not there any more is revoked. What could not be read stays as the record has it. */
export function againstTruth(
  standing: ReadonlyMap<Digest, ItemStanding>,
  { live, takes }: Truth,
): readonly ItemStanding[] {
  const taking = new Set(takes.map(({ id }) => id));
  const known = [...standing.values()].map((each): ItemStanding => {
    const held = isHeld(each.item, live);
    if (held === false && each.state !== "revoked") {
      const before = each.because === null ? "" : `: ${each.because}`;
      const odd = each.state === "ready" ? null : `it went while it was ${each.state}${before}`;
      return { ...each, state: "revoked", readyAt: null, because: odd };
    }
    if (held !== true || each.state !== "revoked") return each;
    return taking.has(each.item.id) ? proposed(each.item) : { ...each, because: "it was given again since" };
  });
  const rest = takes.filter(({ id }) => !standing.has(id)).map(proposed);
  return sorted(
    [...known, ...rest],
    compareBy((each) => (isOver(each) ? 1 : 0)),
  );
}

/** Whether somebody has it; null: it lies where nothing was read. */
function isHeld(item: RemovalItem, { access, identity, unknowns }: Truth["live"]): boolean | null {
  if (item.kind === "membership") {
    return [...access.memberships.values()].some(({ member, role }) => member === item.member && role === item.role);
  }
  const entries = access.holdings.get(resourceKey(item.resource))?.list.entries ?? [];
  if (entries.some(({ grantee, privileges }) => grantee === item.grantee && privileges.includes(item.privilege)))
    return true;
  const database = databaseOf(item.resource);
  if (database === null) return false;
  const isUnread = unknowns.some(({ subject }) => subject === `database ${describeName(database)}`);
  return isUnread || !identity.databases.includes(database) ? null : false;
}
