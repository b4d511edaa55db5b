import { compareBy, compareText, sorted } from "../base/order.ts";
import { type Role, type RoleName, type RoleSetting } from "../model/role.ts";
import type { StateRules } from "../model/state-rules.ts";
import { canHavePassword, saidAttributes, unclaimed } from "./attributes.ts";
import type { Authority } from "./authority.ts";
import type { Claims, RoleClaim } from "./claims.ts";
import type { Retirement } from "./context.ts";
import { didYouMean } from "./did-you-mean.ts";
import type { RoleEntry, SettingValue } from "./manifest.ts";
import { passwordSource } from "./reference.ts";
import type { Findings } from "./report.ts";
import type { ManifestPath } from "./source-file.ts";

export interface ResolvedRoles {
  readonly roles: ReadonlyMap<RoleName, Role>;
  readonly retired: ReadonlyMap<RoleName, Retirement>;
  readonly passwords: ReadonlyMap<RoleName, string>;
}

export interface RolesInput {
  readonly claims: Claims;
  /** Under their new names. */
  readonly live: ReadonlyMap<RoleName, Role>;
  readonly rules: StateRules;
  readonly authority: Authority;
  readonly findings: Findings;
  readonly databases: readonly string[];
}

/** The roles as they should be: those that exist, with what is said of them; new ones; without the retired. */
export function resolveRoles(input: RolesInput): ResolvedRoles {
  const roles = new Map(input.live);
  const retired = new Map<RoleName, Retirement>();
  const passwords = new Map<RoleName, string>();
  for (const claim of input.claims.roles.values()) {
    const { name, entry, path } = claim;
    if (input.authority.ignoresRole(name)) {
      const help = "take the role out of the manifest, or out of `scope.ignore`";
      input.findings.add("RW219", path, `role \`${name}\` is ignored by the scope, and declared here`, { help });
      continue;
    }
    if (entry.retire !== undefined) {
      // Where nothing has an owner there is nothing to succeed in.
      const successor = input.rules.lacks("ownership") === null ? (entry.retire.successor ?? null) : null;
      if (input.live.has(name)) retired.set(name, { successor, path: [...path, "retire"], because: entry.because });
      roles.delete(name);
      continue;
    }
    const live = input.live.get(name);
    if (live === undefined) checkNew(claim, input);
    roles.set(name, roleOf(claim, live, input));
    const source = entry.password === undefined ? null : passwordSource(entry.password);
    if (source !== null && canHavePassword(claim, input)) passwords.set(name, source);
  }
  checkSuccessors(retired, roles, input);
  const same = roles.size === input.live.size && [...roles].every(([name, role]) => input.live.get(name) === role);
  return { roles: same ? input.live : roles, retired, passwords };
}

function checkNew({ name, path }: RoleClaim, { live, findings, rules }: RolesInput): void {
  const refused = rules.refusesName(name);
  if (refused !== null) {
    const help = didYouMean(name, live.keys()) ?? refused;
    findings.add("RW211", path, `no role can be created with the name \`${name}\``, { help });
  }
  const twin = [...live.keys()].find((other) => other.toLowerCase() === name.toLowerCase());
  if (twin === undefined) return;
  const help = `names are never folded: if the existing role is meant, write \`${twin}\``;
  findings.add(
    "RW212",
    path,
    `role \`${name}\` will be created beside \`${twin}\`, from which it differs only in case`,
    { severity: "warning", help },
  );
}

function roleOf(claim: RoleClaim, live: Role | undefined, input: RolesInput): Role {
  const { name, entry, path } = claim;
  const { rules, authority } = input;
  const whole = authority.ruleOver(authority.rulesFor("attributes", null), "attributes", name) !== null;
  const usual = rules.defaultAttributes(name);
  const base = live === undefined ? usual : whole ? { ...usual, ...unclaimed(live.attributes) } : live.attributes;
  const attributes = { ...base, ...saidAttributes(claim, input) };
  const settings = settingsOf(entry, live?.settings ?? [], whole, path, input);
  if (live === undefined) return { name, origin: "user", attributes, settings };
  const names = new Set([...Object.keys(attributes), ...Object.keys(live.attributes)]);
  const same = settings === live.settings && [...names].every((key) => attributes[key] === live.attributes[key]);
  return same ? live : { ...live, attributes, settings };
}

const settingKey = (setting: Pick<RoleSetting, "database" | "name">): string =>
  `${setting.database === null ? "" : `d${setting.database}`}\0${setting.name.toLowerCase()}`;

function settingsOf(
  entry: RoleEntry,
  live: readonly RoleSetting[],
  whole: boolean,
  path: ManifestPath,
  { databases, findings }: RolesInput,
): readonly RoleSetting[] {
  const said: { readonly setting: Omit<RoleSetting, "value">; readonly value: SettingValue }[] = [];
  for (const [name, value] of Object.entries(entry.settings ?? {}))
    said.push({ setting: { database: null, name }, value });
  for (const [database, settings] of Object.entries(entry.databases_settings ?? {})) {
    if (!databases.includes(database)) {
      const help = didYouMean(database, databases);
      findings.add("RW208", [...path, "databases_settings", database], `there is no database \`${database}\``, {
        help,
      });
      continue;
    }
    for (const [name, value] of Object.entries(settings)) said.push({ setting: { database, name }, value });
  }
  const claimsAll = whole && (entry.settings !== undefined || entry.databases_settings !== undefined);
  const result = new Map(claimsAll ? [] : live.map((setting) => [settingKey(setting), setting]));
  const known = new Map(live.map((setting) => [settingKey(setting), setting]));
  for (const { setting, value } of said) {
    const key = settingKey(setting);
    const text = value === null ? null : String(value);
    const before = known.get(key);
    if (text === null) result.delete(key);
    else
      result.set(
        key,
        before?.value === text
          ? before
          : { database: setting.database, name: before?.name ?? setting.name, value: text },
      );
  }
  const settings = sorted(
    result.values(),
    compareBy<RoleSetting>(
      (setting) => setting.database,
      (setting) => setting.name,
    ),
  );
  const same = settings.length === live.length && settings.every((setting, index) => setting === live[index]);
  return same ? live : settings;
}

function checkSuccessors(
  retired: ReadonlyMap<RoleName, Retirement>,
  roles: ReadonlyMap<RoleName, Role>,
  { rules, findings }: RolesInput,
): void {
  for (const [name, { successor, path }] of retired) {
    const at = [...path, "successor"];
    if (successor === null) {
      if (rules.lacks("ownership") !== null) continue;
      const help = "name a successor: `retire: { successor: other_role }`";
      findings.add("RW218", path, `who gets what \`${name}\` owns is not said`, { help });
    } else if (successor === name) findings.add("RW218", at, `role \`${name}\` cannot succeed itself`);
    else if (retired.has(successor))
      findings.add("RW218", at, `\`${successor}\` is being retired itself`, { help: "name a role that stays" });
    else if (!roles.has(successor)) {
      const help = didYouMean(successor, sorted(roles.keys(), compareText)) ?? "declare it under `roles`";
      findings.add("RW218", at, `there is no role \`${successor}\` to succeed \`${name}\``, { help });
    }
  }
}
