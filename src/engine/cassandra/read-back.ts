import { sortedText } from "../../base/order.ts";
import { EMPTY_STATE, type AccessState, type Holding } from "../../model/access-state.ts";
import { type Resource, type ResourceKey, resourceKey } from "../../model/resource.ts";
import { type Membership, type MembershipKey, membershipKey, type RoleName } from "../../model/role.ts";
import type { About } from "../engine.ts";
import type { Session, Value } from "./client.ts";
import { typesOf } from "./introspect-catalog.ts";
import { membershipOf, normalize } from "./normalize.ts";
import * as sql from "./queries.ts";
import { ResourceNames, type RoutineName } from "./resource-names.ts";

const OF_ROLES = " where role in ?";
const ON_RESOURCES = " and resource in ?";
/** Filled by GRANT and emptied by REVOKE: who may be a member of a role. What is in force stands with the member. */
const MEMBERS = "select role, member from system_auth.role_members where role in ?";
type MemberRow = readonly [role: string, member: string];
/** Who is a member of what, of everybody. */
const EVERY_MEMBER = "select role, member_of from system_auth.roles";
type EveryMemberRow = readonly [role: string, memberOf: readonly string[] | null];

/** How many names one query asks for. */
const NAMES = 100;
/** From so many resources on all that the roles hold is read. */
const RESOURCES = 30;

/** Reads parts of the state, in the time that the part takes. */
export interface PartReader {
  read(session: Session, about: About): Promise<AccessState>;
}

/**
 * Reads parts as a whole reading would give them, from a quorum. The server finds the members of a role by a list of its own, which can lack some: those are looked for once, when the first part is read.
 */
export function partReader(series: number): PartReader {
  let unlisted: Promise<ReadonlyMap<RoleName, readonly RoleName[]>> | null = null;
  return {
    async read(session, about) {
      unlisted ??= membersOfAll(session);
      const known = await unlisted.catch((error: unknown) => {
        unlisted = null;
        throw error;
      });
      return await readPart(session, about, { series, known });
    },
  };
}

async function membersOfAll(session: Session): Promise<ReadonlyMap<RoleName, readonly RoleName[]>> {
  const members = new Map<RoleName, RoleName[]>();
  for (const [member, memberOf] of await session.rows<EveryMemberRow>(EVERY_MEMBER)) {
    for (const role of memberOf ?? []) members.set(role, [...(members.get(role) ?? []), member]);
  }
  return members;
}

interface Known {
  readonly series: number;
  readonly known: ReadonlyMap<RoleName, readonly RoleName[]>;
}

async function readPart(session: Session, about: About, { series, known }: Known): Promise<AccessState> {
  const asked = [...about.roles].filter((name) => name !== "");
  const listed = await inParts<MemberRow>(session, MEMBERS, asked);
  const members = [...listed.map(([, member]) => member), ...asked.flatMap((role) => known.get(role) ?? [])];
  const since5 = series >= 500;
  const names = await namesFor(session, about.resources);
  const [found, permissions, dataCenters, cidrGroups, identities] = await Promise.all([
    inParts<sql.RoleRow>(session, sql.ROLES + OF_ROLES, [...asked, ...members]),
    permissionsOf(session, asked, storedNames(about.resources, names)),
    inParts<sql.RestrictionRow>(
      session,
      sql.DATA_CENTERS + OF_ROLES,
      asked.map((name) => `roles/${name}`),
    ),
    since5 ? inParts<sql.RestrictionRow>(session, sql.CIDR_GROUPS + OF_ROLES, asked) : null,
    // They cannot be asked for by role.
    since5 ? session.rows<sql.IdentityRow>(sql.IDENTITIES) : null,
  ]);
  const own = found.filter(([name]) => about.roles.has(name));
  const roles = own.map(([name, login, superuser]): sql.RoleRow => [name, login, superuser, null]);
  const normal = normalize({ roles, permissions, dataCenters, cidrGroups, identities }, { names, series });
  return {
    ...EMPTY_STATE,
    roles: normal.roles,
    memberships: await membershipsOf(session, found, about),
    holdings: holdingsOf(normal.lists, about),
  };
}

/** Memberships in which one of the roles takes part, of members and in roles that exist. */
async function membershipsOf(
  session: Session,
  found: readonly sql.RoleRow[],
  { roles }: About,
): Promise<Map<MembershipKey, Membership>> {
  const edges = found.flatMap(([member, , , memberOf]) =>
    (memberOf ?? []).filter((role) => roles.has(role) || roles.has(member)).map((role) => ({ role, member })),
  );
  const existing = new Set(found.map(([name]) => name));
  const others = edges.map(({ role }) => role).filter((role) => !existing.has(role));
  for (const [name] of await inParts<sql.RoleRow>(session, sql.ROLES + OF_ROLES, others)) existing.add(name);
  const memberships = edges
    .filter(({ role }) => existing.has(role))
    .map(({ role, member }) => membershipOf(role, member));
  return new Map(memberships.map((membership) => [membershipKey(membership), membership]));
}

function holdingsOf(
  lists: ReturnType<typeof normalize>["lists"],
  { resources }: About,
): ReadonlyMap<ResourceKey, Holding> {
  const asked = new Set(resources.map(resourceKey));
  const holdings = [...lists].filter(([key]) => asked.has(key));
  return new Map(holdings.map(([key, { resource, list }]) => [key, { resource, owner: null, list }]));
}

async function permissionsOf(
  session: Session,
  roles: readonly RoleName[],
  stored: readonly string[],
): Promise<readonly sql.PermissionRow[]> {
  if (stored.length === 0) return [];
  const query = sql.PERMISSIONS + OF_ROLES;
  if (stored.length > RESOURCES) return await inParts<sql.PermissionRow>(session, query, roles);
  return await inParts<sql.PermissionRow>(session, query + ON_RESOURCES, roles, [stored]);
}

function storedNames(resources: readonly Resource[], names: ResourceNames): readonly string[] {
  return resources.flatMap((resource) => names.stored(resource) ?? []);
}

/** Only functions take looking up how they are stored. */
async function namesFor(session: Session, resources: readonly Resource[]): Promise<ResourceNames> {
  if (!resources.some(({ kind }) => kind === "routine")) return new ResourceNames([], new Map());
  const read = async <Row extends readonly Value[]>(query: string): Promise<Row[]> =>
    await session.rows<Row>(query, { consistency: "localOne" });
  const rows = [...(await read<sql.RoutineRow>(sql.FUNCTIONS)), ...(await read<sql.RoutineRow>(sql.AGGREGATES))];
  const routines = rows.map(([keyspace, name, types]): RoutineName => ({ keyspace, name, argumentTypes: types ?? [] }));
  return new ResourceNames(routines, typesOf(await read<sql.TypeRow>(sql.TYPES)));
}

/** Rows by the names that the query's `in ?` takes, so many at a time, each name once. */
async function inParts<Row extends readonly Value[]>(
  session: Session,
  query: string,
  names: readonly string[],
  more: readonly unknown[] = [],
): Promise<Row[]> {
  const all = sortedText(names);
  const rows: Row[] = [];
  for (let start = 0; start < all.length; start += NAMES) {
    rows.push(...(await session.rows<Row>(query, { values: [all.slice(start, start + NAMES), ...more] })));
  }
  return rows;
}
