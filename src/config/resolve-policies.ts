import { sortedText } from "../base/order.ts";
import {
  type Holding,
  type PolicyCommand,
  type RowPolicy,
  type RowPolicyKey,
  rowPolicyKey,
  type RowSecurity,
} from "../model/access-state.ts";
import type { PolicyTextAnswer, RefusedPolicyText } from "../model/policy-text.ts";
import { describeResource, type Resource, resourceKey, type ResourceKey } from "../model/resource.ts";
import { PUBLIC } from "../model/role.ts";
import type { RowPoliciesClaim, Selector } from "./claims.ts";
import { type ResolveContext, roleExists, selectFor } from "./context.ts";
import type { RowPolicyEntry } from "./manifest.ts";
import { printName } from "./names.ts";
import type { ManifestPath, TextRange } from "./source-file.ts";

/** What the server says about an expression on a table; null when nobody asked it. */
export type CanonicalExpression = (table: Resource, expression: string) => PolicyTextAnswer | null;

export interface ResolvedPolicies {
  readonly policies: ReadonlyMap<RowPolicyKey, RowPolicy>;
  readonly rowSecurity: ReadonlyMap<ResourceKey, RowSecurity>;
  readonly claimOf: ReadonlyMap<string, RowPoliciesClaim>;
}

export function resolvePolicies(context: ResolveContext, canonical: CanonicalExpression): ResolvedPolicies {
  const policies = new Map<RowPolicyKey, RowPolicy>();
  for (const [key, policy] of context.before.rowPolicies) {
    const kept = withoutRetired(policy, context);
    if (kept !== null) policies.set(key, kept);
  }
  const rowSecurity = new Map<ResourceKey, RowSecurity>();
  const claimOf = new Map<string, RowPoliciesClaim>();
  for (const claim of context.claims.rowPolicies) {
    for (const table of tablesOf(claim, context))
      claimTable(claim, table, { policies, rowSecurity, claimOf, context, canonical });
  }
  const { rowPolicies: before } = context.before;
  const same = policies.size === before.size && [...policies].every(([key, policy]) => before.get(key) === policy);
  return { policies: same ? before : policies, rowSecurity, claimOf };
}

/** Row flags put into the holdings that they belong to. */
export function withRowSecurity(
  holdings: ReadonlyMap<ResourceKey, Holding>,
  rowSecurity: ReadonlyMap<ResourceKey, RowSecurity>,
): ReadonlyMap<ResourceKey, Holding> {
  let result: Map<ResourceKey, Holding> | null = null;
  for (const [key, wanted] of rowSecurity) {
    const holding = holdings.get(key);
    if (holding === undefined) continue;
    const now = holding.rowSecurity ?? { enabled: false, forced: false };
    if (now.enabled === wanted.enabled && now.forced === wanted.forced) continue;
    result ??= new Map(holdings);
    const { rowSecurity: _, ...rest } = holding;
    result.set(key, wanted.enabled || wanted.forced ? { ...rest, rowSecurity: wanted } : rest);
  }
  return result ?? holdings;
}

function withoutRetired(policy: RowPolicy, { retired }: ResolveContext): RowPolicy | null {
  if (!policy.roles.some((role) => retired.has(role))) return policy;
  const roles = policy.roles.filter((role) => !retired.has(role));
  return roles.length === 0 ? null : { ...policy, roles };
}

function tablesOf({ table, entry, source }: RowPoliciesClaim, context: ResolveContext): readonly Resource[] {
  const database = entry.database ?? null;
  const selector: Selector = {
    key: `row policies ${printName(table)} ${JSON.stringify(database)}`,
    on: { kind: "table", plural: false, names: [table] },
    except: [],
    kinds: null,
    partitions: true,
    extensions: [],
    database,
  };
  return selectFor(context, selector, [...source.paths[0], "table"], false).entries.flatMap(({ resource, form }) => {
    if (form === undefined || form === "table" || form === "partitioned-table") return [resource];
    const message = `\`${describeResource(resource)}\` is a ${form.replaceAll("-", " ")}, and only tables have row policies`;
    context.findings.add("RW232", [...source.paths[0], "table"], message);
    return [];
  });
}

interface PolicyDraft {
  readonly policies: Map<RowPolicyKey, RowPolicy>;
  readonly rowSecurity: Map<ResourceKey, RowSecurity>;
  readonly claimOf: Map<string, RowPoliciesClaim>;
  readonly context: ResolveContext;
  readonly canonical: CanonicalExpression;
}

function claimTable(claim: RowPoliciesClaim, table: Resource, draft: PolicyDraft): void {
  const { entry, source } = claim;
  const { context, policies } = draft;
  const path = source.paths[0];
  const key = resourceKey(table);
  const other = draft.claimOf.get(key);
  if (other !== undefined) {
    const related = [{ message: "the other entry", path: other.source.paths[0] }];
    context.findings.add("RW205", path, `the row policies of \`${describeResource(table)}\` are declared twice`, {
      related,
      help: "put them into one entry",
    });
    return;
  }
  draft.claimOf.set(key, claim);
  const live = context.before.holdings.get(key)?.rowSecurity ?? { enabled: false, forced: false };
  const wanted = { enabled: entry.enabled ?? live.enabled, forced: entry.forced ?? live.forced };
  if (entry.enabled !== undefined || entry.forced !== undefined) draft.rowSecurity.set(key, wanted);
  for (const [name, said] of Object.entries(entry.policies ?? {})) {
    const policyKey = rowPolicyKey({ table, name });
    const policy = policyOf(name, said, table, [...path, "policies", name], draft);
    if (policy !== null) policies.set(policyKey, same(policies.get(policyKey), policy));
  }
  for (const [index, name] of (entry.absent ?? []).entries()) {
    if (entry.policies !== undefined && Object.hasOwn(entry.policies, name)) {
      context.findings.add(
        "RW205",
        [...path, "absent", index],
        `row policy \`${name}\` is both declared and to be absent`,
      );
    }
    policies.delete(rowPolicyKey({ table, name }));
  }
  if (entry.policies !== undefined && context.authority.rulesFor("row-policies", table.path[1] ?? null).length > 0) {
    for (const [policyKey, policy] of policies) {
      if (resourceKey(policy.table) === key && !Object.hasOwn(entry.policies, policy.name)) policies.delete(policyKey);
    }
  }
  const any = [...policies.values()].some((policy) => resourceKey(policy.table) === key);
  if (wanted.enabled && !any && entry.enabled === true) {
    const message = `row security without a policy: only the owner will see rows of \`${describeResource(table)}\``;
    context.findings.add("RW233", path, message, { severity: "warning", help: "add a policy, or leave it disabled" });
  }
}

function policyOf(
  name: string,
  said: RowPolicyEntry,
  table: Resource,
  path: ManifestPath,
  { context, canonical, policies }: PolicyDraft,
): RowPolicy | null {
  const to = said.to ?? ["public"];
  const known = to.map((role, index) => role === "public" || roleExists(context, role, [...path, "to", index]));
  if (known.includes(false)) return null;
  const live = policies.get(rowPolicyKey({ table, name }));
  const command = (said.command ?? "all").toUpperCase() as PolicyCommand;
  const permissive = said.permissive !== false;
  const stays = live !== undefined && staysInPlace(live, { ...said, command, permissive });
  const expression = (key: "using" | "check"): string | null => {
    const text = said[key];
    if (text === undefined) return null;
    return expressionOf(text, stays ? live[key] : null, { table, path: [...path, key], context, canonical });
  };
  return {
    table,
    name,
    command,
    permissive,
    roles: sortedText(to.map((role) => (role === "public" ? PUBLIC : role))),
    using: expression("using"),
    check: expression("check"),
  };
}

/** Whether the live policy can become the declared one in place. One that is made anew gets its expressions anew too. */
function staysInPlace(live: RowPolicy, said: Pick<RowPolicy, "command" | "permissive"> & Expressions): boolean {
  return (
    live.command === said.command &&
    live.permissive === said.permissive &&
    (live.using === null || said.using !== undefined) &&
    (live.check === null || said.check !== undefined)
  );
}

type Expressions = Pick<RowPolicyEntry, "using" | "check">;

interface ExpressionPlace {
  readonly table: Resource;
  readonly path: ManifestPath;
  readonly context: ResolveContext;
  readonly canonical: CanonicalExpression;
}

/** The text that a policy gets: the live one wherever both say the same. */
function expressionOf(text: string, live: string | null, place: ExpressionPlace): string {
  const { table, path, context, canonical } = place;
  if (live !== null && loose(live) === loose(text)) return live;
  const answer = canonical(table, text);
  // What stands there may be a text that the server would write otherwise today: `x in (...)` over varchar takes two rounds to settle.
  const settled = live === null ? null : canonical(table, live);
  switch (answer?.kind) {
    case undefined: {
      const message = `how the server will write this expression is not known`;
      const help = "if it writes it otherwise, the apply is rolled back: write it as the server does, casts included";
      context.findings.add("RW224", path, message, { severity: "warning", help });
      return text;
    }
    case "known":
      return live !== null && settled?.kind === "known" && settled.text === answer.text ? live : answer.text;
    case "refused": {
      const { message, help } = answer;
      const range = rangeOf(text, answer);
      const options = { help, ...(range === null ? {} : { range }) };
      context.findings.add("RW226", path, `the server refuses this expression: ${message}`, options);
      return text;
    }
    case "unknown": {
      const message = `how the server would write this expression could not be asked: ${answer.reason}`;
      context.findings.add("RW228", path, message, { help: answer.help });
      return text;
    }
  }
}

/** The word at which the server stopped. */
function rangeOf(text: string, { offset }: RefusedPolicyText): TextRange | null {
  if (offset === null || offset >= text.length) return null;
  const [word] = /^(?:[\p{L}\p{N}_$.]+|.)/su.exec(text.slice(offset)) ?? [""];
  return { offset, length: word.length };
}

/** White space between tokens and the parentheses around the whole say nothing. */
function loose(text: string): string {
  const trimmed = text.trim().replace(/('(?:[^']|'')*'|"(?:[^"]|"")*")|\s+/gu, (_, quoted?: string) => quoted ?? " ");
  return trimmed.startsWith("(") && closes(trimmed) ? loose(trimmed.slice(1, -1)) : trimmed;
}

/** Whether the first parenthesis is closed by the last sign. */
function closes(text: string): boolean {
  let depth = 0;
  let quote: string | null = null;
  for (let at = 0; at < text.length; at++) {
    const char = text[at] ?? "";
    if (quote !== null) {
      if (char === quote) quote = null;
    } else if (char === "'" || char === '"') quote = char;
    else if (char === "(") depth++;
    else if (char === ")" && --depth === 0) return at === text.length - 1;
  }
  return false;
}

function same(live: RowPolicy | undefined, policy: RowPolicy): RowPolicy {
  if (live === undefined) return policy;
  const roles = sortedText(live.roles);
  const equal =
    live.command === policy.command &&
    live.permissive === policy.permissive &&
    live.using === policy.using &&
    live.check === policy.check &&
    roles.length === policy.roles.length &&
    roles.every((role, index) => role === policy.roles[index]);
  return equal ? live : policy;
}
