import type { Danger } from "../../../model/check-finding.ts";
import { describeName } from "../../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../../model/role.ts";
import type { Check, CheckContext, Hit } from "../check.ts";

/** PGE-23. */
export const hijackingSettings: Check = {
  id: "PGE-23",
  title:
    "a setting that nobody declared decides where names lead, which triggers and policies apply, or what is logged",
  why: "Whoever may alter a role or owns a database sets these for its sessions: other objects are found under the same names, triggers and foreign keys are passed over, queries on tables with policies fail, and the log says nothing.",
  fix: "Reset it, or say it in the manifest, so that a change of it is seen.",
  example: 'roles:\n  app:\n    settings: { search_path: "app, pg_temp" }',
  danger: "high",
  principles: ["traceability"],
  engines: ["postgresql"],
  needs: ["declared"],
  *find(context) {
    for (const role of context.roles) {
      for (const { database, name, value } of role.settings) {
        const danger = dangerOf(name, value);
        if (danger === null || name === "role" || isDeclaredSetting(context, role.name, { database, name })) continue;
        yield ofRole(role.name, { database, name, value, danger });
      }
    }
    const settings = context.posture?.postgresql?.databaseSettings ?? null;
    if (settings === null) return yield { unknown: "settings of databases were not read" };
    for (const setting of settings) {
      const danger = dangerOf(setting.name, setting.value);
      if (danger !== null) yield ofDatabase(context, { ...setting, danger });
    }
  },
};

interface Setting {
  readonly database: string | null;
  readonly name: string;
  readonly value: string;
  readonly danger: Danger;
}

function ofRole(role: RoleName, { database, name, value, danger }: Setting): Hit {
  const where = database === null ? "" : ` in database \`${describeName(database)}\``;
  const said = `\`${name} = ${shown(value)}\``;
  return {
    message: `sessions of \`${describeName(role)}\`${where} start with ${said}, which the manifest does not say`,
    principals: [role],
    about: `setting\0${database ?? ""}\0${name}`,
    danger,
    fix: {
      text: `reset ${name}, or declare it`,
      manifest: manifestOf(role, { database, name, value }),
      changes: [{ kind: "set-role-setting", role, database, name, before: value, after: null }],
    },
  };
}

function manifestOf(role: RoleName, { database, name, value }: Omit<Setting, "danger">): readonly string[] {
  const setting = `{ ${JSON.stringify(name)}: ${JSON.stringify(value)} }`;
  const line =
    database === null ? `settings: ${setting}` : `databases_settings: { ${JSON.stringify(database)}: ${setting} }`;
  return ["roles:", `  ${JSON.stringify(role)}:`, `    ${line}`];
}

function ofDatabase({ dialect }: CheckContext, { database, name, value, danger }: Setting): Hit {
  const where = database === null ? "every session" : `sessions of everybody in database \`${describeName(database)}\``;
  const setting = name
    .split(".")
    .map((part) => dialect.quoteIdentifier(part))
    .join(".");
  const of = database === null ? "role all" : `database ${dialect.quoteIdentifier(database)}`;
  return {
    message: `${where} start${database === null ? "s" : ""} with \`${name} = ${shown(value)}\``,
    principals: [PUBLIC],
    ...(database === null ? {} : { resources: [{ kind: "database", path: [database] }] }),
    about: `setting\0${database ?? ""}\0${name}`,
    danger,
    fix: { text: `reset ${name} there, and set it for the roles that need it`, sql: [`alter ${of} reset ${setting}`] },
  };
}

/** A value as people read it, on one line. */
function shown(value: string): string {
  return value.replaceAll(/[\s`]+/gu, " ");
}

const OFF: ReadonlySet<string> = new Set(["off", "false", "no", "0", "f", "n"]);
const LOGS: RegExp =
  /^(log_(connections|disconnections|duration|min_|statement|error_verbosity|replication)|pgaudit\.)/u;

/** How bad it is that somebody set this; null: it matters to nobody else. */
function dangerOf(name: string, value: string): Danger | null {
  if (name === "search_path") return "medium";
  if (name === "role") return "high";
  if (name === "session_replication_role") return value === "origin" ? null : "high";
  // It bypasses nothing: a query that a policy would filter fails instead.
  if (name === "row_security") return OFF.has(value.toLowerCase()) ? "medium" : null;
  if (name === "session_preload_libraries" || name === "local_preload_libraries") return "high";
  return LOGS.test(name) ? "high" : null;
}

/** Whether the manifest says this setting of the role. */
export function isDeclaredSetting(
  { declared }: CheckContext,
  role: RoleName,
  { database, name }: { readonly database: string | null; readonly name: string },
): boolean {
  const said = declared?.roles.get(role)?.settings ?? [];
  return said.some((each) => each.database === database && each.name === name);
}
