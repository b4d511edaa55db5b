import type { LoginFacts } from "../../../model/posture.ts";
import { describeName } from "../../../model/resource.ts";
import type { Check, CheckContext, Gap, Hit } from "../check.ts";

const COMMON = {
  principles: ["least privilege"],
  engines: "all",
  needs: ["posture"],
} as const satisfies Partial<Check>;

/** What is known of each login in scope. Logins of which it is not known are one gap. */
function* each(
  { logins, posture }: CheckContext,
  what: { readonly known: (facts: LoginFacts) => boolean; readonly unknown: string; readonly help: string },
  tell: (name: string, facts: LoginFacts) => Hit | null,
): Iterable<Hit | Gap> {
  const unknown: string[] = [];
  for (const { name } of logins) {
    const facts = posture?.logins.get(name);
    if (facts === undefined || !what.known(facts)) unknown.push(name);
    const hit = facts === undefined ? null : tell(name, facts);
    if (hit !== null) yield hit;
  }
  if (unknown.length === 0) return;
  const shown = unknown
    .slice(0, 3)
    .map((name) => `\`${describeName(name)}\``)
    .join(", ");
  yield {
    unknown: `${what.unknown} of ${shown}${unknown.length > 3 ? ` and ${unknown.length - 3} more` : ""}`,
    help: what.help,
  };
}

const DAY_MS = 86_400_000;

/** ACC-03. */
export const sleeps: Check = {
  ...COMMON,
  id: "ACC-03",
  title: "a login was not used for a long time",
  why: "Nobody notices when a login that nobody uses is used by somebody else.",
  fix: "Lock it, and drop it later.",
  danger: "medium",
  cis: ["CIS PostgreSQL 4.4"],
  *find(context) {
    const days = context.declared?.limits.dormantDays ?? 60;
    const since = Date.parse(context.now) - days * DAY_MS;
    const open = new Set(context.posture?.sessions?.map((session) => session.login));
    yield* each(
      context,
      {
        known: (facts) => facts.lastLogin !== null,
        unknown: "the server does not keep the last login",
        help: "logs and workload evidence tell it",
      },
      (name, { lastLogin }) =>
        lastLogin === null || Date.parse(lastLogin) > since || open.has(name)
          ? null
          : {
              message: `\`${describeName(name)}\` logged in last on ${lastLogin.slice(0, 10)}`,
              principals: [name],
              about: "sleeps",
              fix: { text: `lock \`${describeName(name)}\`, and drop it when nobody misses it` },
            },
    );
  },
};

/** ACC-04. */
export const noProof: Check = {
  ...COMMON,
  id: "ACC-04",
  title: "a login gets in without any proof",
  why: "Whoever knows its name is it.",
  fix: "Set a password, or lock the login, or take away the way in that asks for nothing.",
  danger: "critical",
  cis: ["CIS MySQL 7"],
  *find(context) {
    yield* each(
      context,
      {
        known: (facts) => facts.letInWithoutProof !== null,
        unknown: "it is not known whether a way in takes the login without proof",
        help: "connect with a role that may read how logins get in",
      },
      (name, facts) => {
        if (facts.letInWithoutProof !== true) return null;
        const how = facts.password === "empty" ? "an empty password" : "no password";
        return {
          message: `\`${describeName(name)}\` gets in with ${how}${facts.remote === true ? ", over the network" : ""}`,
          principals: [name],
          about: "no proof",
          fix: { text: `set a password for \`${describeName(name)}\`, or lock it` },
        };
      },
    );
  },
};

/** ACC-05. */
export const weakForm: Check = {
  ...COMMON,
  id: "ACC-05",
  title: "the password of a login is stored in a form that is broken",
  why: "From such a form the password is found quickly, by whoever gets at a backup or the catalog.",
  fix: "Set the password anew: it is stored in the server's current form then.",
  danger: "medium",
  cis: ["CIS PostgreSQL 5.12", "CIS MySQL 7"],
  *find(context) {
    yield* each(
      context,
      {
        known: (facts) => facts.password !== null,
        unknown: "we may not see in which form the password is stored",
        help: "connect with a role that may read it",
      },
      (name, { password, form }) =>
        password !== "weak"
          ? null
          : {
              message: `the password of \`${describeName(name)}\` is stored as ${form ?? "a broken form"}`,
              principals: [name],
              about: "weak",
              fix: { text: `set the password of \`${describeName(name)}\` anew with \`--rotate-password\`` },
            },
    );
  },
};

/** ACC-06. */
export const noLimit: Check = {
  id: "ACC-06",
  title: "the login of a service may open any number of connections",
  why: "One runaway service takes all connections, and nobody else gets in.",
  fix: "Give it a limit that it does not reach in a normal hour.",
  example: "roles:\n  svc_shop: { connection_limit: 50 }",
  danger: "low",
  principles: ["availability"],
  engines: ["postgresql", "mariadb", "mysql"],
  cis: ["CIS PostgreSQL 5.5"],
  needs: ["declared"],
  *find({ index, logins, people, declared, now }) {
    for (const role of logins) {
      // A login that cannot connect at all opens none; PostgreSQL says that by a limit of 0.
      if (index.rules.barred(role, now) !== null) continue;
      const service = people.of(role.name)?.kind === "service";
      if (!service && declared?.roles.get(role.name)?.purpose !== "application") continue;
      const limit = role.attributes["connection_limit"];
      if (typeof limit !== "number" || limit > 0) continue;
      yield {
        message: `\`${describeName(role.name)}\` may open any number of connections`,
        principals: [role.name],
        fix: {
          text: `give \`${describeName(role.name)}\` a limit`,
          manifest: ["roles:", `  ${role.name}:`, "    connection_limit: 50"],
          changes: [
            {
              kind: "alter-role",
              role: role.name,
              attributes: [{ name: "connection_limit", before: limit, after: 50 }],
            },
          ],
        },
      };
    }
  },
};

/** ACC-07. */
export const sessionsGoOn: Check = {
  ...COMMON,
  id: "ACC-07",
  title: "sessions go on with what was taken away",
  why: "A session is let in once. What is locked, expired or taken afterwards does not end it.",
  fix: "End the sessions.",
  danger: "high",
  *find({ index, posture, now, inScope }) {
    const sessions = posture?.sessions ?? null;
    if (sessions === null) {
      yield { unknown: "open sessions could not be seen", help: "connect with a role that may see all sessions" };
      return;
    }
    const told = new Set<string>();
    for (const { login, current } of sessions) {
      const role = index.state.roles.get(login);
      if (role !== undefined && !inScope(login)) continue;
      const why = goesOn(
        role === undefined ? null : { login: role.attributes["login"] === true, barred: index.rules.barred(role, now) },
      );
      const lost =
        why === null && current !== null && current !== login && index.hasRole(login, current, "set") === false;
      const text = lost ? `acts as \`${describeName(current ?? "")}\`, which it may no longer become` : why;
      if (text === null || told.has(`${login}\0${text}`)) continue;
      told.add(`${login}\0${text}`);
      yield {
        message: `a session of \`${describeName(login)}\` is open, and it ${text}`,
        principals: [login],
        about: text,
        fix: { text: "end the session; `rolewright apply --end-sessions` does that with the change" },
      };
    }
  },
};

function goesOn(role: { readonly login: boolean; readonly barred: string | null } | null): string | null {
  if (role === null) return "does not exist any more";
  if (!role.login) return "may no longer log in";
  return role.barred === "expired"
    ? "has expired"
    : role.barred === "no connections"
      ? "is allowed no connections"
      : null;
}

/** ACC-09. */
export const madeByGrant: Check = {
  ...COMMON,
  id: "ACC-09",
  title: "a GRANT to a mistyped name makes an account",
  why: "Without NO_AUTO_CREATE_USER in sql_mode, GRANT makes the account that it names, without a password.",
  fix: "Add NO_AUTO_CREATE_USER to sql_mode.",
  danger: "high",
  engines: ["mariadb"],
  cis: ["CIS MySQL 7"],
  *find({ posture }) {
    const mode = posture?.mysql?.settings.get("sql_mode");
    if (mode === undefined) {
      yield { unknown: "the setting `sql_mode` could not be read" };
      return;
    }
    if (mode.toUpperCase().split(",").includes("NO_AUTO_CREATE_USER")) return;
    yield {
      message: "GRANT makes accounts that do not exist: `sql_mode` lacks NO_AUTO_CREATE_USER",
      principals: [],
      fix: {
        text: "add NO_AUTO_CREATE_USER to `sql_mode`, in the server's configuration too",
        sql: ["set global sql_mode = concat(@@global.sql_mode, ',NO_AUTO_CREATE_USER')"],
      },
    };
  },
};
