import { readFile } from "node:fs/promises";
import { RolewrightError } from "../base/error.ts";
import { Secret } from "../base/secret.ts";
import type { Connection } from "../engine/engine.ts";
import type { Plan, Statement } from "../plan/plan.ts";

/**
 * The verifier for every statement that sets a password, computed before anything runs; so a missing source leaves nothing half done. Throws RW417 naming the source, never its content.
 */
export async function resolvePasswords(
  plan: Plan,
  connection: Connection,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<ReadonlyMap<Statement, Secret>> {
  const verifiers = new Map<Statement, Secret>();
  for (const stage of plan.stages) {
    for (const statement of stage.statements) {
      if (statement.secret === undefined) continue;
      const role = roleOf(plan, statement);
      const password = await readSource(statement.secret, role, environment);
      verifiers.set(statement, connection.passwordVerifier(password, role));
    }
  }
  return verifiers;
}

function roleOf(plan: Plan, statement: Statement): string {
  for (const index of statement.changes) {
    const change = plan.changes[index]?.change;
    if (change?.kind === "set-password") return change.role;
  }
  throw new RolewrightError("RW402", "a statement of the plan uses a secret, and none of its changes sets a password");
}

async function readSource(
  source: string,
  role: string,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<Secret> {
  const [scheme, name] = split(source);
  if (scheme === "env") {
    const value = environment[name];
    if (value === undefined || value === "") {
      throw missing(role, source, `the environment variable \`${name}\` is ${value === "" ? "empty" : "not set"}`);
    }
    return new Secret(value);
  }
  if (scheme === "file") {
    const text = await readFile(name, "utf8").catch((cause: unknown) => {
      throw missing(role, source, `the file \`${name}\` cannot be read`, cause);
    });
    // Editors and `echo` end a file with a line break that is no part of the password.
    const value = text.replace(/\r?\n$/, "");
    if (value === "") throw missing(role, source, `the file \`${name}\` is empty`);
    return new Secret(value);
  }
  throw missing(role, source, `\`${source}\` is neither \`env:NAME\` nor \`file:PATH\``);
}

function split(source: string): readonly [string, string] {
  const colon = source.indexOf(":");
  return [source.slice(0, Math.max(0, colon)), source.slice(colon + 1)];
}

function missing(role: string, source: string, why: string, cause?: unknown): RolewrightError {
  return new RolewrightError("RW417", `the password of \`${role}\` cannot be read: ${why}`, {
    ...(cause === undefined ? {} : { cause }),
    help: "nothing was changed; provide it and apply again",
    details: { role, source },
  });
}
