import { quoteIdentifier, quoteText } from "../../src/engine/cassandra/quote.ts";
import type { Privilege } from "../../src/model/access-list.ts";
import type { Resource, ResourceKind } from "../../src/model/resource.ts";
import { random } from "../support/random-state/random.ts";

/** Where a world lives. */
export interface Names {
  /** What names begin with. */
  readonly prefix: string;
  readonly seed: number;
  /** 5.0 and later: masks. */
  readonly since5: boolean;
}

/** Something that GRANT takes, with the words for it there and in LIST. */
export interface Place {
  readonly resource: Resource;
  readonly cql: string;
  readonly listed: string;
}

/** Who there is in a world. */
export interface Cast {
  readonly logins: readonly string[];
  readonly groups: readonly string[];
  /** Roles that things are granted on. */
  readonly targets: readonly string[];
  /** A role that nobody is, for grants that are tried. */
  readonly sink: string;
}

export interface World extends Cast {
  readonly script: readonly string[];
  readonly places: readonly Place[];
  /** What can be held there. */
  privilegesAt(kind: ResourceKind): readonly Privilege[];
}

/** Who holds SELECT on the view and nothing else. */
const VIEWER = "eve";

const BODY = "returns null on null input returns int language java as 'return 1;'";

/** What is there for all worlds of a prefix: a table that has a view, one that has none, and functions, one of which an aggregate needs, so that it cannot be dropped. */
export function foundation(prefix: string): readonly string[] {
  const ks = `${prefix}shop`;
  return [
    `create keyspace ${ks} with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`,
    `create table ${ks}.orders (id int primary key, note int)`,
    `create table ${ks}."LoG" (id int primary key, note int)`,
    `create materialized view ${ks}.by_note as select * from ${ks}.orders where note is not null and id is not null primary key (note, id)`,
    `create function ${ks}.plus(a int, b int) ${BODY}`,
    `create function ${ks}.one(a int) ${BODY}`,
    `create aggregate ${ks}.total(int) sfunc plus stype int initcond 0`,
  ];
}

/** A random world on the foundation: roles, who is a member of whom, and what each holds at each level. */
export function cassandraWorld({ prefix, seed, since5 }: Names): World {
  const chance = random(seed);
  const at = (kind: ResourceKind): readonly Privilege[] => privilegesAt(kind, since5);
  const role = (bare: string): string => `${prefix}${seed} ${bare}`;
  const cast: Cast = {
    logins: ["ana", 'bo"b', "cy/d", "Dee", VIEWER].map(role),
    groups: ["g1", "g2", "g.3", "g4"].map(role),
    targets: ["x1", "x 2"].map(role),
    sink: role("sink"),
  };
  const places = placesOf(prefix, cast);
  const script: string[] = [];
  for (const name of [...cast.groups, ...cast.targets, cast.sink]) script.push(`create role ${quoteIdentifier(name)}`);
  const edge = (of: string, member: string): void =>
    void script.push(`grant ${quoteIdentifier(of)} to ${quoteIdentifier(member)}`);
  // Direct edges before the longer ways that imply them: the other order is refused.
  for (const [at, group] of cast.groups.entries()) {
    for (const parent of chance.some(cast.groups.slice(0, at).reverse(), 0, 1)) edge(parent, group);
  }
  const viewer = role(VIEWER);
  script.push(`grant select on ${prefix}shop.by_note to ${quoteIdentifier(viewer)}`);
  const others = cast.logins.filter((login) => login !== viewer);
  const joined = others.map((login) => {
    const group = chance.pick(cast.groups);
    if (chance.chance(0.7)) edge(group, login);
    return group;
  });
  // In every other world, what somebody is likely to be a member of is a superuser.
  if (seed % 2 === 1) script.push(`alter role ${quoteIdentifier(chance.pick(joined))} with superuser = true`);
  for (const name of [...cast.groups, ...others]) {
    for (let count = chance.int(10); count > 0; count--) {
      const place = chance.pick(places);
      const privileges = chance.some(at(place.resource.kind), 1, 4);
      const some = chance.chance(0.1) ? "all" : privileges.join(", ");
      script.push(`grant ${some} on ${place.cql} to ${quoteIdentifier(name)}`);
      if (chance.chance(0.3)) script.push(`grant authorize on ${place.cql} to ${quoteIdentifier(name)}`);
      if (chance.chance(0.1)) script.push(`revoke ${privileges[0]} on ${place.cql} from ${quoteIdentifier(name)}`);
    }
  }
  return { ...cast, script, places, privilegesAt: at };
}

const DATA = ["ALTER", "AUTHORIZE", "CREATE", "DROP", "MODIFY", "SELECT", "SELECT_MASKED", "UNMASK"];
const CODE = ["ALTER", "AUTHORIZE", "CREATE", "DROP", "EXECUTE"];
const ROLES = ["ALTER", "AUTHORIZE", "CREATE", "DESCRIBE", "DROP"];
const MBEANS = ["AUTHORIZE", "DESCRIBE", "EXECUTE", "MODIFY", "SELECT"];
const MASKS: ReadonlySet<Privilege> = new Set(["SELECT_MASKED", "UNMASK"]);
const NARROW: ReadonlySet<ResourceKind> = new Set(["table", "routine", "role"]);

/** What can be held on a kind, written down once more: the table of the product is what is tested. */
function privilegesAt(kind: ResourceKind, since5: boolean): readonly Privilege[] {
  const all = /mbean/u.test(kind) ? MBEANS : /role/u.test(kind) ? ROLES : /routine/u.test(kind) ? CODE : DATA;
  return all.filter((name) => !(NARROW.has(kind) && name === "CREATE") && (since5 || !MASKS.has(name)));
}

function placesOf(prefix: string, { targets }: Cast): readonly Place[] {
  const ks = `${prefix}shop`;
  const table = (name: string): Place => ({
    resource: { kind: "table", path: ["cluster", ks, name] },
    cql: `${ks}.${quoteIdentifier(name)}`,
    listed: `<table ${ks}.${name}>`,
  });
  const routine = (name: string, types: string): Place => ({
    resource: { kind: "routine", path: ["cluster", ks, name, types] },
    cql: `function ${ks}.${name}(${types})`,
    listed: `<function ${ks}.${name}(${types})>`,
  });
  const mbean = (name: string, word: string): Place => ({
    resource: { kind: "mbean", path: [name] },
    cql: `${word} ${quoteText(name)}`,
    listed: `<mbean ${name}>`,
  });
  const of = (kind: ResourceKind, cql: string, path: string[] = []): Place => ({
    resource: { kind, path },
    cql,
    listed: `<${cql}>`,
  });
  const keyspace = ["cluster", ks];
  return [
    of("all-schemas", "all keyspaces"),
    of("schema", `keyspace ${ks}`, keyspace),
    { ...of("schema-tables", `all tables in keyspace ${ks}`, keyspace), listed: `<all tables in ${ks}>` },
    table("orders"),
    table("LoG"),
    table("by_note"),
    of("all-routines", "all functions"),
    { ...of("schema-routines", `all functions in keyspace ${ks}`, keyspace), listed: `<all functions in ${ks}>` },
    routine("plus", "int, int"),
    routine("one", "int"),
    routine("total", "int"),
    of("all-roles", "all roles"),
    ...targets.map((name) => ({
      ...of("role", `role ${quoteIdentifier(name)}`, [name]),
      listed: `<role ${name}>`,
    })),
    of("all-mbeans", "all mbeans"),
    // The server keeps the properties sorted, and knows only MBeans that there are. What a pattern covers counts over JMX alone, and not for who grants: so this one covers the other not.
    mbean("java.lang:name=Metaspace,type=MemoryPool", "mbean"),
    mbean("java.lang:type=GarbageCollector,*", "mbeans"),
  ];
}

/** A statement that does no harm, and what somebody must hold, all of it, to be let try. */
export interface Probe {
  readonly cql: string;
  readonly needs: readonly { readonly privilege: Privilege; readonly resource: Resource }[];
}

/** What is tried as each login: whoever may is answered, or refused for another reason than a missing right. */
export function probesOf(
  prefix: string,
  { places, targets, sink, privilegesAt: at }: Omit<World, "script">,
): readonly Probe[] {
  const ks = `${prefix}shop`;
  const keyspace = ["cluster", ks];
  const table = (name: string): Resource => ({ kind: "table", path: [...keyspace, name] });
  const one: Resource = { kind: "routine", path: [...keyspace, "one", "int"] };
  const plus: Resource = { kind: "routine", path: [...keyspace, "plus", "int, int"] };
  const allRoles: Resource = { kind: "all-roles", path: [] };
  const needing = (cql: string, ...needs: (readonly [Privilege, Resource])[]): Probe => ({
    cql,
    needs: needs.map(([privilege, resource]) => ({ privilege, resource })),
  });
  // Not SELECT on the view: the right to pass that on is looked for at the view, and the right to read at its table.
  const passedOn = ({ kind, path }: Resource): readonly Privilege[] =>
    at(kind).filter((privilege) => privilege !== "SELECT" || path[2] !== "by_note");
  const grants = places.flatMap(({ resource, cql }) =>
    passedOn(resource).map((privilege) =>
      needing(
        `grant ${privilege} on ${cql} to ${quoteIdentifier(sink)}`,
        ["AUTHORIZE", resource],
        [privilege, resource],
      ),
    ),
  );
  const roles = targets.flatMap((name): Probe[] => {
    const resource: Resource = { kind: "role", path: [name] };
    return [
      needing(`grant ${quoteIdentifier(name)} to ${quoteIdentifier(sink)}`, ["AUTHORIZE", resource]),
      needing(`alter role ${quoteIdentifier(name)} with login = false`, ["ALTER", resource]),
    ];
  });
  return [
    ...grants,
    ...roles,
    ...["orders", "LoG", "by_note"].map((name) =>
      needing(`select * from ${ks}.${quoteIdentifier(name)} limit 1`, ["SELECT", table(name)]),
    ),
    needing(`delete from ${ks}."LoG" where id = 0`, ["MODIFY", table("LoG")]),
    needing(`delete from ${ks}."LoG" where id = 0 if exists`, ["MODIFY", table("LoG")], ["SELECT", table("LoG")]),
    needing(
      `delete from ${ks}.orders where id = 0`,
      ["MODIFY", table("orders")],
      ["SELECT", table("orders")],
      ["MODIFY", table("by_note")],
    ),
    needing(`alter table ${ks}.orders drop nope`, ["ALTER", table("orders")]),
    needing(`alter table ${ks}."LoG" drop nope`, ["ALTER", table("LoG")]),
    needing(`drop table ${ks}.orders`, ["DROP", table("orders")]), // It has a view.
    needing(`drop table ${ks}.by_note`, ["DROP", table("by_note")]), // It is none.
    needing(`create table ${ks}.orders (id int primary key)`, ["CREATE", { kind: "schema-tables", path: keyspace }]),
    needing(`alter keyspace ${ks} with replication = {'class': 'NoSuchStrategy'}`, [
      "ALTER",
      { kind: "schema", path: keyspace },
    ]),
    needing(`create keyspace ${ks} with replication = {'class': 'SimpleStrategy', 'replication_factor': 1}`, [
      "CREATE",
      { kind: "all-schemas", path: [] },
    ]),
    needing(`select ${ks}.one(note) from ${ks}."LoG" limit 1`, ["SELECT", table("LoG")], ["EXECUTE", one]),
    needing(`create function ${ks}.one(a int) ${BODY}`, ["CREATE", { kind: "schema-routines", path: keyspace }]),
    needing(`create or replace function ${ks}.one(a int) ${BODY.replace("returns int", "returns text")}`, [
      "ALTER",
      one,
    ]),
    needing(`drop function ${ks}.plus(int, int)`, ["DROP", plus]), // An aggregate needs it.
    needing(`create role ${quoteIdentifier(sink)}`, ["CREATE", allRoles]),
    needing("list all permissions", ["DESCRIBE", allRoles]),
  ];
}
