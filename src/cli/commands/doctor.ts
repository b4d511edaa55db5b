import { access, constants, mkdir } from "node:fs/promises";
import { EXIT, RolewrightError } from "../../base/error.ts";
import type { HealthFact } from "../../engine/engine.ts";
import type { Action } from "../command-spec.ts";
import type { CliContext } from "../context.ts";
import { findManifest, runsFolder } from "../files.ts";
import { FindingsError } from "../findings-error.ts";
import { escapeLine } from "../output/escape.ts";
import type { Tone } from "../output/look.ts";
import type { Item, Page } from "../output/page.ts";
import { counted } from "../render/words.ts";
import { describeName } from "../../model/resource.ts";
import { readLive, shortPath, withTarget, type OpenTarget } from "../target.ts";
import { shortDigest } from "../../base/digest.ts";
import { connectByUrl, namesUrl } from "../url-source.ts";
import { usageError } from "../usage.ts";

/** One line of the doctor. */
type Check = HealthFact;

const TONES: Readonly<Record<Check["result"], Tone>> = { ok: "good", warn: "warn", fail: "bad" };

/** Looks at everything that a plan and an apply will need, one after the other, and says of each how it is and what would fix it. */
export const doctor: Action = async (context, input) => {
  const checks: Check[] = [{ name: "node", result: "ok", text: `Node.js ${process.versions.node}` }];
  const limits: string[] = [];
  if (input.text("engine") !== null && !namesUrl(input)) {
    throw usageError(
      "RW004",
      "--engine is about a server that `--url` or `--url-env` names",
      "a target has its engine in the manifest",
    );
  }
  try {
    if (namesUrl(input)) {
      await using connection = await connectByUrl(input, { context, databases: null });
      checks.push({ name: "connection", result: "ok", text: "connected" });
      await examineServer({ name: "the server", connection });
    } else {
      await withTarget(context, async (target) => {
        checks.push({ name: "manifest", result: "ok", text: counted(target.loaded.files.length, "file") });
        checks.push({ name: "connection", result: "ok", text: `connected to ${describeName(target.name)}` });
        await examineServer(target);
        checks.push(...(await recordChecks(target, context)));
      });
    }
  } catch (error) {
    if (!(error instanceof RolewrightError)) throw error;
    checks.push(failedCheck(error));
  }
  const failed = checks.some((check) => check.result === "fail");
  context.show([...doctorPage(checks), ...limitsPage(limits)], () => ({
    result: failed ? "fail" : "ok",
    checks,
    limits,
  }));
  return failed ? EXIT.failed : EXIT.done;

  async function examineServer(target: Pick<OpenTarget, "name" | "connection">): Promise<void> {
    const { capabilities } = target.connection.engine;
    limits.push(...capabilities.limits);
    checks.push(...(await readingChecks(target, context)));
    checks.push(engineCheck(capabilities.verifiedOn));
  }
};

/** What was never run against a live server is said to be so wherever its results are looked at. */
export function engineCheck(verifiedOn: readonly string[]): Check {
  if (verifiedOn.length > 0)
    return { name: "engine", result: "ok", text: `verified on live servers: ${verifiedOn.join(", ")}` };
  return {
    name: "engine",
    result: "warn",
    text: "not verified against a live server: built to the product's documentation",
    fix: "try every plan on a server that may break, and report what differs",
  };
}

/** What the engine cannot do, or cannot be trusted with. */
function limitsPage(limits: readonly string[]): Page {
  if (limits.length === 0) return [];
  return [
    { kind: "section", title: "LIMITS", note: "of the engine", items: limits.map((text) => ({ sign: "!", text })) },
  ];
}

function doctorPage(checks: readonly Check[]): Page {
  const items = checks.map(
    (check, index): Item => ({
      sign: `${String(index + 1).padStart(2)}  ${check.result.padEnd(4)}`,
      tone: TONES[check.result],
      text: `${check.name.padEnd(12)} ${check.text}`,
      ...(check.fix === undefined ? {} : { help: check.fix }),
    }),
  );
  return [{ kind: "section", title: "DOCTOR", items }];
}

async function readingChecks(target: Pick<OpenTarget, "name" | "connection">, context: CliContext): Promise<Check[]> {
  const live = await readLive(target, context);
  const { actor, identity, version } = live;
  const checks: Check[] = [
    {
      name: "server",
      result: "ok",
      text: `${escapeLine(version.product)} ${escapeLine(version.text)}, server ${escapeLine(identity.server)}`,
    },
    ...(target.connection.engine.capabilities.databases === "one"
      ? []
      : [
          {
            name: "databases",
            result: "ok" as const,
            text: `${counted(identity.databases.length, "database")}: ${identity.databases.map(describeName).join(", ")}`,
          },
        ]),
    {
      name: "account",
      result: "ok",
      text: `we are ${describeName(actor.role)}${actor.superuser ? ", a superuser" : ", not a superuser: a plan says beforehand what we may not do"}${actor.provider === null ? "" : `, on ${actor.provider}`}`,
    },
  ];
  for (const unknown of live.unknowns) {
    const fix = unknown.help === undefined ? {} : { fix: escapeLine(unknown.help) };
    checks.push({
      name: "reading",
      result: "warn",
      text: `${escapeLine(unknown.subject)} could not be read: ${escapeLine(unknown.reason)}`,
      ...fix,
    });
  }
  if (live.unknowns.length === 0) checks.push({ name: "reading", result: "ok", text: "everything could be read" });
  context.progress.step("looking at the server");
  const facts = await target.connection.examine(live);
  return [...checks, ...facts.map((fact) => ({ ...fact, ...escaped(fact) }))];
}

function escaped({ text, fix }: HealthFact): Pick<HealthFact, "text" | "fix"> {
  return { text: escapeLine(text), ...(fix === undefined ? {} : { fix: escapeLine(fix) }) };
}

/** A run that was cut off, and a folder that cannot take the next record, would both stop an apply. */
async function recordChecks(target: OpenTarget, context: CliContext): Promise<Check[]> {
  const folder = runsFolder(await findManifest(context), context);
  const runs = await target.runs.list();
  const open = runs.filter((run) => run.state === "started");
  const cutOff = open.map(
    (run): Check => ({
      name: "runs",
      result: "warn",
      text: `the run of plan ${shortDigest(run.plan)}, started ${run.started_at}, has not ended`,
      fix: `rolewright status ${shortDigest(run.plan)}`,
    }),
  );
  const writable = await mkdir(folder, { recursive: true })
    .then(() => access(folder, constants.W_OK))
    .then(
      () => true,
      () => false,
    );
  const where = shortPath(folder, context.cwd);
  const store: Check = writable
    ? { name: "records", result: "ok", text: `${counted(runs.length, "run")} recorded in ${where}` }
    : {
        name: "records",
        result: "fail",
        text: `${where} cannot be written`,
        fix: "make the folder writable: an apply records what it does before it does it",
      };
  return [...cutOff, store];
}

function failedCheck(error: RolewrightError): Check {
  const name = error instanceof FindingsError ? "manifest" : "connection";
  const first = error instanceof FindingsError ? error.findings[0] : undefined;
  const text = `${error.code}  ${escapeLine(first?.message ?? error.message)}`;
  const fix = first?.help ?? error.help;
  return { name, result: "fail", text, ...(fix === undefined ? {} : { fix: escapeLine(fix) }) };
}
