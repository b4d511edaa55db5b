import { RolewrightError } from "../../base/error.ts";
import type { EngineSimulation } from "../../engine/simulation.ts";
import { sortedText } from "../../base/order.ts";
import type { RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { Evidence, Use } from "../../model/workload.ts";
import { compareUses } from "./aggregate.ts";

/**
 * Evidence as evidence of this target. Logs do not say of which server they are: names that the target does not know are told, and where it knows none of the logins the evidence is refused (RW546). A search path that
 * no source tells is taken from the settings of the login and marked as assumed; nothing else is ever filled in.
 */
export function evidenceOfTarget(
  read: Evidence,
  snapshot: Snapshot,
  loginOf: EngineSimulation["loginOf"] = (logged) => logged,
): Evidence {
  const { roles } = snapshot.access;
  const evidence = withLoginsOf(read, (name) => loginOf(name, snapshot));
  const strangers = sortedText(evidence.uses.flatMap((use) => unknownNames(use, roles)));
  const named = evidence.uses.filter(({ login, role }) => login !== null || role !== null);
  if (named.length > 0 && named.every((use) => unknownNames(use, roles).length > 0)) {
    throw new RolewrightError(
      "RW546",
      `none of the logins in the evidence is a role of the target: ${strangers.slice(0, 5).join(", ")}`,
      { help: "name the logs of this target; a log of another server says nothing of it" },
    );
  }
  const databases = new Set(snapshot.identity.databases);
  const otherDatabases = sortedText(evidence.uses.flatMap(({ database }) => database ?? [])).filter(
    (each) => !databases.has(each),
  );
  const starting = new Set(
    [...roles.values()].filter(({ settings }) => settings.some(({ name }) => name === "role")).map(({ name }) => name),
  );
  const losses = (source: string): string[] => {
    const uses = evidence.uses.filter((use) => use.source === source);
    const unknown = strangers.filter((name) => uses.some(({ login, role }) => login === name || role === name));
    const beyond = otherDatabases.filter((name) => uses.some(({ database }) => database === name));
    const unclear = sortedText(uses.flatMap((use) => (isUnclear(use, starting) ? (use.login ?? []) : [])));
    return [
      ...(unknown.length === 0
        ? []
        : [`the target does not know ${listed(unknown)}: part of it may be of another server`]),
      ...(beyond.length === 0
        ? []
        : [`it holds what was done in databases that are not those of the target: ${listed(beyond)}`]),
      ...(unclear.length === 0
        ? []
        : [`sessions of ${listed(unclear)} begin with a setting \`role\`: as which role they ran is not known`]),
    ];
  };
  const uses = evidence.uses.map((use) =>
    assumePath(isUnclear(use, starting) ? { ...use, role: null } : use, snapshot),
  );
  return {
    ...evidence,
    target: snapshot.identity,
    windows: evidence.windows.map((window) => ({
      ...window,
      losses: sortedText([...window.losses, ...losses(window.source)]),
    })),
    uses: oneEach(uses),
  };
}

/** With the roles of the target that logs mean by the names that they write, which may have the hosts of clients in them. What stands for nobody stays as it is. */
export function withLoginsOf(evidence: Evidence, loginOf: (logged: RoleName) => RoleName | null): Evidence {
  return { ...evidence, uses: oneEach(evidence.uses.map((use) => withLogin(use, loginOf))) };
}

function withLogin(use: Use, loginOf: (logged: RoleName) => RoleName | null): Use {
  const { login, role } = use;
  if (login === null) return use;
  const known = loginOf(login) ?? login;
  return { ...use, login: known, role: role === login ? known : role };
}

/** Its session may have begun as another role than its login. */
function isUnclear({ login, role }: Use, starting: ReadonlySet<RoleName>): boolean {
  return login !== null && login === role && starting.has(login);
}

function unknownNames({ login, role }: Use, roles: ReadonlyMap<RoleName, unknown>): RoleName[] {
  return [login, role].flatMap((name) => (name === null || roles.has(name) ? [] : [name]));
}

function assumePath(use: Use, snapshot: Snapshot): Use {
  const owner = use.login ?? use.role;
  if (use.searchPath !== null || owner === null) return use;
  const settings = (snapshot.access.roles.get(owner)?.settings ?? []).filter(({ name }) => name === "search_path");
  const setting =
    settings.find(({ database }) => database === use.database) ?? settings.find(({ database }) => database === null);
  return setting === undefined ? use : { ...use, searchPath: pathNames(setting.value), searchPathAssumed: true };
}

/** The schemas of a setting: `app, "My Schema"`. */
function pathNames(value: string): readonly string[] {
  const names = value.match(/"(?:[^"]|"")*"|[^,\s"]+/gu) ?? [];
  return names.map((name) => (name.startsWith('"') ? name.slice(1, -1).replaceAll('""', '"') : name.toLowerCase()));
}

/** What became alike is one use. */
function oneEach(uses: readonly Use[]): readonly Use[] {
  const ordered = uses.toSorted(compareUses);
  const found: Use[] = [];
  for (const use of ordered) {
    const last = found.at(-1);
    if (last === undefined || compareUses(last, use) !== 0) {
      found.push(use);
      continue;
    }
    const { searchPathAssumed, ...told } = last;
    found[found.length - 1] = {
      ...told,
      ...(searchPathAssumed === true && use.searchPathAssumed === true ? { searchPathAssumed } : {}),
      calls: last.calls + use.calls,
      firstSeen: last.firstSeen < use.firstSeen ? last.firstSeen : use.firstSeen,
      lastSeen: last.lastSeen > use.lastSeen ? last.lastSeen : use.lastSeen,
      days: sortedText([...last.days, ...use.days]),
    };
  }
  return found;
}

function listed(names: readonly string[]): string {
  const shown = names
    .slice(0, 5)
    .map((name) => `\`${name}\``)
    .join(", ");
  return names.length > 5 ? `${shown} and ${names.length - 5} more` : shown;
}
