import { Client } from "pg";
import { identifier } from "./names.ts";
import { createWorld, type ScriptStatement, type World } from "./world.ts";
import { accessStatements } from "./access.ts";
import { random } from "./random.ts";

/** What is asked of a server that states are built on: startPostgres gives it. */
export interface StateServer {
  readonly major: number;
  url(options?: { readonly user?: string; readonly database?: string; readonly password?: string }): string;
}

/** Everything that makes a random state, and the way from it to a second one over the same objects. A pure value of its seed. */
export interface RandomStates {
  readonly seed: number;
  readonly world: World;
  /** From an empty database to state A. */
  readonly first: readonly ScriptStatement[];
  /** From state A to state B: access changes, what exists does not. */
  readonly second: readonly ScriptStatement[];
}

/** The database that the states of this module live in; the only one they touch, but for what the cluster shares. */
export const STATE_DATABASE = "Random.state";

/** @param size how many access statements each state gets. @default 60 */
export function randomStates(seed: number, options: { readonly major: number; readonly size?: number }): RandomStates {
  const source = random(seed);
  const size = options.size ?? 60;
  const { world, script } = createWorld(source, { major: options.major, database: STATE_DATABASE });
  const first = [...script, ...accessStatements(source, world, size)];
  const second = accessStatements(source, world, Math.ceil(size / 2));
  return { seed, world, first, second };
}

/** Runs a script; what the server refuses is left out. Gives the statements that it took. */
export async function runScript(
  server: StateServer,
  script: readonly ScriptStatement[],
): Promise<readonly ScriptStatement[]> {
  await using session = await openSession(server, STATE_DATABASE);
  const taken: ScriptStatement[] = [];
  for (const statement of script) {
    // Several statements in one message are one transaction: a refusal takes the change of role back too.
    const text =
      statement.as === undefined
        ? statement.sql
        : `set session authorization ${identifier(statement.as)}; ${statement.sql}; reset session authorization`;
    try {
      await session.client.query(text);
      taken.push(statement);
    } catch (error) {
      if (!isRefusal(error)) throw new Error(`the generator wrote a bad statement: ${text}`, { cause: error });
    }
  }
  return taken;
}

/** Drops everything that scripts have made and makes an empty database for the next one. */
export async function resetServer(server: StateServer): Promise<void> {
  await using session = await openSession(server, "postgres");
  const query = async (text: string): Promise<readonly Record<string, unknown>[]> =>
    (await session.client.query(text)).rows;
  await query(`drop database if exists ${identifier(STATE_DATABASE)} with (force)`);
  const roles = await query("select quote_ident(rolname) as name from pg_roles where oid >= 16384 order by oid");
  if (roles.length > 0) {
    const names = roles.map((row) => String(row["name"])).join(", ");
    await query(`drop owned by ${names} cascade`);
    await query(`drop role ${names}`);
  }
  // What PUBLIC was given on shared things belongs to no role, so nothing above took it.
  await query("update pg_tablespace set spcacl = null");
  if (server.major >= 15) await query("delete from pg_parameter_acl");
  await query(`create database ${identifier(STATE_DATABASE)}`);
}

interface Session extends AsyncDisposable {
  readonly client: Client;
}

async function openSession(server: StateServer, database: string): Promise<Session> {
  const client = new Client({ connectionString: server.url({ database }) });
  await client.connect();
  return { client, [Symbol.asyncDispose]: () => client.end() };
}

/** Refusals are part of the plan; a syntax error is a defect of the generator. */
function isRefusal(error: unknown): boolean {
  const code = (error as { readonly code?: unknown }).code;
  return typeof code === "string" && code !== "42601";
}
