import { execFile } from "node:child_process";
import { hostname, userInfo } from "node:os";
import { promisify } from "node:util";
import type { Doer } from "../approval/people.ts";
import { EXIT, RolewrightError } from "../base/error.ts";
import { sortedText } from "../base/order.ts";
import { didYouMean } from "../config/did-you-mean.ts";
import type { Manifest } from "../config/manifest.ts";
import type { CliContext } from "./context.ts";

const run = promisify(execFile);

/** Who applies, as the lock and the record show it. */
export function holder(): string {
  return `${accountName() ?? `uid ${process.getuid?.() ?? "?"}`}@${hostname()}`;
}

/**
 * Who makes or applies a plan: whoever `--as` names, and besides everybody whom the email that Git knows or the name of the account leads to. Nothing here is proved, so whoever it may be is kept from approving; saying another
 * name adds one and takes none away. Throws RW668 where `--as` names nobody.
 */
export async function doerOf(manifest: Manifest, as: string | null, context: CliContext): Promise<Doer> {
  const named = as === null ? null : namedBy(as, manifest);
  const email = await gitSetting("user.email", context);
  const account = accountName();
  const recognised = Object.entries(manifest.people ?? {}).flatMap(([name, person]) =>
    (email !== null && person.email === email) || name === account ? [name] : [],
  );
  const people = sortedText([...(named ?? []), ...recognised]);
  return { people, label: as ?? email ?? holder(), known: named !== null || people.length > 0 };
}

/** What Git is set to; null where it is not, or where there is no Git. */
export async function gitSetting(name: string, context: Pick<CliContext, "cwd" | "env">): Promise<string | null> {
  try {
    const { stdout } = await run("git", ["config", "--get", name], { cwd: context.cwd, env: { ...context.env } });
    return stdout.trim() === "" ? null : stdout.trim();
  } catch {
    return null; // Not set, or no Git: then it says nothing about anybody.
  }
}

/** The people who stand behind a name of the manifest: itself, or whoever answers for an agent; nobody behind a service. */
function namedBy(as: string, { people = {}, services = {}, agents = {} }: Manifest): readonly string[] {
  if (people[as] !== undefined) return [as];
  const agent = agents[as];
  if (agent !== undefined) return agent.owner !== undefined && people[agent.owner] !== undefined ? [agent.owner] : [];
  if (services[as] !== undefined) return [];
  const byEmail = Object.entries(people).flatMap(([name, { email }]) => (email === as ? [name] : []));
  if (byEmail.length > 0) return byEmail;
  const names = Object.keys({ ...people, ...services, ...agents });
  throw new RolewrightError("RW668", `there is no \`${as}\` in the manifest`, {
    exitCode: EXIT.usage,
    help: didYouMean(as, names) ?? "`--as` takes a key under `people`, `services` or `agents`, or a person's email",
  });
}

function accountName(): string | null {
  try {
    return userInfo().username;
  } catch {
    return null; // A container may run under a number that has no name.
  }
}
