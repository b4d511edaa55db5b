import type { Privilege } from "../../model/access-list.ts";
import type { PostgresPosture } from "../../model/posture/postgresql.ts";
import { describeTyped, type Resource, resourceKey } from "../../model/resource.ts";
import type { Grantee, RoleName } from "../../model/role.ts";
import type { AccessIndex } from "../access-index.ts";
import type { ResourceClass } from "../resource-class.ts";
import type { EdgeInput } from "./edges.ts";
import type { EscalationEdge } from "./escalation.ts";
import { classesOf, edge, granteesOf, rolesOf, said, TO_SYSTEM, toRole } from "./postgresql-steps.ts";

/** What leads out of the database: files, programs, native code, the server's settings, the hashes of passwords, and connections back to the server. */
export function* serverEdges(input: EdgeInput): Iterable<EscalationEdge> {
  yield* byPredefinedRoles(input);
  yield* byFileFunctions(input);
  yield* byLanguages(input);
  yield* byParameters(input);
  yield* byHashes(input);
  yield* byLoopback(input);
}

function* byPredefinedRoles({ index }: EdgeInput): Iterable<EscalationEdge> {
  const ways: readonly [RoleName, string, EscalationEdge["confidence"]][] = [
    ["pg_execute_server_program", "runs programs as the server's own account", "certain"],
    ["pg_write_server_files", "writes files as the server's own account", "certain"],
    ["pg_read_server_files", "reads files of the server's own account, keys and hashes among them", "documented"],
  ];
  for (const [role, by, confidence] of ways) {
    if (index.graph.idOf(role) >= 0) yield edge(role, TO_SYSTEM, by, { confidence });
  }
}

/** Built-in functions that reach files, by what they do there. initdb gives them to superusers alone. */
export const FILE_FUNCTIONS: ReadonlyMap<string, "read" | "write"> = new Map([
  ["lo_export", "write"],
  ["lo_import", "read"],
  ["pg_file_rename", "write"],
  ["pg_file_unlink", "write"],
  ["pg_file_write", "write"],
  ["pg_read_binary_file", "read"],
  ["pg_read_file", "read"],
]);

function* byFileFunctions({ index }: EdgeInput): Iterable<EscalationEdge> {
  for (const place of classesOf(index, "routine")) {
    for (const routine of place.resources) {
      const does = routine.path[1] === "pg_catalog" ? FILE_FUNCTIONS.get(routine.path[2] ?? "") : undefined;
      if (does === undefined) continue;
      for (const { grantee } of granteesOf(index, place, ["EXECUTE"])) {
        const by = `may execute \`${describeTyped(routine)}\`, which ${does}s files as the server's own account`;
        yield edge(grantee, TO_SYSTEM, by, { confidence: does === "write" ? "certain" : "documented" });
      }
    }
  }
}

/** Whether a language reaches out of the database, by its name: whatever the catalog says of it. */
export function reachesOut(language: string): boolean {
  return (
    language === "c" || language === "internal" || /^pl.*u$/u.test(language) || /^pl(?:sh|python3)$/u.test(language)
  );
}

function* byLanguages({ index }: EdgeInput): Iterable<EscalationEdge> {
  for (const place of classesOf(index, "language")) {
    for (const language of place.resources) {
      const name = language.path[1] ?? "";
      // Where it is marked untrusted only superusers make functions in it.
      if (!reachesOut(name) || index.catalog.entries.get(resourceKey(language))?.untrusted === true) continue;
      for (const { grantee } of granteesOf(index, place, ["USAGE"])) {
        yield edge(grantee, TO_SYSTEM, `may write functions in ${said(name)}, which run as the server's own account`);
      }
    }
  }
}

/** Parameters that name code: what SET is enough for, and what takes ALTER SYSTEM. */
export const CODE_PARAMETERS: ReadonlyMap<string, Privilege> = new Map([
  ["archive_cleanup_command", "ALTER SYSTEM"],
  ["archive_command", "ALTER SYSTEM"],
  ["archive_library", "ALTER SYSTEM"],
  ["dynamic_library_path", "SET"],
  ["extension_control_path", "SET"],
  ["jit_provider", "ALTER SYSTEM"],
  ["local_preload_libraries", "ALTER SYSTEM"],
  ["recovery_end_command", "ALTER SYSTEM"],
  ["restore_command", "ALTER SYSTEM"],
  ["session_preload_libraries", "SET"],
  ["shared_preload_libraries", "ALTER SYSTEM"],
  ["ssl_passphrase_command", "ALTER SYSTEM"],
]);

function* byParameters({ index }: EdgeInput): Iterable<EscalationEdge> {
  for (const place of classesOf(index, "parameter")) {
    for (const parameter of place.resources) {
      const name = parameter.path[0] ?? "";
      const least = CODE_PARAMETERS.get(name);
      if (least === undefined) continue;
      const enough = least === "SET" ? ["ALTER SYSTEM", "SET"] : [least];
      for (const { grantee, privileges } of granteesOf(index, place, enough)) {
        const by = `holds ${privileges.join(" and ")} on ${said(name)}, which names code that the server runs`;
        yield edge(grantee, TO_SYSTEM, by, { confidence: "documented" });
      }
    }
  }
}

/** The relations that hold the hashes of passwords, and the column that does. */
export const HASHES: ReadonlyMap<string, string> = new Map([
  ["pg_authid", "rolpassword"],
  ["pg_shadow", "passwd"],
]);

const READS_ALL = "pg_read_all_data";

function* byHashes(input: EdgeInput): Iterable<EscalationEdge> {
  const { index, posture } = input;
  const logins = rolesOf(index).filter(
    (role) => role.attributes["login"] === true && posture?.logins.get(role.name)?.password !== "none",
  );
  const read = function* (reader: Grantee, from: string): Iterable<EscalationEdge> {
    for (const { name } of logins) {
      if (name === reader) continue;
      yield edge(reader, toRole(name), `reads the hash of ${said(name)}'s password in ${from}`, {
        confidence: "documented",
      });
    }
  };
  if (index.rules.builtinRights.some(({ role }) => role === READS_ALL && index.graph.idOf(role) >= 0)) {
    yield* read(READS_ALL, "`pg_authid`");
  }
  for (const [reader, from] of hashReaders(index, posture?.postgresql)) {
    yield* read(reader, `\`${describeTyped(from)}\``);
  }
}

/** Who was given the hashes themselves or a view of them: each once, with the first thing that shows them. */
export function hashReaders(
  index: AccessIndex,
  posture: Pick<PostgresPosture, "views"> | undefined,
): ReadonlyMap<Grantee, Resource> {
  const found = new Map<Grantee, Resource>();
  const take = (place: ResourceClass, resource: Resource): void => {
    for (const { grantee } of granteesOf(index, place, ["SELECT"])) {
      if (grantee !== place.owner && !found.has(grantee)) found.set(grantee, resource);
    }
  };
  for (const resource of systemRelations(index, HASHES)) {
    const place = index.classes.of(resourceKey(resource));
    if (place !== undefined) take(place, resource);
  }
  for (const { view, reads } of posture?.views ?? []) {
    if (!reads.some(({ path }) => path[1] === "pg_catalog" && HASHES.has(path[2] ?? ""))) continue;
    const place = index.classOf(view);
    if (place !== null) take(place, view);
  }
  return found;
}

/** System relations and the column of each that matters, in every database, whether they stand in the state or not: they do where their list is no longer the first one. */
export function systemRelations({ catalog }: AccessIndex, columns: ReadonlyMap<string, string>): readonly Resource[] {
  return catalog.databases.flatMap((database) =>
    [...columns].flatMap(([name, column]): Resource[] => [
      { kind: "table", path: [database, "pg_catalog", name] },
      { kind: "column", path: [database, "pg_catalog", name, column] },
    ]),
  );
}

const HERE: ReadonlySet<string> = new Set(["", "127.0.0.1", "::1", "localhost"]);

/** A stored login of a foreign server that leads back to this server. */
function* byLoopback({ index, posture }: EdgeInput): Iterable<EscalationEdge> {
  const own = posture?.postgresql;
  for (const { server, role, options } of own?.userMappings ?? []) {
    const to = options?.get("user");
    if (to === undefined || to === role || !index.state.roles.has(to)) continue;
    const where = own?.foreignServers?.find((each) => resourceKey(each.server) === resourceKey(server))?.options;
    if (where === undefined || !isHere(where, own?.settings.get("port"))) continue;
    const by = `has a user mapping for ${said(to)} on \`${describeTyped(server)}\`, which leads back here`;
    yield edge(role, toRole(to), by, { confidence: "documented" });
  }
}

function isHere(options: ReadonlyMap<string, string>, port: string | undefined): boolean {
  const host = options.get("hostaddr") ?? options.get("host") ?? "";
  if (!HERE.has(host) && !host.startsWith("/")) return false;
  const to = options.get("port") ?? "5432";
  return port === undefined || port === to;
}
