import { columnsOfPlaceholders } from "./parameters.ts";
import { execution, prepare, type Prepared, TYPES_OF_PREPARED } from "./dry-run.ts";
import { quoteLiteral } from "../../quote.ts";
import type { Actor } from "./session-state.ts";
import { sampleOf } from "./sample-values.ts";
import type { SampleRow, SampleTypes } from "./synthetic-rows.ts";
import { fromFirstWord, placeholders } from "./text.ts";
import { judge, type Outcome } from "./verdict.ts";
import type { Failure, Reply, Wire } from "./wire.ts";

/** What an execution that was taken back came to. */
export interface Trial {
  readonly outcome: Outcome;
  /** A row was returned or changed, so that what runs for rows was run. */
  readonly reached: boolean;
  /** Of the last try that went through. */
  readonly reply: Reply | null;
}

export interface ExecutionContext {
  readonly wire: Wire;
  readonly actor: Actor;
  readonly types: SampleTypes;
  /** The relations in the statement's plan, what it writes to first. Empty: it has no plan. */
  readonly relations: readonly string[];
  /** What is written to, of these. */
  readonly written: string | null;
  /** The plan adds rows. */
  readonly inserts: boolean;
  /** Partitions of what is written to that run something of their own for a row. */
  readonly partitions: readonly string[];
  readonly sampleRow: (relation: string) => Promise<SampleRow | null>;
  /** What was found out for one of these names once is not found out again: about texts, which are the same for many roles. */
  readonly remembered: <T>(name: string, find: () => Promise<T>) => Promise<T>;
}

/** Runs a statement that a plan exists for: with NULLs first, then with values that find the synthetic rows; strict functions do not run on NULL. */
export async function execute(context: ExecutionContext, prepared: Prepared): Promise<Trial> {
  if ((prepared.types?.length ?? placeholders(prepared.text)) === 0) return await withRoom(context, prepared, []);
  const types = await typesOf(context, prepared);
  if ("code" in types) return { outcome: judge(types), reached: false, reply: null };
  const nulls = await once(
    context,
    prepared,
    types.map(() => null),
  );
  if (nulls.outcome.kind === "denied" || nulls.outcome.kind === "lost-name") return nulls;
  const sampled = await eachPlace(context, prepared, types);
  return { ...sampled, reached: sampled.reached || (sampled.outcome.kind === "allowed" && nulls.reached) };
}

/** With the values of a row of each partition, where partitions do different things for a row. What only some of them refuse hangs on the values: that is no answer. */
async function eachPlace(context: ExecutionContext, prepared: Prepared, types: readonly string[]): Promise<Trial> {
  const first = await withRoom(context, prepared, await sampleValues(context, prepared, types));
  const trials = [first];
  for (const partition of context.partitions) {
    const relations = [partition, ...context.relations];
    trials.push(await withRoom(context, prepared, await sampleValues({ ...context, relations }, prepared, types)));
  }
  const different = trials.find(({ outcome }) => outcome.kind !== first.outcome.kind);
  if (different === undefined) return { ...first, reached: trials.every(({ reached }) => reached) };
  const { outcome } = trials.find((trial) => trial.outcome.kind !== "allowed") ?? first;
  const failure = outcome.kind === "allowed" ? { code: "", message: "" } : outcome.failure;
  const message = `${failure.message}, for rows of some partitions only`;
  return { outcome: { kind: "other", failure: { code: failure.code, message } }, reached: false, reply: null };
}

/** Where the synthetic row itself is in the way of another one like it, it is taken out first. */
async function withRoom(
  context: ExecutionContext,
  prepared: Prepared,
  values: readonly (string | null)[],
): Promise<Trial> {
  const trial = await once(context, prepared, values);
  const { outcome } = trial;
  const refused = outcome.kind === "other" && (outcome.failure.code === "23505" || outcome.failure.code === "23P01");
  const passedOver = outcome.kind === "allowed" && !trial.reached && context.inserts;
  if (!(refused || passedOver) || context.written === null) return trial;
  return await once(context, prepared, values, context.written);
}

async function once(
  { wire, actor }: ExecutionContext,
  prepared: Prepared,
  values: readonly (string | null)[],
  emptied: string | null = null,
): Promise<Trial> {
  // INVARIANT: they are sent without a pause, so what others have under way in this session comes before or after all of them.
  const replies = await Promise.all([
    wire.ask(emptied === null ? "begin" : `begin; ${emptying(emptied, actor)}`),
    prepare(wire, prepared),
    wire.ask(execution(values)),
    wire.ask(TAKE_BACK),
  ]);
  const run = replies[2];
  const failed = replies.slice(0, 3).find((reply) => reply.failure !== null);
  const reply = failed ?? run;
  const outcome = judge(
    reply.failure,
    replies.flatMap(({ notices }) => notices),
  );
  // Allowed in spite of an error: it came as far as it can.
  const reached = (run.count ?? 0) > 0 || (failed !== undefined && outcome.kind === "allowed");
  return { outcome, reached, reply: reply.failure === null ? reply : null };
}

/** A rollback leaves prepared statements, and locks that belong to the session. */
const TAKE_BACK = "rollback; select pg_catalog.pg_advisory_unlock_all(); deallocate all";

function emptying(relation: string, { login, role }: Actor): string {
  const back = role === login ? "" : `; set local role ${quote(role)}`;
  return `set transaction read write; set local session authorization default; set local session_replication_role = replica; delete from ${relation}; set local session_replication_role = origin; set local session authorization ${quote(login)}${back}`;
}

function quote(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** The types of the placeholders; what a text comes to in one path, it comes to for everybody who can prepare it. */
async function typesOf(
  { wire, actor, remembered }: ExecutionContext,
  prepared: Prepared,
): Promise<readonly string[] | Failure> {
  try {
    return await remembered(`types\0${actor.path}\0${prepared.types?.join() ?? ""}\0${prepared.text}`, async () => {
      const [made, types] = await Promise.all([
        prepare(wire, prepared),
        wire.ask(TYPES_OF_PREPARED),
        wire.ask("deallocate all"),
      ]);
      if (made.failure !== null) throw new NotPrepared(made.failure);
      return types.rows.map(([oid]) => oid ?? "");
    });
  } catch (error) {
    if (error instanceof NotPrepared) return error.failure;
    throw error;
  }
}

class NotPrepared extends Error {
  readonly failure: Failure;

  constructor(failure: Failure) {
    super(failure.message);
    this.failure = failure;
  }
}

/** From the row that the placeholder's column has, else by type. */
async function sampleValues(
  { types, relations, sampleRow, remembered }: ExecutionContext,
  prepared: Prepared,
  oids: readonly string[],
): Promise<readonly (string | null)[]> {
  const columns = await remembered(`columns\0${prepared.text}`, () => columnsOfPlaceholders(prepared.text));
  const rows = await Promise.all(relations.map(sampleRow));
  return oids.map((oid, place) => {
    const column = columns.get(place + 1);
    const value = column === undefined ? undefined : valueOf(column, rows);
    const type = types.get(oid);
    const chosen = value ?? (type === undefined ? null : sampleOf(type));
    if (chosen === null) return null;
    return quoteLiteral(type?.category === "A" && !chosen.startsWith("{") ? `{"${chosen}"}` : chosen);
  });
}

function valueOf(
  column: { readonly kind: "name"; readonly name: string } | { readonly kind: "place"; readonly place: number },
  rows: readonly (SampleRow | null)[],
): string | null {
  for (const row of rows) {
    if (row === null) continue;
    const value = column.kind === "name" ? row.get(column.name) : [...row.values()][column.place];
    if (value != null) return value;
  }
  return null;
}

/** Runs what no plan exists for: DDL, CALL, LOCK, TRUNCATE ... */
export async function runPlain(context: ExecutionContext, text: string): Promise<Trial> {
  const count = placeholders(text);
  const nulls = await onceAsItIs(
    context,
    text,
    Array.from({ length: count }, () => null),
  );
  if (count === 0 || nulls.outcome.kind === "denied" || nulls.outcome.kind === "lost-name") return nulls;
  return await onceAsItIs(context, text, await argumentsOf(context, text, count));
}

async function onceAsItIs(
  { wire }: ExecutionContext,
  text: string,
  values: readonly (string | null)[],
): Promise<Trial> {
  const [began, run] = await Promise.all([
    wire.ask("begin"),
    wire.ask(text, { extended: true, values }),
    wire.ask(TAKE_BACK),
  ]);
  const failure = began.failure ?? run.failure;
  const notices = [...began.notices, ...run.notices];
  return { outcome: judge(failure, notices), reached: true, reply: failure === null ? run : null };
}

/** Only the types of a procedure's arguments can be looked up: nothing else without a plan takes placeholders that matter. */
async function argumentsOf(
  { wire, types }: ExecutionContext,
  text: string,
  count: number,
): Promise<readonly (string | null)[]> {
  const name = /^call\s+((?:"(?:[^"]|"")*"|[^\s(."])+(?:\.(?:"(?:[^"]|"")*"|[^\s(."])+)?)\s*\(/iu.exec(
    fromFirstWord(text),
  )?.[1];
  if (name === undefined) return Array.from({ length: count }, () => "1");
  const { rows } = await wire.ask(
    `select t::text from pg_catalog.pg_proc p, unnest(p.proargtypes) with ordinality a (t, n) where p.oid = pg_catalog.to_regproc(${quoteLiteral(name)}) order by n`,
  );
  return Array.from({ length: count }, (_, place) => {
    const type = types.get(rows[place]?.[0] ?? "");
    return type === undefined ? "1" : sampleOf(type);
  });
}

/** The right to a COPY from the client is asked for before the first row: none is sent, and the server says so (57014). */
export async function runCopy({ wire }: ExecutionContext, text: string): Promise<Trial> {
  await wire.ask("begin");
  const run = await wire.ask(text);
  await wire.ask(TAKE_BACK);
  const waited = run.failure?.code === "57014" && run.failure.message.startsWith("COPY from stdin failed");
  const failure = waited ? null : run.failure;
  return { outcome: judge(failure, run.notices), reached: true, reply: failure === null ? run : null };
}
