import { type Danger } from "../../../model/check-finding.ts";
import type { Check } from "../check.ts";
import { type Given, givenOn, placesOf, what, who, words } from "./given.ts";

/** PGE-22. */
export const dangerousParameters: Check = {
  id: "PGE-22",
  title: "SET or ALTER SYSTEM is held on a parameter that runs code or stops the log",
  why: "Who chooses the libraries that the server loads, or the commands that it runs to archive and restore, is the operating-system account of the server, and so a superuser. Who sets the logging works unseen.",
  fix: "Revoke it. Superusers set these, in the configuration file.",
  danger: "critical",
  principles: ["least privilege", "traceability"],
  engines: ["postgresql"],
  versions: ({ major }) => major >= 15,
  cis: ["CIS PostgreSQL 4.3", "CIS PostgreSQL 6"],
  *find(context) {
    for (const given of givenOn(context, placesOf(context, "parameter"), ["ALTER SYSTEM", "SET"])) {
      for (const resource of given.resources) {
        const name = (resource.path[0] ?? "").toLowerCase();
        const found = dangerOf(name, given);
        if (found === null) continue;
        yield {
          message: `${who(given.grantee)} holds ${words(given.privileges)} on ${what([resource])}, ${found.because}`,
          principals: [given.grantee],
          resources: [resource],
          danger: found.danger,
          fix: {
            text: `revoke ${words(given.privileges)} on parameter ${name} from ${who(given.grantee)}`,
            changes: given.revoking.map((each) => ({ ...each, resources: [resource] })),
          },
        };
      }
    }
  },
};

/** Parameters that name code or commands: for a session, or for the whole server. */
const CODE_IN_SESSION: ReadonlySet<string> = new Set([
  "dynamic_library_path",
  "extension_control_path",
  "session_preload_libraries",
]);
const CODE_ON_SERVER: ReadonlySet<string> = new Set([
  ...CODE_IN_SESSION,
  "archive_cleanup_command",
  "archive_command",
  "archive_library",
  "jit_provider",
  "local_preload_libraries",
  "recovery_end_command",
  "restore_command",
  "shared_preload_libraries",
  "ssl_passphrase_command",
  "ssl_passphrase_command_supports_reload",
]);
/** Files of the server that say who gets in, and where it looks for its keys. */
const WAYS_IN: ReadonlySet<string> = new Set([
  "hba_file",
  "ident_file",
  "krb_server_keyfile",
  "oauth_validator_libraries",
  "password_encryption",
  "ssl_ca_file",
  "ssl_cert_file",
  "ssl_key_file",
]);
/** What guards the rows and the triggers of everybody. */
const GUARDS: ReadonlySet<string> = new Set([
  "allow_system_table_mods",
  "event_triggers",
  "lo_compat_privileges",
  "row_security",
  "session_replication_role",
]);

function dangerOf(name: string, { privileges }: Given): { readonly danger: Danger; readonly because: string } | null {
  const forServer = privileges.includes("ALTER SYSTEM");
  if (forServer && CODE_ON_SERVER.has(name))
    return { danger: "critical", because: "which makes the server run code of its choice" };
  if (CODE_IN_SESSION.has(name))
    return { danger: "critical", because: "which makes the server load code of its choice" };
  if (forServer && WAYS_IN.has(name)) return { danger: "critical", because: "which decides who gets in" };
  if (GUARDS.has(name)) return { danger: "high", because: "which turns off what guards tables" };
  return LOGS.test(name) ? { danger: "high", because: "which decides what is logged" } : null;
}

/** Logging of the server and of the audit extension, statistics that evidence rests on. */
const LOGS: RegExp = /^(log_|logging_collector$|pgaudit\.|debug_print_|syslog_|track_)/u;
