import type { BodyOptions, Closure, Running } from "./closure.ts";
import { routineName } from "./closure.ts";
import type { Extracted } from "./extraction.ts";
import type { Routine } from "./objects.ts";
import { addPlpgsql } from "./plpgsql.ts";
import { addPolymorphicSql } from "./polymorphic.ts";
import { bodyRefused } from "./refused-body.ts";
import { parsePath, settingIn } from "./standing.ts";

/** What the body of a routine needs, as whom it runs. EXECUTE on it is asked for elsewhere: triggers need none. */
export async function addBody(
  closure: Closure,
  routine: Routine,
  caller: Running,
  options: BodyOptions = {},
): Promise<void> {
  const running = inside(routine, caller);
  const key = [
    routine.oid,
    running.role,
    JSON.stringify(running.of),
    running.path.join("\0"),
    options.trigger?.oid,
    options.arguments?.map(({ type }) => type).join(),
  ].join("\0\0");
  if (!closure.enter(key, running)) return;
  await closure.workspace.standing.learn([running.role]);
  if (routine.definer || routine.settings.length > 0) closure.dependsOn.usage = true;
  if (settingIn(routine.settings, "role") !== undefined) {
    closure.found.unknown({ kind: "set-role", reason: "its settings make it another role", origin: running.origin });
  }
  if (routine.language === "sql") return await addSql(closure, routine, running, options);
  if (routine.language === "plpgsql") return await addPlpgsql(closure, routine, running, options);
  // What is immutable cannot have looked at anything; internal code asks for nothing beyond what is known of it.
  if (routine.language === "internal" || (routine.language === "c" && routine.immutable)) return;
  const reason = `what code in the language \`${routine.language}\` asks for is not known`;
  closure.found.unknown({ kind: "c-function", reason, origin: running.origin });
}

/** Who the body runs as, and where its names are looked for. */
function inside(routine: Routine, caller: Running): Running {
  const path = settingIn(routine.settings, "search_path");
  return {
    of: routine.definer ? { role: routine.owner } : caller.of,
    role: routine.definer ? routine.owner : caller.role,
    path: path === undefined ? caller.path : parsePath(path),
    certainty: caller.certainty,
    origin: [...caller.origin, `${routine.kind === "p" ? "procedure" : "function"} ${routineName(routine)}`],
    text: null,
  };
}

async function addSql(closure: Closure, routine: Routine, running: Running, options: BodyOptions): Promise<void> {
  const { extraction, standing, objects } = closure.workspace;
  const isPolymorphic = routine.inputs.some((type) => POLYMORPHIC.has(objects.types.get(type)?.name ?? ""));
  if (isPolymorphic && !routine.resolved)
    return await addPolymorphicSql(closure, routine, running, options.arguments ?? []);
  const text = routine.resolved ? null : routine.source;
  const hidden = closure.hidden(running);
  let refused: Exclude<Extracted, { kind: "trees" }> | null = null;
  // With USAGE on all of its path its names would mean something: then that is what is missing.
  for (const path of [standing.filtered(running.role, running.path), ...(hidden === null ? [] : [hidden])]) {
    const answer = await closure.asRole(running, (as) => extraction.body(routine.oid, { path, as }));
    if (answer.kind === "trees") return await closure.trees(answer.trees, { ...running, text });
    refused ??= answer;
  }
  if (refused !== null) bodyRefused(closure, refused, running);
}

export const POLYMORPHIC: ReadonlySet<string> = new Set([
  "anyelement",
  "anyarray",
  "anynonarray",
  "anyenum",
  "anyrange",
  "anymultirange",
  "anycompatible",
  "anycompatiblearray",
  "anycompatiblenonarray",
  "anycompatiblerange",
  "anycompatiblemultirange",
  "record",
  "any",
]);
