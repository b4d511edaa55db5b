import { quoteIdentifier, quoteLiteral } from "../../quote.ts";
import { writesOf } from "./blind-spots.ts";
import { dryRun, planText } from "./dry-run.ts";
import { execute, type ExecutionContext, runCopy, type Trial } from "./execution.ts";
import type { Ground } from "./ground.ts";
import type { CopyInto, Way } from "./statement-way.ts";
import { maybeSeveral, trimmed } from "./text.ts";
import { judge } from "./verdict.ts";

/** COPY is asked for as it is, without rows; then one row goes the way that its rows go, as an INSERT: the same right is asked for, and the same triggers and checks run. */
export async function tryCopy(
  context: ExecutionContext,
  way: Way & { readonly kind: "copy" },
  ground: Ground,
): Promise<Trial> {
  const text = trimmed(way.text);
  // It goes by the simple protocol, which takes several statements.
  if (maybeSeveral(text)) return undecided("a COPY with a semicolon in it is not tried");
  if (way.needs !== null) {
    const answer = await ground.decide(way.needs, context.actor.role);
    const failure = { code: answer.code ?? "", message: answer.message ?? "" };
    if (answer.verdict === "no") return { outcome: { kind: "denied", failure }, reached: false, reply: null };
    if (answer.verdict !== "yes") return { outcome: { kind: "other", failure }, reached: false, reply: null };
  }
  const trial = await runCopy(context, text);
  if (trial.outcome.kind !== "allowed" || way.into === null) return trial;
  const columns = way.into.columns ?? (await allColumns(context, way.into));
  if (columns === null) return undecided("the columns of the table are not known");
  const count = columns.split(",").length;
  const values = Array.from({ length: count }, (_, place) => `$${place + 1}`).join(", ");
  const insert = { text: `insert into ${way.into.relation} ${columns} values (${values})`, types: null };
  const reply = await dryRun(context.wire, insert, ground.major);
  if (reply.failure !== null) return { outcome: judge(reply.failure), reached: false, reply: null };
  const plan = planText(reply);
  await context.wire.ask("deallocate all");
  return await execute({ ...context, ...writesOf(plan, ground.spots) }, insert);
}

function undecided(message: string): Trial {
  return { outcome: { kind: "other", failure: { code: "", message } }, reached: false, reply: null };
}

async function allColumns({ wire }: ExecutionContext, { relation }: CopyInto): Promise<string | null> {
  const { rows } = await wire.ask(
    `select attname from pg_catalog.pg_attribute where attrelid = pg_catalog.to_regclass(${quoteLiteral(relation)}) and attnum > 0 and not attisdropped and attgenerated = '' order by attnum`,
  );
  return rows.length === 0 ? null : `(${rows.map(([name]) => quoteIdentifier(name ?? "")).join(", ")})`;
}
