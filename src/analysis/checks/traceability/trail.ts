import { describeName } from "../../../model/resource.ts";
import type { Posture } from "../../../model/posture.ts";
import type { Check, Hit } from "../check.ts";
import { wayTo } from "../separation/powers.ts";

/** TRC-04. */
export const trailOff: Check = {
  id: "TRC-04",
  title: "the server's own log of who did what is off, or can be switched off by others than auditors",
  why: "Without it nobody can say afterwards who changed what; and who may switch it off does so first.",
  fix: "Switch it on, and keep the right to change it with roles whose purpose is `audit` or `admin`.",
  danger: "high",
  principles: ["traceability"],
  engines: "all",
  cis: ["CIS PostgreSQL 3", "CIS MySQL 6", "CIS Cassandra: auditing is enabled"],
  needs: ["posture"],
  *find(context) {
    const { posture, logins, declared, people } = context;
    if (posture !== null) yield* off(posture);
    for (const { name } of logins) {
      if (people.administers(name) || declared?.roles.get(name)?.purpose === "audit") continue;
      const way = wayTo(context, name, "erases the trail");
      if (way === null || way.includes("superuser")) continue;
      yield {
        message: `\`${describeName(name)}\` may change what the server logs`,
        principals: [name],
        about: "may switch",
        path: [way],
        over: "reachable",
        fix: { text: `take it from \`${describeName(name)}\`` },
      };
    }
  },
};

function* off({ postgresql, mysql, cassandra }: Posture): Iterable<Hit> {
  if (postgresql !== undefined) {
    const { settings } = postgresql;
    const audits = /pgaudit|pg_audit|supautils/u.test(settings.get("shared_preload_libraries") ?? "");
    const statements = settings.get("log_statement");
    if (!audits && (statements === "none" || statements === undefined)) {
      yield trailHit("no statement is logged: `log_statement` is none, and pgAudit is not loaded", "statements", {
        text: "log at least statements that change structure and access",
        sql: ["alter system set log_statement = 'ddl'", "select pg_reload_conf()"],
      });
    }
    if (settings.get("log_connections") === "off") {
      yield trailHit("logins are not logged: `log_connections` is off", "logins", {
        text: "log connections",
        sql: ["alter system set log_connections = 'on'", "select pg_reload_conf()"],
      });
    }
  }
  if (mysql !== undefined) {
    const on = (name: string): boolean => /^(on|1|force|force_plus_permanent)$/iu.test(mysql.settings.get(name) ?? "");
    const plugin = (mysql.plugins ?? []).some((each) => each.type === "AUDIT" && each.status === "ACTIVE");
    if (!on("server_audit_logging") && !(plugin && !mysql.settings.has("server_audit_logging")) && !on("general_log")) {
      yield trailHit("neither an audit plugin nor the general log is on", "statements", {
        text: "install an audit plugin and switch it on",
        sql: ["install soname 'server_audit'", "set global server_audit_logging = on"],
      });
    }
  }
  if (cassandra !== undefined && cassandra.settings.size > 0) {
    const value =
      cassandra.settings.get("audit_logging_options.enabled") ??
      cassandra.settings.get("audit_logging_options_enabled") ??
      "false";
    if (value !== "true") {
      yield trailHit("audit logging is off on the node", "statements", {
        text: "set `audit_logging_options.enabled: true` in cassandra.yaml of every node",
      });
    }
  }
}

function trailHit(message: string, about: string, fix: Hit["fix"]): Hit {
  return { message, principals: [], about, danger: "medium", fix };
}

/** TRC-06. */
export const grantorGone: Check = {
  id: "TRC-06",
  title: "a grant was given by somebody who is gone",
  why: "Nobody can be asked for the reason, and on PostgreSQL a grant of a role that is gone cannot be taken in its name.",
  fix: "Give it anew by a role that stays.",
  danger: "low",
  principles: ["traceability"],
  engines: ["postgresql", "mariadb", "mysql"],
  *find({ index, posture }) {
    const { roles } = index.recorded;
    const gone = new Map<string, number>();
    const note = (name: string): void => {
      if (name !== "" && !roles.has(name)) gone.set(name, (gone.get(name) ?? 0) + 1);
    };
    for (const membership of index.recorded.memberships.values()) note(membership.grantor);
    const lists = new Set([...index.recorded.holdings.values()].map((holding) => holding.list));
    for (const list of lists) for (const entry of list.entries) note(entry.grantor);
    for (const grantor of posture?.mysql?.grantors ?? []) note(grantor);
    for (const name of [...gone.keys()].sort()) {
      yield {
        message: `grants say that \`${describeName(name)}\` gave them, and there is no such role any more`,
        principals: [],
        about: name,
        fix: { text: "give them anew by a role that stays" },
      };
    }
  },
};

/** TRC-07. */
export const tablesByHand: Check = {
  id: "TRC-07",
  title: "the server's tables of grants were written by hand, and differ from what it goes by",
  why: "What stands there counts only after a restart or FLUSH PRIVILEGES, and replicas stop at such writes.",
  fix: "Use statements about access, and flush once.",
  danger: "high",
  principles: ["traceability"],
  engines: ["mariadb", "mysql", "cassandra"],
  *find(context) {
    const names = context.posture?.mysql?.outOfStep ?? null;
    if (names === null) {
      yield {
        unknown: "what the server goes by is not compared with its tables",
        help: "who could write them is told by MYE-02 and CSE-04",
      };
      return;
    }
    for (const name of names) {
      yield {
        message: `the tables of grants say something else for \`${describeName(name)}\` than the server goes by`,
        principals: [name],
        fix: {
          text: "look at what was written there and by whom, then have the tables read",
          sql: ["flush privileges"],
        },
      };
    }
  },
};

/** TRC-08. */
export const hiddenBehindRole: Check = {
  id: "TRC-08",
  title: "logs do not tell who acts behind SET ROLE",
  why: "Several people become one role, and the log names nobody.",
  fix: "Put %u, the role that logged in, into log_line_prefix.",
  danger: "medium",
  principles: ["traceability"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 3"],
  needs: ["posture"],
  *find({ posture, index, logins }) {
    const prefix = posture?.postgresql?.settings.get("log_line_prefix");
    if (prefix === undefined) {
      yield { unknown: "the setting `log_line_prefix` could not be read" };
      return;
    }
    if (/%-?\d*[uc]/u.test(prefix)) return;
    const becoming = logins.filter(
      ({ name }) => index.graph.up[index.graph.idOf(name)]?.some((edge) => edge.setRole) === true,
    );
    if (becoming.length === 0) return;
    yield {
      message: `log lines do not name the login (\`log_line_prefix\` is \`${prefix}\`), and ${becoming.length} logins may become other roles`,
      principals: [],
      about: "prefix",
      fix: {
        text: "put %u into `log_line_prefix`",
        sql: ["alter system set log_line_prefix = '%m [%p] %q%u@%d '", "select pg_reload_conf()"],
      },
    };
  },
};
