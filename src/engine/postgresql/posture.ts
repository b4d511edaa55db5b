import { compareText, sortedText } from "../../base/order.ts";
import type { LoginFacts, Posture, SessionFacts } from "../../model/posture.ts";
import type { DatabaseSetting, HbaRule, PostgresPosture, Subscription } from "../../model/posture/postgresql.ts";
import type { RoleName } from "../../model/role.ts";
import type { Snapshot, Unknown } from "../../model/snapshot.ts";
import type { Session } from "./client.ts";
import { type Attempt, type DatabasePosture, readDatabasePosture } from "./posture-database.ts";
import * as sql from "./posture-queries.ts";
import { waysIn } from "./posture-ways-in.ts";

export interface PostureOptions {
  readonly session: Session;
  /** Opens a session of its own in another database. */
  readonly open: (database: string) => Promise<Session>;
}

/** Reads what checks need besides who holds what: a fixed number of queries, and so many more for each database. What may not be read is null and named. */
export async function readPosture(live: Snapshot, { session, open }: PostureOptions): Promise<Posture> {
  const unknowns: Unknown[] = [];
  const attempt: Attempt = async (from, subject, query) => {
    try {
      return await from.rows(query);
    } catch (error) {
      const { code, message } = error as { readonly code?: string; readonly message: string };
      if (code !== INSUFFICIENT_PRIVILEGE) throw error;
      unknowns.push({ subject, reason: message, help: "a superuser can read it" });
      return null;
    }
  };
  const { major } = live.version;
  const databaseRows = await attempt<sql.DatabaseSettingRow>(session, "settings of databases", sql.DATABASE_SETTINGS);
  const settings = await readSettings(session, databaseRows, unknowns);
  const hba = (await attempt<sql.HbaRow>(session, "pg_hba.conf", major >= 16 ? sql.HBA_16 : sql.HBA))?.map(hbaRule);
  const subscriptions = await attempt<sql.SubscriptionRow>(
    session,
    "subscriptions",
    major >= 16 ? sql.SUBSCRIPTIONS : sql.SUBSCRIPTIONS_15,
  );
  const template = await readTemplate(session, open, attempt);
  const perDatabase = await readDatabases(live, { session, open }, attempt);
  const own: PostgresPosture = {
    settings,
    databases: perDatabase.databases,
    hba: hba ?? null,
    databaseSettings: databaseRows === null ? null : databaseSettings(databaseRows),
    subscriptions: subscriptions === null ? null : sortedFacts(subscriptions.map(subscription)),
    ...perDatabase.facts,
    template,
  };
  return {
    takenAt: live.takenAt,
    logins: await readLogins(live, { session, own, unknowns }),
    sessions: await readSessions(session, unknowns),
    unknowns: [...unknowns].sort((a, b) => compareText(a.subject, b.subject)),
    postgresql: own,
  };
}

const INSUFFICIENT_PRIVILEGE = "42501";

/** What our own role or database sets says nothing of what others start with. */
async function readSettings(
  session: Session,
  rows: readonly sql.DatabaseSettingRow[] | null,
  unknowns: Unknown[],
): Promise<ReadonlyMap<string, string>> {
  const settings = new Map(await session.rows<sql.SettingRow>(sql.ALL_SETTINGS));
  for (const [, , text, hides] of rows ?? []) {
    const name = text.slice(0, text.indexOf("="));
    if (hides !== "t" || !settings.delete(name)) continue;
    unknowns.push({
      subject: `setting \`${name}\``,
      reason: "our own role or database sets it for its sessions, so that the server's own value is not seen",
      help: "connect as a role, or to a database, that does not set it",
    });
  }
  return new Map([...settings].sort(([a], [b]) => compareText(a, b)));
}

function databaseSettings(rows: readonly sql.DatabaseSettingRow[]): readonly DatabaseSetting[] {
  const found = rows.flatMap(([database, everybody, text]) => {
    const at = text.indexOf("=");
    return everybody === "t" ? [{ database, name: text.slice(0, at), value: text.slice(at + 1) }] : [];
  });
  return sortedFacts(found);
}

function hbaRule(row: sql.HbaRow): HbaRule {
  const [line, type, databases, users, address, netmask, method, options, error] = row;
  return {
    line: Number(line),
    type,
    databases: JSON.parse(databases) as string[],
    users: JSON.parse(users) as string[],
    address,
    netmask,
    method,
    options: (JSON.parse(options) as string[]).filter((text) => !/^[^=]*(?:pass|secret)/i.test(text)),
    error,
  };
}

function subscription(row: sql.SubscriptionRow): Subscription {
  const [database, name, owner, enabled, runAsOwner, passwordRequired] = row;
  return {
    database,
    name,
    owner,
    enabled: enabled === "t",
    runAsOwner: runAsOwner === "t",
    passwordRequired: passwordRequired === null ? null : passwordRequired === "t",
  };
}

/** In a short session of its own: as long as one is open, CREATE DATABASE waits. */
async function readTemplate(
  session: Session,
  open: PostureOptions["open"],
  attempt: Attempt,
): Promise<readonly string[] | null> {
  const [enters] = await session.rows<sql.TemplateOpenRow>(sql.TEMPLATE_OPEN);
  if (enters?.[0] !== "t") return null;
  await using template = await open("template1");
  const rows = await attempt<sql.TemplateRow>(template, "database `template1`", sql.TEMPLATE);
  return rows === null ? null : sortedText(rows.map(([text]) => text));
}

type DatabaseFacts = { readonly [Group in keyof DatabasePosture]: DatabasePosture[Group] };

async function readDatabases(
  live: Snapshot,
  { session, open }: PostureOptions,
  attempt: Attempt,
): Promise<{ readonly databases: readonly string[]; readonly facts: DatabaseFacts }> {
  const { databases } = live.catalog;
  const all: DatabasePosture[] = [];
  for (const database of databases) {
    if (database === session.database) {
      all.push(await readDatabasePosture(session, live.version.major, attempt));
      continue;
    }
    await using other = await open(database);
    all.push(await readDatabasePosture(other, live.version.major, attempt));
  }
  const joined = <Group extends keyof DatabasePosture>(group: Group): DatabasePosture[Group] => {
    const lists = all.map((each) => each[group] as readonly unknown[] | null);
    if (lists.includes(null)) return null;
    return sortedFacts(lists.flatMap((list) => list ?? [])) as unknown as DatabasePosture[Group];
  };
  return {
    databases,
    facts: {
      routines: joined("routines"),
      views: joined("views"),
      triggers: joined("triggers"),
      eventTriggers: joined("eventTriggers"),
      indexes: joined("indexes"),
      foreignServers: joined("foreignServers"),
      userMappings: joined("userMappings"),
      extensions: joined("extensions"),
      changedLists: joined("changedLists"),
      inherits: joined("inherits"),
    },
  };
}

/** By what they say: the same facts in the same order, whatever order the server found them in. */
function sortedFacts<T>(facts: readonly T[]): readonly T[] {
  const keyed = facts.map((fact) => [JSON.stringify(fact), fact] as const);
  return keyed.sort(([a], [b]) => compareText(a, b)).map(([, fact]) => fact);
}

const STRENGTH: Readonly<Record<string, NonNullable<LoginFacts["password"]>>> = {
  none: "none",
  md5: "weak",
  "scram-sha-256": "strong",
};

async function readLogins(
  live: Snapshot,
  reading: { readonly session: Session; readonly own: PostgresPosture; readonly unknowns: Unknown[] },
): Promise<ReadonlyMap<RoleName, LoginFacts>> {
  const { session, own, unknowns } = reading;
  const forms = live.actor.superuser
    ? new Map(await session.rows<sql.PasswordFormRow>(sql.PASSWORD_FORMS))
    : new Map<string, string>();
  if (!live.actor.superuser) {
    unknowns.push({
      subject: "passwords",
      reason: "only superusers may see in which form passwords are stored",
      help: "check as a superuser to have it",
    });
  }
  const ways = waysIn(own, live.access);
  const logins = [...live.access.roles.values()].filter((role) => role.attributes["login"] === true);
  return new Map(
    logins.map(({ name }): [RoleName, LoginFacts] => {
      const form = forms.get(name) ?? null;
      const way = ways?.get(name);
      return [
        name,
        {
          password: form === null ? null : (STRENGTH[form] ?? null),
          form: form === "none" ? null : form,
          letInWithoutProof: way?.withoutProof ?? null,
          remote: way?.remote ?? null,
          lastLogin: null,
        },
      ];
    }),
  );
}

async function readSessions(session: Session, unknowns: Unknown[]): Promise<readonly SessionFacts[] | null> {
  const rows = await session.rows<sql.OpenSessionRow>(sql.OPEN_SESSIONS);
  const sessions = rows.map(([login, since]) => ({ login, current: null, since: since ?? "" }));
  if (sessions.every((each) => each.since !== "")) return sessions;
  unknowns.push({
    subject: "sessions",
    reason: "other roles' sessions are hidden from ours",
    help: "membership in `pg_read_all_stats` shows them",
  });
  return null;
}
