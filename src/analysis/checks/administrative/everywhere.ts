import type { PrivilegeClass } from "../../../model/access-rules.ts";
import type { Purpose } from "../../../model/declared.ts";
import type { Grantee, RoleName } from "../../../model/role.ts";
import { administers } from "../../administrators.ts";
import { hasBit } from "../../bits.ts";
import { EVERYBODY } from "../../resource-class.ts";
import type { Check, CheckContext } from "../check.ts";
import { granted, revoking } from "../general/granted.ts";
import { revokeLines } from "../general/lines.ts";
import { bitsOf, common, machineLogins, namesOf, purposesOf } from "../general/roles.ts";
import { several, who, words } from "../general/telling.ts";

const DATA: ReadonlySet<PrivilegeClass> = new Set(["read", "write", "define"]);

/** What a dump of everything takes. */
const BACKUP: ReadonlySet<string> = new Set(["SELECT", "EVENT", "TRIGGER", "SHOW CREATE ROUTINE"]);

/** ADM-09. */
export const dataEverywhere: Check = {
  id: "ADM-09",
  title: "somebody who is no administrator holds data privileges on all schemas",
  why: "`*.*` is every database there is and will be, the server's own `mysql` included: who reads that reads password hashes, who writes there writes grants.",
  fix: "Grant on each database that is needed, and take what is held on all.",
  example: "roles:\n  app_rw: { grants: [select on schema shop], revoke: [select on all-schemas] }",
  danger: "high",
  principles: ["least privilege"],
  engines: ["mariadb", "mysql"],
  cis: ["CIS MySQL 5 DML/DDL grants are limited"],
  *find(context) {
    const { index } = context;
    const all = granted(index, ({ kind }, id, mask) => {
      if (kind !== "all-schemas" || !isJudged(context, id)) return 0;
      const name = nameOf(context, id);
      const isBackup = purposesOf(context, name).has("backup");
      const data = index.rules.privilegesOf(kind).filter((each) => DATA.has(index.rules.privilegeClass(kind, each)));
      return mask & index.bits.mask(kind, isBackup ? data.filter((each) => !BACKUP.has(each)) : data);
    });
    for (const given of all) {
      yield {
        message: `${who(given.grantee)} holds ${words(given.privileges)} on all schemas`,
        principals: [given.grantee],
        resources: given.resources,
        fix: {
          text: `grant ${who(given.grantee)} what it needs on each schema, and take what it holds on all`,
          manifest: revokeLines([given]),
          changes: revoking(given),
        },
      };
    }
  },
};

const ADMINISTRATIVE: ReadonlySet<string> = new Set([
  "PROCESS",
  "SUPER",
  "SHUTDOWN",
  "RELOAD",
  "CONNECTION ADMIN",
  "READ_ONLY ADMIN",
  "CONNECTION_ADMIN",
  "SYSTEM_VARIABLES_ADMIN",
  "PERSIST_RO_VARIABLES_ADMIN",
  "XA_RECOVER_ADMIN",
]);

const NEEDED: Partial<Record<Purpose, readonly string[]>> = {
  backup: ["RELOAD", "PROCESS"],
  monitoring: ["PROCESS"],
};

/** ADM-10. */
export const serverPrivileges: Check = {
  id: "ADM-10",
  title: "somebody who is no administrator may act on the server itself",
  why: "PROCESS shows the statements of everybody with what they hold, SUPER and the like change settings, end sessions and write files by way of logs.",
  fix: "Take them, and grant the smallest privilege that the task needs.",
  example: "roles:\n  app@%: { revoke: [process, reload on server] }",
  danger: "high",
  principles: ["least privilege"],
  engines: ["mariadb", "mysql"],
  cis: ["CIS MySQL 5 PROCESS, SUPER, SHUTDOWN"],
  *find(context) {
    const { index } = context;
    const all = granted(
      index,
      ({ kind }, id, mask) => {
        if ((kind !== "server" && kind !== "dynamic-privilege") || !isJudged(context, id)) return 0;
        if (kind === "dynamic-privilege") return mask;
        const needed = new Set([...purposesOf(context, nameOf(context, id))].flatMap((each) => NEEDED[each] ?? []));
        const judged = index.rules.privilegesOf(kind).filter((each) => ADMINISTRATIVE.has(each) && !needed.has(each));
        return mask & index.bits.mask(kind, judged);
      },
      ({ kind, path }) => kind === "server" || ADMINISTRATIVE.has(path[0] ?? ""),
    );
    for (const given of all) {
      const said =
        given.kind === "server" ? words(given.privileges) : given.resources.map(({ path }) => path[0]).join(", ");
      yield {
        message: `${who(given.grantee)} holds ${said} on the server`,
        principals: [given.grantee],
        resources: given.resources,
        about: [given.kind, said].join("\0"),
        fix: {
          text: `take ${said} from ${who(given.grantee)}`,
          manifest: revokeLines([given]),
          changes: revoking(given),
        },
      };
    }
  },
};

/** ADM-17. */
export const applicationsEverywhere: Check = {
  id: "ADM-17",
  title: "an application holds rights on all keyspaces",
  why: "All keyspaces are those of every other application too, now and later. Where the fix of CVE-2025-23015 is missing they are the server's own as well: its hashes can be read, and its rows written, which makes a superuser.",
  fix: "Grant on each keyspace that the application needs, and take what it holds on all.",
  example: "roles:\n  app_rw: { grants: [select, modify on schema shop], revoke: [select, modify on all-schemas] }",
  danger: "critical",
  principles: ["least privilege"],
  engines: ["cassandra"],
  cis: ["CIS Cassandra no excessive roles"],
  needs: ["declared"],
  *find(context) {
    const { index } = context;
    const { graph } = index;
    const wanted = index.bits.mask("all-schemas", ["ALTER", "CREATE", "DROP", "MODIFY", "SELECT"]);
    const applications = machineLogins(context).filter(({ name, purposes }) => {
      return !purposes.has("admin") && !purposes.has("migration") && !hasBit(graph.superusers, graph.idOf(name));
    });
    const those = bitsOf(index, applications);
    const all = granted(index, ({ kind }, id, mask) =>
      kind === "all-schemas" && isJudged(context, id) ? mask & wanted : 0,
    );
    for (const given of all) {
      const logins = namesOf(index, common(graph.reachers(graph.idOf(given.grantee), null), those));
      if (logins.length === 0) continue;
      const others = logins.filter((each) => each !== given.grantee);
      const through = others.length === 0 ? "" : `, which gives it to ${several(others)}`;
      yield {
        message: `${who(given.grantee)} holds ${words(given.privileges)} on all keyspaces${through}`,
        principals: [given.grantee],
        resources: given.resources,
        fix: {
          text: `grant ${who(given.grantee)} what it needs on each keyspace, and take what it holds on all`,
          manifest: revokeLines([given]),
          changes: revoking(given),
        },
      };
    }
  },
};

function nameOf({ index: { graph } }: CheckContext, id: number): RoleName {
  return graph.names[id] as RoleName;
}

/** Roles in scope that were not declared to administer, and do not: everybody is another check's. */
function isJudged(context: CheckContext, id: number): boolean {
  if (id === EVERYBODY) return false;
  const name: Grantee = nameOf(context, id);
  return context.inScope(name) && !context.people.administers(name) && !administers(context.index, name);
}
