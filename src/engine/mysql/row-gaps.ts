import { sortedText } from "../../base/order.ts";
import { type AccessEntry, accessList, NOBODY } from "../../model/access-list.ts";
import { type AccessState, EMPTY_STATE } from "../../model/access-state.ts";
import { type Change, type GrantChange, isGrantChange } from "../../model/change.ts";
import { describeName, type ResourceKey, resourceKey } from "../../model/resource.ts";
import { type Grantee, type Membership, type MembershipKey, membershipKey, PUBLIC } from "../../model/role.ts";
import type { RenderedStatement, RenderRequest } from "../engine.ts";
import { type EvaluationSettings, evaluate } from "./evaluated.ts";

/** Statements times schemas: with more, nothing is looked at. */
const MOST_WORK = 20_000;

/**
 * The statements, each marked after which somebody is for a while without what it has on a schema before and after the stage. Of several rows that cover a schema one counts, and roles that are nested have theirs
 * merged: so a row or a membership that is added alone can take away what the next statement gives back. Looked at where there are patterns.
 */
export function withRowGaps(
  statements: readonly RenderedStatement[],
  request: RenderRequest,
  settings: EvaluationSettings,
): readonly RenderedStatement[] {
  const changesOf = ({ changes }: RenderedStatement): readonly Change[] =>
    changes.flatMap((index) => request.all[index] ?? []).filter(isAboutRows);
  const relevant = statements.filter((statement) => changesOf(statement).length > 0).length;
  if (relevant < 2 || ![request.before, request.after].some(hasPatterns)) return statements;
  const rows = new Rows(request.before);
  if (relevant * rows.schemas > MOST_WORK) return statements;
  const [before, after] = [request.before, request.after].map((state) => held(new Rows(state).state(), settings));
  const kept = [...(before ?? [])].filter((one) => after?.has(one) === true);
  let known = new Set<string>();
  return statements.map((statement, at) => {
    const changes = changesOf(statement);
    // A change that the next statement goes on with is there after that.
    const goesOn = statements[at + 1]?.changes.some((index) => statement.changes.includes(index)) === true;
    if (changes.length === 0 || goesOn) return statement;
    for (const change of changes) rows.make(change);
    const now = held(rows.state(), settings);
    const lost = kept.filter((one) => !now.has(one));
    const begins = lost.filter((one) => !known.has(one));
    known = new Set(lost);
    return begins.length === 0 ? statement : { ...statement, interrupts: statement.interrupts ?? gapText(begins) };
  });
}

function isAboutRows(change: Change): boolean {
  if (isGrantChange(change)) return change.resourceKind === "schema" || change.resourceKind === "schema-pattern";
  return change.kind === "add-membership" || change.kind === "remove-membership";
}

function hasPatterns({ holdings }: AccessState): boolean {
  for (const { resource, list } of holdings.values()) {
    if (resource.kind === "schema-pattern" && list.entries.length > 0) return true;
  }
  return false;
}

/** What decides about schemas, as the statements go on. */
class Rows {
  readonly #base: AccessState;
  readonly #holdings: Map<ResourceKey, AccessState["holdings"] extends ReadonlyMap<ResourceKey, infer V> ? V : never>;
  readonly #memberships: Map<MembershipKey, Membership>;
  readonly schemas: number;

  constructor(base: AccessState) {
    this.#base = base;
    this.#memberships = new Map(base.memberships);
    this.#holdings = new Map(
      [...base.holdings].filter(
        ([
          ,
          {
            resource: { kind },
          },
        ]) => kind === "schema" || kind === "schema-pattern",
      ),
    );
    this.schemas = [...this.#holdings.values()].filter(({ resource }) => resource.kind === "schema").length;
  }

  state(): AccessState {
    const { roles } = this.#base;
    return { ...EMPTY_STATE, roles, memberships: this.#memberships, holdings: this.#holdings };
  }

  make(change: Change): void {
    if (isGrantChange(change)) this.#grant(change);
    else if (change.kind === "add-membership")
      this.#memberships.set(membershipKey(change.membership), change.membership);
    else if (change.kind === "remove-membership") this.#memberships.delete(membershipKey(change.membership));
  }

  #grant({ kind, grantee, privileges, resources }: GrantChange): void {
    for (const resource of resources) {
      const key = resourceKey(resource);
      const known = this.#holdings.get(key)?.list ?? NOBODY;
      const others = known.entries.filter((entry) => entry.grantee !== grantee);
      const own = known.entries.find((entry) => entry.grantee === grantee)?.privileges ?? [];
      const next =
        kind === "add-grant" ? [...own, ...privileges] : own.filter((privilege) => !privileges.includes(privilege));
      const entry: AccessEntry = { grantee, grantor: "", privileges: sortedText(next), grantable: [] };
      this.#holdings.set(key, { resource, owner: null, list: accessList([...others, entry]) });
    }
  }
}

/** Who has what on which schema: grantee, privilege and schema, with what its roles give it. */
function held(state: AccessState, settings: EvaluationSettings): ReadonlySet<string> {
  const evaluated = evaluate(state, { databases: [], entries: new Map() }, settings);
  const members = new Map<Grantee, Grantee[]>();
  for (const { role, member } of evaluated.memberships.values()) {
    members.set(role, [...(members.get(role) ?? []), member]);
  }
  const below = (role: Grantee): ReadonlySet<Grantee> => {
    const names = new Set([role]);
    for (const name of names) for (const member of members.get(name) ?? []) names.add(member);
    return names;
  };
  const found = new Set<string>();
  const closures = new Map<Grantee, ReadonlySet<Grantee>>();
  for (const { resource, list } of evaluated.holdings.values()) {
    if (resource.kind !== "schema") continue;
    for (const { grantee, privileges } of list.entries) {
      let names = closures.get(grantee);
      if (names === undefined) closures.set(grantee, (names = below(grantee)));
      for (const name of names) {
        for (const privilege of privileges) found.add(`${name}\0${privilege}\0${resource.path[1] ?? ""}`);
      }
    }
  }
  return found;
}

const TOLD = 3;

function gapText(lost: readonly string[]): string {
  const texts = sortedText(lost).map((one) => {
    const [grantee = "", privilege = "", schema = ""] = one.split("\0");
    const who = grantee === PUBLIC ? "everybody (PUBLIC)" : `\`${describeName(grantee)}\``;
    return `${who} is without ${privilege} on ${describeName(schema)}`;
  });
  const more = texts.length > TOLD ? ` and ${texts.length - TOLD} more` : "";
  return `until later statements of this stage ${texts.slice(0, TOLD).join(", ")}${more}`;
}
