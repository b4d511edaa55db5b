import type { LoginFacts, Posture } from "../../model/posture.ts";
import type { NodeFacts } from "../../model/posture/cassandra.ts";
import { compareResources, type Resource } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import type { Snapshot, Unknown } from "../../model/snapshot.ts";
import { sorted } from "../../base/order.ts";
import type { Session, Value } from "./client.ts";
import { CODE, isServerError, isTooFewNodes } from "./errors.ts";
import { readAuth } from "./introspect.ts";
import { readCatalog } from "./introspect-catalog.ts";
import { copiesBy, type NodesToAsk, readNodes } from "./posture-nodes.ts";
import { type AllRows, leftovers, lopsided, unindexed } from "./posture-rows.ts";
import { REPLICATION, type ReplicationRow } from "./replication.ts";
import * as sql from "./queries-posture.ts";
import { DATABASE } from "./resource-names.ts";
import { seriesOf } from "./version.ts";

export type PostureOptions = Omit<NodesToAsk, "actor">;

/** Reads what checks need besides who holds what: a fixed number of queries, and two more of each node. */
export async function readPosture(live: Snapshot, { session, at }: PostureOptions): Promise<Posture> {
  const unknowns: Unknown[] = [];
  const read = async <T>(subject: string, work: () => Promise<T>): Promise<T | null> => {
    try {
      return await work();
    } catch (error) {
      if (!isServerError(error, [CODE.unauthorized]) || isTooFewNodes(error)) throw error;
      unknowns.push({ subject, reason: (error as Error).message, help: HELP });
      return null;
    }
  };
  const series = seriesOf(live.version);
  const found = await readNodes({ session, at, actor: live.actor.role });
  const [replication] = await session.rows<ReplicationRow>(REPLICATION, { consistency: "localOne" });
  const rows = await read("rows of roles and grants", () => readAll(session, series));
  const { names } = await readCatalog(session);
  const passwords = await read("passwords", () => readPasswords(session, series));
  const masked = series < 500 ? [] : await read("masks", () => readMasked(session));
  return {
    takenAt: live.takenAt,
    logins: loginsOf(live, passwords, found.nodes),
    sessions: found.sessions,
    unknowns: [...found.unknowns, ...unknowns],
    cassandra: {
      settings: found.settings,
      nodes: found.nodes,
      copies: copiesBy(replication?.[0] ?? {}, found.nodes),
      lopsided: rows === null ? null : lopsided(rows),
      unindexed: rows === null ? null : unindexed(rows, names),
      leftovers: rows === null ? null : leftovers(rows),
      masked,
    },
  };
}

const HELP = "have a superuser run: grant select on keyspace system_auth to us";

async function readAll(session: Session, series: number): Promise<AllRows> {
  const [rows, members, grantIndex] = await Promise.all([
    readAuth(session, series),
    session.rows<sql.RoleMemberRow>(sql.ROLE_MEMBERS),
    session.rows<sql.GrantIndexRow>(sql.GRANT_INDEX),
  ]);
  return { ...rows, members, grantIndex };
}

type StoredPassword = Pick<LoginFacts, "password" | "form">;

/** What is cheaper to try than the server's own default. */
const CHEAP_BELOW = 10;

async function readPasswords(session: Session, series: number): Promise<ReadonlyMap<RoleName, StoredPassword>> {
  const names = async <Row extends readonly Value[]>(text: string): Promise<Row[]> => await session.rows<Row>(text);
  if (series >= 500) {
    const rows = await names<sql.PasswordFormRow>(sql.PASSWORD_FORMS);
    return new Map(rows.map(([name, beginning]) => [name, storedPassword(beginning)]));
  }
  const cheap = new Set((await names<sql.PasswordRow>(sql.PASSWORDS_CHEAP)).map(([name]) => name));
  const stored = await names<sql.PasswordRow>(sql.PASSWORDS_STORED);
  return new Map(
    stored.map(([name]): [RoleName, StoredPassword] => {
      const isCheap = cheap.has(name);
      return [name, { password: isCheap ? "weak" : "strong", form: isCheap ? "bcrypt below 10" : "bcrypt" }];
    }),
  );
}

/** By what a stored password begins with: `$2a$10$`. */
export function storedPassword(beginning: string | null): StoredPassword {
  if (beginning === null || beginning === "") return NONE;
  const [, cost] = /^\$2[abxy]?\$(\d\d)\$/u.exec(beginning) ?? [];
  if (cost === undefined) return { password: null, form: null };
  return { password: Number(cost) < CHEAP_BELOW ? "weak" : "strong", form: `bcrypt ${Number(cost)}` };
}

const NONE: StoredPassword = { password: "none", form: null };

/** The server keeps no time of the last login. */
function loginsOf(
  live: Snapshot,
  passwords: ReadonlyMap<RoleName, StoredPassword> | null,
  nodes: readonly NodeFacts[],
): ReadonlyMap<RoleName, LoginFacts> {
  const letInWithoutProof = asksNothing(nodes);
  const remote = nodes.some(({ node }) => !/^(?:127\.|\[?::1\]?:|localhost:)/u.test(node));
  const logins = [...live.access.roles.values()].filter((role) => role.attributes["login"] === true);
  return new Map(
    logins.map(({ name }) => {
      const stored = passwords === null ? { password: null, form: null } : (passwords.get(name) ?? NONE);
      return [name, { ...stored, letInWithoutProof, remote, lastLogin: null }];
    }),
  );
}

/** Whether some node lets everybody in as anybody; null: one did not say. */
function asksNothing(nodes: readonly NodeFacts[]): boolean | null {
  if (nodes.some(({ settings }) => settings?.authenticator === "AllowAllAuthenticator")) return true;
  return nodes.every(({ settings }) => settings !== null) ? false : null;
}

async function readMasked(session: Session): Promise<readonly Resource[]> {
  const rows = await session.rows<sql.ColumnMaskRow>(sql.COLUMN_MASKS, { consistency: "localOne" });
  const columns = rows.map(([keyspace, table, column]): Resource => {
    return { kind: "column", path: [DATABASE, keyspace, table, column] };
  });
  return sorted(columns, compareResources);
}
