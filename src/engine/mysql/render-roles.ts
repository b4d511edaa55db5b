import type { AccessState } from "../../model/access-state.ts";
import type { AlterRole, Change, CreateRole, RenameRole, SetPassword } from "../../model/change.ts";
import type { AttributeValue, RoleAttributes, RoleName } from "../../model/role.ts";
import type { RenderedStatement } from "../engine.ts";
import { ACCOUNT_ATTRIBUTES } from "./normalize-accounts.ts";
import { named } from "./names.ts";
import type { Product } from "./product.ts";
import { granteeText } from "./render-names.ts";
import { signInText } from "./sign-in.ts";
import { tlsText } from "./tls.ts";

/** A change with its place in the request. */
export interface Indexed<C extends Change = Change> {
  readonly index: number;
  readonly change: C;
}

/** Renames, new accounts and roles, attributes that only add, passwords: what runs before everything else. */
export function earlyRoleStatements(
  changes: readonly Indexed[],
  after: AccessState,
  product: Product,
): RenderedStatement[] {
  const renames = changes.flatMap(({ index, change }) => (change.kind === "rename-role" ? [{ index, change }] : []));
  const texts = ({ change }: Indexed): readonly string[] => {
    if (change.kind === "create-role") return createTexts(change, product);
    if (change.kind !== "alter-role" || reduces(change) || renewal(change, changes) !== undefined) return [];
    return alterTexts(change, after, product);
  };
  return [
    ...inFreeOrder(renames).map(({ index, change: { from, to } }) => ({
      text: `rename user ${granteeText(from, product)} to ${granteeText(to, product)}`,
      changes: [index],
    })),
    ...changes.flatMap((each) => texts(each).map((text) => ({ text, changes: [each.index] }))),
    ...changes.flatMap((each) => passwordSteps(each, changes, { after, product })),
  ];
}

/** A new password, and with it the attributes of an account whose old one had expired. */
function passwordSteps(
  { index, change }: Indexed,
  changes: readonly Indexed[],
  { after, product }: { readonly after: AccessState; readonly product: Product },
): readonly RenderedStatement[] {
  if (change.kind !== "set-password") return [];
  const set = passwordStatements(change, index, { after, product });
  const renewed = changes.flatMap((each) =>
    each.change.kind === "alter-role" && renewal(each.change, changes) === change
      ? [{ index: each.index, change: each.change }]
      : [],
  );
  return [
    ...renewed.flatMap((each) =>
      alterTexts(each.change, after, product).map((text) => ({ text, changes: [each.index] })),
    ),
    ...set.map((each) => ({ ...each, changes: [...renewed.map((one) => one.index), index] })),
  ];
}

/** The new password that ends that the old one is expired. */
function renewal(change: AlterRole, changes: readonly Indexed[]): SetPassword | undefined {
  if (!change.attributes.some(({ name, after }) => name === "password_expired" && after === false)) return undefined;
  return changes.map((each) => each.change).find((each) => each.kind === "set-password" && each.role === change.role) as
    | SetPassword
    | undefined;
}

/** Attributes that take something away. */
export function lateRoleStatements(
  changes: readonly Indexed[],
  after: AccessState,
  product: Product,
): RenderedStatement[] {
  return changes.flatMap(({ index, change }) =>
    change.kind === "alter-role" && reduces(change) && renewal(change, changes) === undefined
      ? alterTexts(change, after, product).map((text) => ({ text, changes: [index] }))
      : [],
  );
}

/** Whether a role is one of MariaDB's, which have no attributes. */
export function isBareRole(name: RoleName, product: Product): boolean {
  return !product.rolesAreAccounts && named(name).kind !== "account";
}

/** Renames in an order in which each new name is free when it is taken. */
function inFreeOrder(renames: readonly Indexed<RenameRole>[]): readonly Indexed<RenameRole>[] {
  const left = [...renames];
  const ordered: Indexed<RenameRole>[] = [];
  while (left.length > 0) {
    const next = left.findIndex(({ change }) => !left.some((other) => other.change.from === change.to));
    // Two accounts that swap their names: the server will refuse, and say so.
    ordered.push(...left.splice(Math.max(next, 0), 1));
  }
  return ordered;
}

/** Nobody can sign in to a new account by a password until one is set: without a word about it, MariaDB and MySQL would let everybody in. */
function createTexts({ role }: CreateRole, product: Product): readonly string[] {
  if (isBareRole(role.name, product)) return [`create role ${granteeText(role.name, product)}`];
  const usual = ACCOUNT_ATTRIBUTES[product.engine];
  const attributes = { ...usual, ...role.attributes };
  const differing = Object.keys(attributes).filter((name) => attributes[name] !== usual[name]);
  const who = granteeText(role.name, product);
  const [first = "", ...more] = clauses(differing, attributes, product);
  const sign = signInText(String(attributes["plugin"]), product);
  return [["create user", who, `identified ${sign}`, first].filter(Boolean).join(" "), ...more.map(alter(who))];
}

/** One statement where the server takes all of it at once. */
function alterTexts({ role, attributes }: AlterRole, after: AccessState, product: Product): readonly string[] {
  const who = granteeText(role, product);
  const values = Object.fromEntries(attributes.map(({ name, after: value }) => [name, value]));
  const names = Object.keys(values);
  // Expiring a password forgets for how many days the next one holds.
  const days = after.roles.get(role)?.attributes["password_days"];
  if (values["password_expired"] === true && typeof days === "number") {
    values["password_days"] = days;
    names.push("password_days");
  }
  const sign = names.includes("plugin") ? `identified ${signInText(String(values["plugin"]), product)}` : "";
  const [first = "", ...more] = clauses(names, values, product);
  const stale = names.includes("stale_default_role") ? [`set default role none ${forText(product)} ${who}`] : [];
  const text = [sign, first].filter(Boolean).join(" ");
  const all = [...stale, ...(text === "" ? [] : [alter(who)(text)]), ...more.map(alter(who))];
  if (all.length > 0) return all;
  // Only a new password ends that one is expired: RW325 refuses a plan without one. The way back of one that expires it comes to this, too.
  return [alter(who)(after.roles.get(role)?.attributes["login"] === false ? "account lock" : "account unlock")];
}

function alter(who: string): (clause: string) => string {
  return (clause) => `alter user ${who} ${clause}`;
}

/** What stands between SET DEFAULT ROLE and the account. */
export function forText(product: Product): "for" | "to" {
  return product.rolesAreAccounts ? "to" : "for";
}

const LIMITS: readonly (readonly [attribute: string, word: string])[] = [
  ["queries_per_hour", "max_queries_per_hour"],
  ["updates_per_hour", "max_updates_per_hour"],
  ["connections_per_hour", "max_connections_per_hour"],
  ["connection_limit", "max_user_connections"],
  ["statement_seconds", "max_statement_time"],
];

/** What stands behind the account, in the order in which the server takes it; a second one where what is said about passwords takes two. */
function clauses(names: readonly string[], values: RoleAttributes, product: Product): readonly string[] {
  for (const name of names) {
    if (!Object.hasOwn(ACCOUNT_ATTRIBUTES[product.engine], name)) throw new TypeError(`unknown attribute ${name}`);
  }
  const limits = LIMITS.filter(([name]) => names.includes(name)).map(
    ([name, word]) => `${word} ${numberText(values[name])}`,
  );
  const expire = values["password_expired"] === true && names.includes("password_expired") ? ["password expire"] : [];
  const days = names.includes("password_days") ? [daysText(values["password_days"])] : [];
  const [expiry, ...later] = [...expire, ...days];
  const first = [
    ...(names.includes("tls") ? [`require ${tlsText(String(values["tls"]))}`] : []),
    ...(limits.length > 0 ? [`with ${limits.join(" ")}`] : []),
    ...(names.includes("login") ? [values["login"] === true ? "account unlock" : "account lock"] : []),
    ...(expiry === undefined ? [] : [expiry]),
  ].join(" ");
  return first === "" ? [] : [first, ...later];
}

function daysText(days: AttributeValue | undefined): string {
  if (days === null || days === undefined) return "password expire default";
  return days === 0 ? "password expire never" : `password expire interval ${numberText(days)} day`;
}

function numberText(value: AttributeValue | undefined): string {
  const number = Number(value);
  if (value === null || value === "" || !Number.isFinite(number)) throw new TypeError(`${String(value)} is no number`);
  return String(number);
}

/** A new password is a valid one, even where the account's is to be an expired one. */
function passwordStatements(
  { role, source }: SetPassword,
  index: number,
  { after, product }: { readonly after: AccessState; readonly product: Product },
): RenderedStatement[] {
  const who = granteeText(role, product);
  const attributes = { ...ACCOUNT_ATTRIBUTES[product.engine], ...after.roles.get(role)?.attributes };
  const text = alter(who)(`identified ${signInText(String(attributes["plugin"]), product, "$secret")}`);
  const expired = attributes["password_expired"] === true;
  const again = expired ? clauses(["password_expired", "password_days"], attributes, product) : [];
  return [
    { text, changes: [index], secret: source },
    ...again.map((clause) => ({ text: alter(who)(clause), changes: [index] })),
  ];
}

/** Whether a change of attributes takes something from somebody. What signs an account in comes before the password that is set for it, and so early. */
export function reduces({ attributes }: AlterRole): boolean {
  if (attributes.some(({ name }) => name === "plugin")) return false;
  return attributes.some(({ name, before, after }) => {
    if (name === "login") return after === false;
    if (name === "password_expired") return after === true;
    if (name === "tls") return after !== "none";
    if (name === "password_days") return after !== 0;
    if (!LIMITS.some(([limit]) => limit === name)) return name === "stale_default_role";
    return Number(after) !== 0 && (Number(before) === 0 || Number(after) < Number(before));
  });
}
