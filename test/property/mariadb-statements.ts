import { type Random, random } from "../support/random-state/random.ts";

/** Accounts that own code, and those whose statements are tried. */
export const OWNERS: readonly string[] = ["keeper", "maker"];
export const CALLERS: readonly string[] = ["ana", "bob", "cat", "dan"];
export const ROLE = "helper";
const SCHEMAS: readonly string[] = ["shop", "store"];
const TABLES: readonly string[] = ["shop.orders", "shop.items", "store.stock"];
const VIEWS: readonly string[] = [
  "shop.v_def",
  "shop.v_inv",
  "shop.v_join",
  "shop.v_on_v",
  "store.v_inv_on_def",
  "store.v_fun",
];
const COLUMNS: readonly string[] = ["id", "a", "b"];
const SEQUENCES: readonly string[] = ["shop.s1", "store.s2"];
const FUNCTIONS: readonly string[] = ["shop.f_def", "shop.f_inv"];
const PROCEDURES: readonly string[] = ["shop.p_def", "shop.p_inv", "shop.p_if"];

/** What there is in every world: code of each kind, with the rights of who defines it and of who calls it. */
export const FOUNDATION: readonly string[] = [
  ...SCHEMAS.map((schema) => `create database ${schema}`),
  ...TABLES.map((table) => `create table ${table} (id int primary key, a int, b int)`),
  "create table shop.log (id int, a int)",
  "create sequence shop.s1",
  "create sequence store.s2",
  "create table store.numbered (id int primary key default nextval(store.s2), a int)",
  ...TABLES.map((table) => `insert into ${table} values (1, 10, 100), (2, 20, 200)`),
  // What is made of views is looked at when it is made.
  ...OWNERS.flatMap((name) => [`create user ${name}@'%'`, `grant all on *.* to ${name}@'%'`]),
  "create definer=keeper@'%' sql security definer view shop.v_def as select id, a, b from shop.orders",
  "create definer=keeper@'%' sql security invoker view shop.v_inv as select id, a, b as c from shop.orders where a > 0",
  "create definer=maker@'%' sql security definer view shop.v_join as select o.id as id, i.a as a, i.b as b from shop.orders o join shop.items i on i.id = o.id",
  "create definer=maker@'%' sql security definer view shop.v_on_v as select id, a from shop.v_def",
  "create definer=maker@'%' sql security invoker view store.v_inv_on_def as select id, a from shop.v_def",
  "create definer=keeper@'%' function shop.f_def(x int) returns int reads sql data begin declare n int default 0; select count(b) into n from shop.items where id = x; return n; end",
  "create definer=keeper@'%' function shop.f_inv(x int) returns int reads sql data sql security invoker return (select max(a) from shop.items where id < x)",
  "create definer=maker@'%' sql security definer view store.v_fun as select id, shop.f_def(id) as a from store.stock",
  "create definer=keeper@'%' procedure shop.p_def() begin insert into shop.log (id, a) select id, a from shop.items; delete from shop.log; end",
  "create definer=keeper@'%' procedure shop.p_inv(x int) sql security invoker begin select a from store.stock where id = x; update shop.items set b = x where id = 1; end",
  "create definer=keeper@'%' procedure shop.p_if(x int) sql security invoker begin if x > 5 then delete from shop.items where id = x; else select count(*) from shop.orders; end if; end",
  "create definer=maker@'%' trigger shop.t_items before insert on shop.items for each row begin set new.b = coalesce(new.b, 1); insert into shop.log (id, a) values (new.id, 1); end",
  "create definer=keeper@'%' trigger store.t_stock after update on store.stock for each row insert into shop.log values (old.id, new.a)",
  ...OWNERS.map((name) => `revoke all privileges, grant option from ${name}@'%'`),
];

export interface StatementWorld {
  readonly script: readonly string[];
  readonly undo: readonly string[];
}

/** Random grants to those who call and to those whose rights code runs with. */
export function grantsOf(seed: number): StatementWorld {
  const source = random(seed);
  const everybody = [...CALLERS, ...OWNERS].map((name) => `${name}@'%'`);
  const script = [
    ...CALLERS.map((name) => `create user ${name}@'%'`),
    `create role ${ROLE}`,
    `grant ${ROLE} to ${CALLERS[0]}@'%'`,
    `grant ${ROLE} to ${CALLERS[1]}@'%'`,
    `set default role ${ROLE} for ${CALLERS[1]}@'%'`,
  ];
  for (const grantee of [...everybody, ROLE]) {
    const isOwner = OWNERS.some((name) => grantee.startsWith(name));
    if (source.chance(isOwner ? 0.5 : 0.15)) {
      script.push(
        `grant ${source.some(["select", "insert", "update", "delete", "execute", "trigger"], 2, 5).join(", ")} on ${source.pick(SCHEMAS)}.* to ${grantee}`,
      );
    }
    if (isOwner)
      script.push(
        `grant ${source.some(["select", "insert", "update", "delete", "trigger"], 2, 5).join(", ")} on ${source.pick(TABLES)} to ${grantee}`,
      );
    for (let count = source.int(40); count > 0; count--) script.push(`${oneGrant(source)} to ${grantee}`);
  }
  const undo = [
    ...CALLERS.map((name) => `drop user ${name}@'%'`),
    `drop role ${ROLE}`,
    ...OWNERS.map((name) => `revoke all privileges, grant option from ${name}@'%'`),
  ];
  return { script, undo };
}

function oneGrant(source: Random): string {
  const kind = source.int(10);
  if (kind < 4)
    return `grant ${source.some(["select", "insert", "update", "delete", "drop", "alter"], 1, 3).join(", ")} on ${source.pick([...TABLES, ...VIEWS, "shop.log", "store.numbered"])}`;
  if (kind < 7) {
    const place = source.pick([...TABLES, "shop.v_def", "shop.v_join"]);
    return `grant ${source
      .some(["select", "insert", "update"], 1, 2)
      .map((name) => `${name} (${source.some(COLUMNS, 1, 2).join(", ")})`)
      .join(", ")} on ${place}`;
  }
  if (kind === 7) return `grant ${source.some(["select", "insert"], 1, 2).join(", ")} on ${source.pick(SEQUENCES)}`;
  if (kind === 8) return `grant execute on function ${source.pick(FUNCTIONS)}`;
  return `grant execute on procedure ${source.pick(PROCEDURES)}`;
}

/** A statement of a random kind over what there is. Executed in a transaction that is rolled back, it changes nothing that lasts, but for sequences. */
export function randomStatement(source: Random): string {
  const kinds = [select, select, select, join, insert, insert, update, remove, withQuery, code, code, union, several];
  return source.pick(kinds)(source);
}

const relation = (source: Random): string => source.pick([...TABLES, ...TABLES, ...VIEWS]);
const column = (source: Random, place = ""): string => {
  if (place === "shop.v_inv") return source.pick(["id", "a", "c"]);
  if (/v_on_v|v_inv_on|v_fun|numbered/u.test(place)) return source.pick(["id", "a"]);
  return source.pick(COLUMNS);
};

function select(source: Random): string {
  const from = relation(source);
  const items = source.pick([
    "*",
    "count(*)",
    "1",
    column(source, from),
    `${column(source, from)} as x, max(${column(source, from)})`,
    "t.*",
    "`ID`",
  ]);
  const where = source.pick([
    "",
    ` where ${column(source, from)} > 0`,
    ` where exists (select 1 from ${relation(source)} q where q.id = t.id)`,
    ` where ${column(source, from)} in (select id from ${relation(source)})`,
  ]);
  const rest = source.pick([
    "",
    "",
    ` order by ${column(source, from)}`,
    " for update",
    ` group by ${column(source, from)}`,
    " limit 1",
  ]);
  return `select ${items} from ${from} t${where}${rest === " for update" && /v_/u.test(from) ? "" : rest}`;
}

function join(source: Random): string {
  const [one, two] = [source.pick(TABLES), relation(source)];
  const how = source.pick([
    `join ${two} y using (id)`,
    `left join ${two} y on y.id = x.${column(source)}`,
    `natural join ${two} y`,
    `join ${two} y`,
  ]);
  return `select ${source.pick(["x.a", "y.id", "count(*)", "x.id, y.a"])} from ${one} x ${how}${source.pick(["", " where x.b > 1", " where y.id = 1"])}`;
}

function insert(source: Random): string {
  const into = source.pick([
    ...TABLES,
    ...TABLES,
    "shop.v_def",
    "shop.v_inv",
    "store.numbered",
    "shop.v_on_v",
    "store.v_inv_on_def",
  ]);
  const id = `${100 + source.int(900)}`;
  if (into === "store.numbered")
    return source.pick([
      "insert into store.numbered (a) values (1)",
      `insert into store.numbered (id, a) values (${id}, 1)`,
      `insert into store.numbered values (${id}, 2)`,
    ]);
  const second = column(source, into) === "a" || /v_on_v|v_inv/u.test(into) ? "a" : "b";
  return source.pick([
    `insert into ${into} (id, ${second}) values (${id}, 1)`,
    `insert into ${into} set id = ${id}, ${second} = 1`,
    `replace into ${into} (id, ${second}) values (${source.pick(["1", id])}, 5)`,
    `insert into ${into} (id, ${second}) values (1, 5) on duplicate key update ${second} = ${source.pick(["values(id)", `${second} + 1`, "7", `values(${second})`])}`,
    `insert into ${into} (id, ${second}) select id + ${id}, ${column(source)} from ${source.pick(TABLES)}`,
    `insert into ${into} (id) values (${id})${source.pick(["", /v_/u.test(into) ? "" : " returning id", /v_/u.test(into) ? "" : " returning a"])}`,
    ...(TABLES.includes(into)
      ? [`insert into ${into} values (${id}, 1, 2)`, `insert ignore into ${into} () values ()`]
      : []),
  ]);
}

function update(source: Random): string {
  const table = source.pick([...TABLES, ...TABLES, "shop.v_def", "shop.v_inv", "shop.v_join", "shop.v_on_v"]);
  const set = column(source, table) === "id" || /v_inv|v_on_v/u.test(table) ? "a" : source.pick(["a", "b"]);
  return source.pick([
    `update ${table} set ${set} = 1`,
    `update ${table} set ${set} = ${column(source, table)} + 1 where id = 1`,
    `update ${table} set ${set} = 3 where ${column(source, table)} = 1`,
    `update ${table} x join ${source.pick(TABLES)} y on x.id = y.id set x.${set} = y.${column(source)}`,
    `update ${source.pick(TABLES)} x, ${source.pick(TABLES)} y set x.a = 1 where x.id = y.id`,
    `update ${table} set ${set} = (select max(a) from ${source.pick(VIEWS)})`,
  ]);
}

function remove(source: Random): string {
  const table = source.pick([...TABLES, "shop.v_def", "shop.v_inv", "shop.v_on_v"]);
  return source.pick([
    `delete from ${table}`,
    `delete from ${table} where ${column(source, table)} = 1`,
    `delete x from ${source.pick(TABLES)} x join ${relation(source)} y on x.id = y.id where y.id = 2`,
    `delete from ${source.pick(TABLES)} where id in (select id from ${source.pick(VIEWS)})`,
    `delete from ${source.pick(TABLES)} order by ${column(source)} limit 1`,
  ]);
}

function withQuery(source: Random): string {
  const from = relation(source);
  return source.pick([
    `with q as (select ${column(source, from)} as z from ${from}) select z from q`,
    `with recursive q as (select 1 as n union all select n + 1 from q where n < 3) select n, t.a from q join ${source.pick(TABLES)} t`,
    `select d.z from (select ${column(source, from)} as z from ${from}) d`,
    `select (select ${column(source, from)} from ${from} limit 1), x.id from ${source.pick(TABLES)} x`,
  ]);
}

function union(source: Random): string {
  const [one, two] = [relation(source), relation(source)];
  return `select ${column(source, one)} from ${one} union select ${column(source, two)} from ${two}${source.pick(["", " order by 1"])}`;
}

function code(source: Random): string {
  return source.pick([
    `select shop.f_def(1)`,
    `select shop.f_inv(3)`,
    `select shop.f_def(a) from ${source.pick(TABLES)}`,
    `select id, a from store.v_fun`,
    `call shop.p_def()`,
    `call shop.p_inv(1)`,
    `call shop.p_if(${source.pick(["1", "9"])})`,
    `select nextval(${source.pick(SEQUENCES)})`,
    `select next value for ${source.pick(SEQUENCES)}`,
    `select lastval(${source.pick(SEQUENCES)})`,
    `do shop.f_def(2)`,
    `set @x = (select max(a) from ${relation(source)})`,
    `select setval(${source.pick(SEQUENCES)}, 5)`,
  ]);
}

function several(source: Random): string {
  const table = source.pick(TABLES);
  return source.pick([
    `select case when a > 1 then b else id end from ${table}`,
    `select group_concat(a order by b) from ${table}`,
    `select row_number() over (partition by a order by id) from ${table}`,
    `select a from ${table} where a between 1 and (select max(b) from ${source.pick(TABLES)})`,
    `select distinct a as b from ${table} having b > 0 order by b`,
    `lock tables ${table} read`,
    `checksum table ${table}`,
    `use ${source.pick(SCHEMAS)}`,
    `explain select a from ${table}`,
  ]);
}

/** Statements that cannot be rolled back, each with what makes it undone. */
export const LASTING: readonly (readonly [sql: string, undo: string])[] = [
  ["truncate table shop.log", ""],
  ["create table shop.fresh (i int)", "drop table if exists shop.fresh"],
  ["create table shop.fresh as select a from shop.orders", "drop table if exists shop.fresh"],
  ["create temporary table shop.temp (i int)", ""],
  ["create or replace view shop.v_new as select a from shop.items", "drop view if exists shop.v_new"],
  ["alter table shop.log add c int", "alter table shop.log drop column if exists c"],
  ["create index i on shop.log (a)", "drop index if exists i on shop.log"],
  ["drop table shop.nosuch_or_log", ""],
];
