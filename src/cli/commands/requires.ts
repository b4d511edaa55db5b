import { type AccessIndex, buildAccessIndex } from "../../analysis/access-index.ts";
import { EXIT, RolewrightError } from "../../base/error.ts";
import { resolveManifest } from "../../config/resolve.ts";
import { predict } from "../../diff/predict.ts";
import type { Dialect } from "../../engine/engine.ts";
import { loadEngine } from "../../engine/registry.ts";
import type { RequirementSource, StatementQuestion } from "../../engine/simulation.ts";
import type { Change } from "../../model/change.ts";
import type { Requirement, StatementRequirements } from "../../model/requirements.ts";
import { describeName } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { decide, type Decision, truthOf } from "../../simulation/decide.ts";
import { type Giving, givingOf } from "../../simulation/giving.ts";
import { openOnShadow } from "../../simulation/shadow-requirements.ts";
import { sayRefusal, sayRequirement, sayUnknown } from "../../simulation/say.ts";
import type { Action } from "../command-spec.ts";
import type { CliContext, JsonDocument } from "../context.ts";
import type { Input } from "../input.ts";
import { escapeLine } from "../output/escape.ts";
import type { Block, Item, Page } from "../output/page.ts";
import { stagingOf } from "../observing.ts";
import { findWho } from "../questions/who.ts";
import { chooseTarget, openTarget, readLive, readManifest, targetUrl, type OpenTarget } from "../target.ts";

/** What was asked and what came out. */
interface Answered {
  readonly title: string;
  readonly text: string;
  /** Null: nobody was asked about. */
  readonly role: RoleName | null;
  readonly requirements: StatementRequirements;
  readonly decision: Decision | null;
  readonly giving: Giving | null;
  readonly statements: readonly string[];
  readonly index: AccessIndex | null;
}

/** Says what a statement needs, and what somebody lacks of it. Nothing is executed. */
export const requires: Action = async (context, input) => {
  const read = await readManifest(context);
  const name = chooseTarget(read.manifest, context);
  const answered = input.flag("offline")
    ? await offline(context, input, { engine: read.manifest.targets?.[name]?.engine ?? "", name })
    : await openTarget(read, name, { context, work: (target) => online(target, context, input) });
  context.progress.clear();
  const onlyMissing = input.flag("missing");
  context.show(pageOf(answered, onlyMissing), () => documentOf(answered));
  return onlyMissing && answered.decision?.state !== "yes" ? EXIT.refused : EXIT.done;
};

async function online(target: OpenTarget, context: CliContext, input: Input): Promise<Answered> {
  const snapshot = await readLive(target, context);
  const { engine } = target.connection;
  const dialect = engine.dialect(snapshot);
  const index = buildAccessIndex(snapshot.access, snapshot.catalog, dialect.accessRules);
  const role = roleOf(target, { snapshot, dialect, index }, input.text("as"));
  const database = input.text("database") ?? snapshot.identity.databases[0] ?? "";
  if (!snapshot.identity.databases.includes(database)) {
    throw new RolewrightError("RW552", `there is no database \`${escapeLine(database)}\` in reach`, {
      help: `there is ${snapshot.identity.databases.map(describeName).join(", ")}`,
    });
  }
  const text = input.argument(0) ?? "";
  const question = questionOf(input, { text, database, role: role ?? snapshot.actor.role });
  await using source = await openSource(target, context, { snapshot, question, onShadow: input.flag("shadow") });
  context.progress.step("asking the server what the statement needs");
  const [requirements] = await source.read([question]);
  if (requirements === undefined) throw new RolewrightError("RW552", "there is no statement in what was given");
  const decision = role === null ? null : decide(requirements, index, { role });
  const lacking = decision === null ? [] : [...decision.missing, ...decision.maybe];
  const giving = role === null || lacking.length === 0 ? null : givingOf(lacking, index, role);
  const statements = giving === null ? [] : statementsFor(giving.changes, snapshot, dialect);
  return { title: target.name, text, role, requirements, decision, giving, statements, index };
}

/** On the target, or on a shadow of it with what the statement touches. An engine without shadows reads its catalog alone. */
async function openSource(
  target: OpenTarget,
  context: CliContext,
  given: { readonly snapshot: Snapshot; readonly question: StatementQuestion; readonly onShadow: boolean },
): Promise<RequirementSource> {
  const { snapshot, question } = given;
  const { signal } = context;
  const simulation = await target.connection.engine.simulation();
  const url = targetUrl(target, context);
  if (!given.onShadow || simulation.shadow === "none") {
    return await simulation.openRequirements({ url, snapshot, signal });
  }
  const staging = stagingOf(target);
  context.progress.step("building the shadow");
  return await openOnShadow(simulation, {
    url,
    live: snapshot,
    about: [question],
    ...(staging === null ? {} : { staging }),
    onProgress: (done) => context.progress.step(`building the shadow: ${done}`),
    signal,
  });
}

async function offline(
  context: CliContext,
  input: Input,
  { engine, name }: { readonly engine: string; readonly name: string },
): Promise<Answered> {
  context.progress.step("reading the statement");
  const simulation = await (await loadEngine(engine)).simulation();
  if (simulation.fromText === null) {
    throw new RolewrightError("RW552", "this engine has no way of reading the text of a statement alone", {
      help: "leave out `--offline`",
    });
  }
  const text = input.argument(0) ?? "";
  const role = input.text("as");
  const requirements = simulation.fromText(
    questionOf(input, { text, database: input.text("database") ?? "", role: role ?? "" }),
  );
  return { title: name, text, role: null, requirements, decision: null, giving: null, statements: [], index: null };
}

function questionOf(
  input: Input,
  { text, database, role }: { readonly text: string; readonly database: string; readonly role: RoleName },
): StatementQuestion {
  const path = input.text("search-path");
  return {
    text,
    database,
    role,
    ...(path === null ? {} : { searchPath: namesIn(path) }),
  };
}

/** Names by commas, exact as they are written; what holds a comma or a quote stands in quotes, as in SQL. */
function namesIn(list: string): readonly string[] {
  return [...list.matchAll(/"((?:[^"]|"")*)"|([^",]+)/gu)]
    .map(([, quoted, plain = ""]) => quoted?.replaceAll('""', '"') ?? plain.trim())
    .filter((name) => name !== "");
}

function roleOf(
  target: OpenTarget,
  { snapshot, dialect, index }: { readonly snapshot: Snapshot; readonly dialect: Dialect; readonly index: AccessIndex },
  named: string | null,
): RoleName | null {
  if (named === null) return null;
  const { identities } = resolveManifest(target.loaded, target.name, snapshot, dialect.rules);
  const who = findWho({ title: target.name, target: target.name, identities, snapshot, dialect, index }, named);
  const [role, ...others] = who.roles;
  if (role === undefined || role === "" || others.length > 0) {
    throw new RolewrightError("RW552", `\`${escapeLine(named)}\` is not one role here`, {
      help: others.length > 0 ? `name one of its logins: ${who.roles.map(describeName).join(", ")}` : "name a role",
    });
  }
  return role;
}

/** The same as SQL, where grants are rendered one by one. */
function statementsFor(changes: readonly Change[], { access }: Snapshot, dialect: Dialect): readonly string[] {
  if (!dialect.capabilities.transactionalGrants || changes.length === 0) return [];
  const after = predict(access, changes, dialect.rules);
  const request = {
    all: changes,
    indexes: [...changes.keys()],
    before: access,
    moved: access,
    after,
    circular: new Set<number>(),
  };
  return dialect.render(request).map(({ text }) => text);
}

function pageOf(answered: Answered, onlyMissing: boolean): Page {
  const { title, requirements, decision, role } = answered;
  const { unknown, refused, approximate, repaired } = requirements;
  const lacking = new Set<Requirement>([...(decision?.missing ?? []), ...(decision?.maybe ?? [])]);
  const shown = requirements.allOf.filter((each) => !onlyMissing || lacking.has(each));
  const blocks: Block[] = [
    {
      kind: "facts",
      facts: [
        { label: "target", value: title, bare: true },
        ...(role === null ? [] : [{ label: "as", value: describeName(role) }]),
        ...(approximate ? [{ label: "read", value: "from the text alone, approximate" }] : []),
        ...(repaired === true ? [{ label: "types", value: "of placeholders were guessed" }] : []),
      ],
    },
  ];
  // What the server does not take was not looked into any further.
  if (shown.length > 0 || refused === null) {
    const nothing: Item = { text: onlyMissing ? "nothing" : NOTHING };
    const items = shown.length > 0 ? shown.map((each) => needItem(each, answered, lacking)) : [nothing];
    blocks.push({ kind: "section", title: onlyMissing ? "MISSING" : "NEEDS", items });
  }
  if (refused !== null)
    blocks.push({ kind: "line", label: "REFUSED", text: escapeLine(sayRefusal(refused)), tone: "bad" });
  if (unknown.length > 0) {
    const items = unknown.map((part): Item => ({ sign: "?", text: escapeLine(sayUnknown(part)) }));
    blocks.push({ kind: "section", title: "NOT KNOWN", note: "never counted as nothing", items });
  }
  const { giving, statements } = answered;
  if (giving !== null) blocks.push(givingSection(giving, statements));
  if (decision !== null && role !== null) {
    blocks.push({ kind: "line", label: "SUMMARY", text: `${describeName(role)}: ${STATES[decision.state]}` });
  }
  return blocks;
}

const NOTHING = "nothing beyond what everybody has";

const STATES: Readonly<Record<Decision["state"], string>> = {
  yes: "may run it",
  no: "may not run it",
  maybe: "may run it unless it comes to what is missing",
  unknown: "it cannot be said whether it may be run",
};

function needItem(
  requirement: Requirement,
  { role, index, decision }: Answered,
  lacking: ReadonlySet<Requirement>,
): Item {
  const text = escapeLine(sayRequirement(requirement, role ?? ""));
  if (role === null || index === null || decision === null) return { text };
  if (lacking.has(requirement)) return { sign: "-", tone: "bad", text };
  return truthOf(requirement, index, role) === true ? { sign: "+", text } : { sign: "?", text };
}

function givingSection(giving: Giving, statements: readonly string[]): Block {
  const items: Item[] = statements.map((text) => ({ text: escapeLine(text) }));
  const byRole = Map.groupBy(giving.lines, ({ role }) => role);
  for (const [role, lines] of byRole) {
    items.push({
      text: `in the manifest, under the grants of \`${escapeLine(describeName(role))}\`:`,
      lines: lines.map(({ line }) => escapeLine(`- ${line}`)),
    });
  }
  for (const text of giving.rest) items.push({ text: escapeLine(text) });
  return { kind: "section", title: "TO GIVE IT", note: "the least that does", items };
}

/** The document for machines. */
function documentOf({ title, text, role, requirements, decision, giving, statements }: Answered): JsonDocument {
  return {
    target: title,
    statement: text,
    role,
    requirements,
    decision:
      decision === null
        ? null
        : { state: decision.state, missing: decision.missing, maybe: decision.maybe, unknown: decision.unknown },
    giving: giving === null ? null : { statements, manifest: giving.lines, rest: giving.rest },
  };
}
