import type { AccessIndex } from "../../analysis/access-index.ts";
import type { Declared } from "../../model/declared.ts";
import type { StatementRequirements } from "../../model/requirements.ts";
import type { Evidence } from "../../model/workload.ts";
import { type JudgedPair, judgePairs } from "../advise/actors.ts";
import { Clauses } from "../advise/clauses.ts";
import { observedPairs, spansOfEvidence } from "../advise/observed.ts";
import { grantKey, memberKey, Ways } from "../advise/ways.ts";
import type { RemovalItem } from "./item.ts";
import { isOver, type ItemStanding } from "./standing.ts";

/** What evidence says of items that are announced. */
export interface Watched {
  /** Items that somebody used since they were announced, with the use that was last. */
  readonly used: readonly { readonly item: RemovalItem; readonly pair: JudgedPair }[];
  /** Statements of which it is not known what they need: they could have used something. */
  readonly open: readonly JudgedPair[];
  /** The evidence has no gap from when watching had come to, up to here; null: it has one at its beginning. */
  readonly until: string | null;
}

/** Looks whether anything that was seen since an item was announced would miss it once all of them are gone. */
export function watchItems(given: {
  readonly index: AccessIndex;
  readonly evidence: Evidence;
  readonly requirements: ReadonlyMap<string, StatementRequirements>;
  readonly declared: Declared;
  readonly standing: readonly ItemStanding[];
}): Watched {
  const { index, evidence, requirements, declared } = given;
  const live = given.standing.filter((each) => !isOver(each) && each.announcedAt !== null);
  const pairs = judgePairs(observedPairs(evidence), index, requirements);
  const clauses = new Clauses(new Ways(index), { pairs, declared });
  const keys = new Map(live.map((each) => [keyOf(each.item), each]));
  const all = {
    grants: live.flatMap(({ item }) => (item.kind === "grant" ? [keyOf(item)] : [])),
    members: live.flatMap(({ item }) => (item.kind === "membership" ? [keyOf(item)] : [])),
  };
  const used = [...clauses.losing(all)].flatMap(([key, using]) => {
    const standing = keys.get(key);
    const [last] = [...using]
      .filter((pair) => standing !== undefined && pair.lastSeen >= (standing.announcedAt ?? ""))
      .sort((a, b) => (a.lastSeen < b.lastSeen ? 1 : -1));
    return standing === undefined || last === undefined ? [] : [{ item: standing.item, pair: last }];
  });
  const from = live.map(({ watchedUntil, announcedAt }) => watchedUntil ?? announcedAt ?? "").sort()[0];
  const span =
    from === undefined
      ? undefined
      : spansOfEvidence(evidence).find((each) => each.from <= Date.parse(from) && Date.parse(from) <= each.to);
  return {
    used,
    open: pairs.filter((pair) => pair.open !== null && from !== undefined && pair.lastSeen >= from),
    until: span === undefined ? null : new Date(span.to).toISOString(),
  };
}

function keyOf(item: RemovalItem): string {
  return item.kind === "grant"
    ? grantKey(item.grantee, item.privilege, item.resource)
    : memberKey(item.member, item.role);
}
