import { sortedText } from "../base/order.ts";
import type { AccessState } from "../model/access-state.ts";
import type { AlterRole, Change } from "../model/change.ts";
import type { Membership, Role, RoleSetting } from "../model/role.ts";
import type { StateRules } from "../model/state-rules.ts";
import type { DiffOptions } from "./diff-options.ts";

/** The changes of roles themselves: who appears, who disappears, attributes, settings, passwords. */
export function* diffRoles(live: AccessState, desired: AccessState, options: DiffOptions): Generator<Change> {
  for (const role of desired.roles.values()) {
    const before = live.roles.get(role.name);
    const source = options.passwords?.get(role.name);
    if (before === undefined) yield { kind: "create-role", role };
    else if (before !== role) yield* diffRole(before, role);
    if (source !== undefined && (before === undefined || options.rotate?.has(role.name) === true)) {
      yield { kind: "set-password", role: role.name, source };
    }
  }
  for (const role of live.roles.values()) if (!desired.roles.has(role.name)) yield* dropRole(role);
}

/** The changes of memberships. Rows that the server makes by itself are not ours to plan. */
export function* diffMemberships(live: AccessState, desired: AccessState, rules: StateRules): Generator<Change> {
  const key = (m: Membership): string =>
    // Without options a membership is one row, whoever gave it: its grantor decides nothing and is left as it is.
    rules.membershipOptions ? `${m.role}\0${m.member}\0${m.grantor}` : `${m.role}\0${m.member}`;
  const index = (state: AccessState): Map<string, Membership> =>
    new Map([...state.memberships.values()].filter((m) => !m.implied).map((m) => [key(m), m]));
  const old = index(live);
  const wanted = index(desired);
  for (const [id, after] of wanted) {
    const before = old.get(id);
    if (before === undefined) yield { kind: "add-membership", membership: after };
    else if (before.admin !== after.admin || before.inherit !== after.inherit || before.set !== after.set) {
      // On such servers giving ADMIN replaces the grantor of the row, and taking it does not.
      const grantor = !rules.membershipOptions && before.admin ? before.grantor : after.grantor;
      yield { kind: "alter-membership", before, after: { ...after, grantor } };
    }
  }
  for (const [id, before] of old) if (!wanted.has(id)) yield { kind: "remove-membership", membership: before };
}

function* diffRole(before: Role, after: Role): Generator<Change> {
  const names = sortedText([...Object.keys(before.attributes), ...Object.keys(after.attributes)]);
  const attributes: AlterRole["attributes"][number][] = [];
  for (const name of names) {
    const [old, wanted] = [before.attributes[name], after.attributes[name]];
    // An attribute that one side says nothing about is not compared: unknown is not false.
    if (old === undefined || wanted === undefined || old === wanted) continue;
    attributes.push({ name, before: old, after: wanted });
  }
  if (attributes.length > 0) yield { kind: "alter-role", role: after.name, attributes };
  yield* diffSettings(before, after);
}

function* diffSettings(before: Role, after: Role): Generator<Change> {
  const key = (setting: RoleSetting): string => `${setting.database ?? ""}\0${setting.name}`;
  const old = new Map(before.settings.map((setting) => [key(setting), setting]));
  const wanted = new Map(after.settings.map((setting) => [key(setting), setting]));
  for (const id of new Set([...old.keys(), ...wanted.keys()])) {
    const [was, is] = [old.get(id), wanted.get(id)];
    const setting = is ?? was;
    if (setting === undefined || was?.value === is?.value) continue;
    const { database, name } = setting;
    yield {
      kind: "set-role-setting",
      role: after.name,
      database,
      name,
      before: was?.value ?? null,
      after: is?.value ?? null,
    };
  }
}

/** A login is closed first, in a change of its own: so a retirement that stops half-way leaves a role that nobody can use. */
function* dropRole(role: Role): Generator<Change> {
  if (role.attributes["login"] !== true) {
    yield { kind: "drop-role", role };
    return;
  }
  yield { kind: "alter-role", role: role.name, attributes: [{ name: "login", before: true, after: false }] };
  yield { kind: "drop-role", role: { ...role, attributes: { ...role.attributes, login: false } } };
}
