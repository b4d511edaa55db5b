import { type AccessList, compareEntries } from "../../model/access-list.ts";
import type { AccessState, Holding } from "../../model/access-state.ts";
import { isGrantChange, type Change } from "../../model/change.ts";
import type { Finding } from "../../model/finding.ts";
import { describeName, describeResource, resourceKey, tableOf, type Resource } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";

/**
 * How many entries the access list of a table, a sequence or a column can have at most, on pages of 8 kB. The list is compressed in its row, so the ids of the roles decide: measured on 14, 15, 16 and 18 alike,
 * 2,442 to 2,456 entries for roles with adjacent ids and equal privileges, 1,777 to 1,892 for ids with gaps.
 */
const MOST_ENTRIES = 2_440;
const SAFE_ENTRIES = 1_770;
const PAGE = 8_192;

/** Kinds whose lists stand in catalogs without out-of-line storage. The others took thousands of entries more. */
const IN_ROW: ReadonlySet<Resource["kind"]> = new Set(["table", "sequence", "column"]);

/** Findings about lists that would not fit into their catalog row, and about grants whose grant option is taken from under them. */
export function listLimits(after: AccessState, changed: readonly Change[], snapshot: Snapshot): readonly Finding[] {
  const known = new Map<string, readonly Problem[]>();
  const found = new Map<string, { readonly problem: Problem; readonly resources: Resource[] }>();
  for (const holding of changedHoldings(after, changed)) {
    const before = snapshot.access.holdings.get(resourceKey(holding.resource));
    const table =
      holding.resource.kind === "column" ? after.holdings.get(resourceKey(tableOf(holding.resource))) : null;
    const owner = table?.owner ?? holding.owner;
    const id = [before?.list.id, holding.list.id, table?.list.id, owner, IN_ROW.has(holding.resource.kind)].join("\0");
    let problems = known.get(id);
    if (problems === undefined) {
      problems = [
        ...(IN_ROW.has(holding.resource.kind) ? sizeProblems(before?.list, holding.list, snapshot) : []),
        ...(owner === null ? [] : chainProblems(before?.list, holding.list, table?.list, owner)),
      ];
      known.set(id, problems);
    }
    for (const problem of problems) {
      const group = found.get(problem.key);
      if (group === undefined) found.set(problem.key, { problem, resources: [holding.resource] });
      else group.resources.push(holding.resource);
    }
  }
  return [...found.values()].map(({ problem, resources }) => problem.finding(nameAll(resources)));
}

interface Problem {
  /** Equal problems of several resources are one finding. */
  readonly key: string;
  readonly finding: (what: string) => Finding;
}

function* changedHoldings(after: AccessState, changed: readonly Change[]): Generator<Holding> {
  const seen = new Set<string>();
  const walked = new Set<readonly Resource[]>();
  for (const change of changed) {
    if (!(isGrantChange(change) || change.kind === "change-owner") || walked.has(change.resources)) continue;
    walked.add(change.resources);
    for (const resource of change.resources) {
      const key = resourceKey(resource);
      const holding = after.holdings.get(key);
      if (holding === undefined || seen.has(key)) continue;
      seen.add(key);
      yield holding;
    }
  }
}

/** How many entries of `some` have a holder that `others` has no entry of. Both are in the order of lists. */
function countBeyond(some: AccessList["entries"], others: AccessList["entries"]): number {
  let [count, at] = [0, 0];
  for (const entry of some) {
    let order = -1;
    for (; at < others.length; at++) {
      order = compareEntries(entry, others[at] as (typeof others)[number]);
      if (order <= 0) break;
    }
    if (at === others.length || order < 0) count++;
  }
  return count;
}

function sizeProblems(before: AccessList | undefined, after: AccessList, snapshot: Snapshot): readonly Problem[] {
  const scale = (snapshot.limits["block_size"] ?? PAGE) / PAGE;
  if ((before?.entries.length ?? 0) + after.entries.length < Math.floor(SAFE_ENTRIES * scale) / 2) return [];
  // What is added stands beside what is removed until the end of the plan.
  const size = after.entries.length;
  const atOnce = size + countBeyond(before?.entries ?? [], after.entries);
  if (size <= (before?.entries.length ?? 0) && atOnce <= MOST_ENTRIES * scale) return [];
  const most = Math.floor(MOST_ENTRIES * scale);
  const safe = Math.floor(SAFE_ENTRIES * scale);
  if (atOnce < safe / 2) return [];
  const fits = atOnce <= most;
  const between = size === atOnce ? "" : " while the plan runs";
  const help = "grant to a group role and make the others its members: one entry instead of one for each";
  return [
    {
      key: `size ${atOnce} ${size}`,
      finding: (what) =>
        fits
          ? {
              code: "RW320",
              severity: "warning",
              message: `the access list of ${what} would have ${atOnce} entries${between}; from ${safe} on, depending on the ids of the roles, it may not fit into its catalog row`,
              help,
            }
          : {
              code: "RW321",
              severity: "error",
              message: `the access list of ${what} would have ${atOnce} entries${between}, and a catalog row holds at most about ${most}`,
              help,
            },
    },
  ];
}

function chainProblems(
  before: AccessList | undefined,
  after: AccessList,
  table: AccessList | undefined,
  owner: RoleName,
): readonly Problem[] {
  if (before?.id === after.id) return [];
  const problems: Problem[] = [];
  for (const { grantee, grantor, privileges } of after.entries) {
    if (grantor === owner) continue;
    const lost = privileges.filter((privilege) =>
      [after, table].every(
        (list) => !list?.entries.some((entry) => entry.grantee === grantor && entry.grantable.includes(privilege)),
      ),
    );
    if (lost.length === 0) continue;
    const [giver, taker] = [describeName(grantor), grantee === "" ? "PUBLIC" : `\`${describeName(grantee)}\``];
    problems.push({
      key: `chain ${grantee}\0${grantor}\0${lost.join(",")}`,
      finding: (what) => ({
        code: "RW314",
        severity: "error",
        message: `${taker} holds ${lost.join(", ")} on ${what} from \`${giver}\`, who would have no grant option for it`,
        help: `have the owner grant it to ${taker}, or remove that grant as well`,
      }),
    });
  }
  return problems;
}

function nameAll(resources: readonly Resource[]): string {
  const [first] = resources;
  const name = first === undefined ? "" : `\`${describeResource(first)}\``;
  return resources.length > 1 ? `${name} and ${resources.length - 1} more` : name;
}
