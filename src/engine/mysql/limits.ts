import type { AccessState } from "../../model/access-state.ts";
import { type Change, type GrantChange, isGrantChange } from "../../model/change.ts";
import type { Finding } from "../../model/finding.ts";
import { describeName, describeResource, type Resource, resourceKey, tableOf } from "../../model/resource.ts";
import type { AttributeValue, Membership, RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { accountOf } from "./names.ts";
import { ACCOUNT_ATTRIBUTES } from "./normalize-accounts.ts";
import { REVOKED } from "./privileges.ts";
import type { Product } from "./product.ts";
import { granteeText } from "./render-names.ts";
import { isBareRole } from "./render-roles.ts";
import { PASSWORD_PLUGIN, signInWays } from "./sign-in.ts";
import { tlsText } from "./tls.ts";

/** What the server would not keep as it is asked to, or refuse: found before anything runs. */
export function limits(
  after: AccessState,
  changes: readonly Change[],
  known: { readonly snapshot: Snapshot; readonly product: Product },
): readonly Finding[] {
  const rotated = new Set(changes.flatMap((change) => (change.kind === "set-password" ? [change.role] : [])));
  return changes.flatMap((change): readonly Finding[] => {
    if (isGrantChange(change)) return grantLimits(change, after, known);
    if (change.kind === "create-role") return attributeLimits(change.role.name, Object.entries(change.role.attributes));
    if (change.kind === "set-password") return passwordLimits(change.role, after, known.product);
    if (change.kind === "add-membership") return staleLimits(change.membership, changes, known);
    if (change.kind === "alter-membership") return staleLimits(change.after, changes, known);
    if (change.kind !== "alter-role") return [];
    const values = change.attributes.map(({ name, after: value }) => [name, value] as const);
    return [...attributeLimits(change.role, values), ...expiryLimits(change.role, values, rotated)];
  });
}

/** A default role that an account lost comes back with the membership, and goes when another one is set: neither would be what was planned. */
function staleLimits(
  { role, member, inherit }: Membership,
  changes: readonly Change[],
  { snapshot, product }: { readonly snapshot: Snapshot; readonly product: Product },
): readonly Finding[] {
  const stale = snapshot.access.roles.get(member)?.attributes["stale_default_role"] ?? null;
  if (stale === null || (stale !== role && !inherit)) return [];
  const cleared = changes.some(
    (change) =>
      change.kind === "alter-role" &&
      change.role === member &&
      change.attributes.some(({ name }) => name === "stale_default_role"),
  );
  if (cleared) return [];
  const who = `\`${describeName(member)}\``;
  const message = `${who} still has the default role \`${describeName(String(stale))}\`, of which it is no member`;
  const statement = `set default role none for ${granteeText(member, product)}`;
  return [cannot(message, `have it forgotten first: ${statement}`)];
}

function cannot(message: string, help: string, severity: Finding["severity"] = "error"): Finding {
  return { code: "RW325", severity, message, help };
}

/** The highest numbers that the server keeps. It takes higher ones per hour too, and cuts them: 4294967296 becomes 0, which is no limit. */
const HIGHEST: Readonly<Record<string, number>> = {
  connection_limit: 2_147_483_647,
  connections_per_hour: 4_294_967_295,
  queries_per_hour: 4_294_967_295,
  updates_per_hour: 4_294_967_295,
  password_days: 65_535,
};

function attributeLimits(role: RoleName, values: readonly (readonly [string, AttributeValue])[]): readonly Finding[] {
  return values.flatMap(([name, value]) => {
    const text = `\`${describeName(role)}\` cannot have \`${name}: ${String(value)}\``;
    const highest = HIGHEST[name];
    if (highest !== undefined && value !== null) {
      const lowest = name === "connection_limit" ? -1 : 0;
      const number = Number(value);
      if (Number.isInteger(number) && number >= lowest && number <= highest) return [];
      return [cannot(text, `write a whole number from ${lowest} to ${highest}`)];
    }
    if (name === "statement_seconds") {
      const fits = Number(value) >= 0 && Number(Number(value).toFixed(6)) === Number(value);
      return fits ? [] : [cannot(text, "write seconds with at most six digits behind the point")];
    }
    if (name !== "tls" || isTls(String(value))) return [];
    return [cannot(text, "write `none`, `any`, `x509`, or demands such as `SUBJECT '/CN=app' AND ISSUER '/CN=ca'`")];
  });
}

function isTls(text: string): boolean {
  try {
    return tlsText(text) !== "";
  } catch {
    return false;
  }
}

/** A password of ours is one for the usual plugin; another one beside it has a secret of its own, which a statement would have to say again. */
function passwordLimits(role: RoleName, after: AccessState, product: Product): readonly Finding[] {
  if (role.includes("$secret")) {
    const message = `the password of \`${describeName(role)}\` cannot be set: \`$secret\` marks its place in the statement`;
    return [cannot(message, "set the password by hand")];
  }
  const plugin = after.roles.get(role)?.attributes["plugin"] ?? ACCOUNT_ATTRIBUTES[product.engine]["plugin"];
  const usual = PASSWORD_PLUGIN[product.engine];
  const ways = signInWays(String(plugin));
  const others = ways.filter((way) => way !== usual && !WITHOUT_SECRET.has(way));
  if (ways.includes(usual) && others.length === 0) return [];
  const message = `the password of \`${describeName(role)}\` cannot be set: it signs in by \`${String(plugin)}\``;
  return [cannot(message, `set \`plugin: ${usual}\`, or set the password by hand`)];
}

/** Plugins that a statement says nothing more about. */
const WITHOUT_SECRET: ReadonlySet<string> = new Set(["unix_socket", "auth_socket", "gssapi", "pam"]);

function expiryLimits(
  role: RoleName,
  values: readonly (readonly [string, AttributeValue])[],
  rotated: ReadonlySet<RoleName>,
): readonly Finding[] {
  const expired = values.find(([name]) => name === "password_expired")?.[1];
  if (expired === undefined) return [];
  if (expired === true) {
    const message = `that the password of \`${describeName(role)}\` is expired cannot be taken back`;
    return [cannot(message, "only a new password ends it", "warning")];
  }
  if (rotated.has(role)) return [];
  const message = `the password of \`${describeName(role)}\` is expired, and only a new one ends that`;
  return [cannot(message, "set a new password in the same plan: `--rotate`, or leave `password_expired` as it is")];
}

function grantLimits(
  change: GrantChange,
  after: AccessState,
  { snapshot, product }: { readonly snapshot: Snapshot; readonly product: Product },
): readonly Finding[] {
  const adds = change.kind === "add-grant";
  const who = `\`${describeName(change.grantee)}\``;
  return change.resources.flatMap((resource) => {
    const place = describeResource(resource);
    if (isGone(resource, snapshot) && !(adds && resource.kind === "table" && change.privileges.includes("CREATE"))) {
      const what = `${change.privileges.join(", ")} on ${place}`;
      return adds
        ? [cannot(`${what} cannot be granted to ${who}: it does not exist`, "make it first, or take the grant out")]
        : [
            cannot(
              `that ${who} loses ${what} cannot be taken back: it does not exist`,
              "nothing, if it is meant",
              "warning",
            ),
          ];
    }
    if (!adds) return [];
    if (resource.kind === "role") return proxyLimits(change, resource, product);
    if (resource.kind === "routine" && product.engine === "mariadb" && !isAscii([...resource.path, change.grantee])) {
      const message = `MariaDB would keep the grant on ${place} to ${who} under another name, since not all of it is ASCII`;
      return [cannot(message, `grant on the schema \`${describeName(resource.path[1] ?? "")}\` instead`)];
    }
    return refusalLimits(change, resource, after, snapshot);
  });
}

/** Grants stay on names that nothing bears; they can be taken, and not given. */
function isGone(resource: Resource, { catalog }: Snapshot): boolean {
  if (resource.kind !== "table" && resource.kind !== "column" && resource.kind !== "routine") return false;
  const place = resource.kind === "column" ? tableOf(resource) : resource;
  const entry = catalog.entries.get(resourceKey(place));
  if (entry?.missing === true) return true;
  return resource.kind === "column" && entry?.columns !== undefined && !entry.columns.includes(resource.path[3] ?? "");
}

function proxyLimits({ grantee }: GrantChange, resource: Resource, product: Product): readonly Finding[] {
  const [name = ""] = resource.path;
  const who = `\`${describeName(grantee)}\``;
  if (isBareRole(grantee, product)) return [cannot(`PROXY cannot be granted to ${who}`, "grant it to accounts")];
  if (accountOf(name)?.host !== "") return [];
  return [
    cannot(`PROXY on \`${describeName(name)}\` cannot be granted to ${who}`, "write the account with a host: `@%`"),
  ];
}

/** MySQL: a partial revoke stands on the privilege on all schemas, and a grant on a schema that has one lifts it and does no more. */
function refusalLimits(
  { grantee, privileges }: GrantChange,
  resource: Resource,
  after: AccessState,
  { access }: Snapshot,
): readonly Finding[] {
  if (resource.kind !== "schema") return [];
  const held = (state: AccessState, place: Resource): readonly string[] =>
    state.holdings.get(resourceKey(place))?.list.entries.find((entry) => entry.grantee === grantee)?.privileges ?? [];
  return privileges.flatMap((privilege) => {
    const who = `\`${describeName(grantee)}\``;
    if (privilege.startsWith(REVOKED)) {
      const name = privilege.slice(REVOKED.length);
      if (held(after, { kind: "all-schemas", path: [] }).includes(name)) return [];
      const message = `${name} cannot be taken from ${who} on ${describeResource(resource)} alone: it is not held on all schemas`;
      return [cannot(message, `grant \`${name.toLowerCase()} on all-schemas\` as well, or take the refusal out`)];
    }
    if (!held(access, resource).includes(REVOKED + privilege)) return [];
    const message = `${privilege} on ${describeResource(resource)} cannot be granted to ${who} in the plan that lifts its partial revoke`;
    return [cannot(message, "lift it first, and grant in a second plan")];
  });
}

function isAscii(names: readonly string[]): boolean {
  // oxlint-disable-next-line no-control-regex -- what is not ASCII
  return names.every((name) => !/[^\u0000-\u007f]/u.test(name));
}
