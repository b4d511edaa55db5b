import { type Random, random } from "../../support/random-state/random.ts";

/** A database made from a seed: schemas with tables of the same names, code of every kind on them, and roles that hold some of it. */
export interface RandomWorld {
  /** Statements that make it, as a superuser; those of cluster-wide objects come first and may exist already. */
  readonly roles: readonly string[];
  readonly objects: readonly string[];
  readonly callers: readonly { readonly role: string; readonly path: string }[];
  readonly statements: readonly string[];
}

const SCHEMAS = ["s0", "s1", "s2"];
const OWNERS = ["owner_0", "owner_1"];
const GROUPS = ["group_0", "group_1"];

export function randomWorld(
  seed: number,
  size: { readonly statements: number; readonly callers: number },
  major: number,
): RandomWorld {
  const rng = random(seed);
  const callers = Array.from({ length: size.callers }, (_, at) => ({
    role: `w${seed}_${at}`,
    path: shuffled(rng, SCHEMAS)
      .slice(0, 1 + rng.int(3))
      .join(", "),
  }));
  const roles = [...OWNERS, ...GROUPS, ...callers.map((caller) => caller.role)];
  const world = new Builder(rng, major);
  world.build();
  const grants = [
    ...OWNERS.map((role) => [role, 0.9] as const),
    ...callers.map(({ role }) => [role, 0.3 + rng.int(60) / 100] as const),
  ];
  for (const [role, share] of grants) world.grant(role, share);
  for (const { role } of callers) {
    for (const group of GROUPS) if (rng.chance(0.4)) world.objects.push(`grant ${group} to ${role}`);
  }
  return {
    roles,
    objects: world.objects,
    callers,
    statements: Array.from({ length: size.statements }, () => world.statement()),
  };
}

interface Table {
  readonly schema: string;
  readonly name: string;
  readonly kind: "table" | "view";
}

class Builder {
  readonly objects: string[] = [];
  readonly #rng: Random;
  readonly #major: number;
  readonly #tables: Table[] = [];
  readonly #functions: { readonly schema: string; readonly name: string }[] = [];
  #row = 100;

  constructor(rng: Random, major: number) {
    this.#rng = rng;
    this.#major = major;
  }

  build(): void {
    const { objects } = this;
    objects.push("alter default privileges revoke execute on functions from public");
    for (const schema of SCHEMAS) objects.push(`create schema ${schema}`);
    for (const owner of OWNERS) objects.push(`grant usage, create on schema ${SCHEMAS.join(", ")} to ${owner}`);
    for (const schema of SCHEMAS) this.#helpers(schema);
    for (let at = 0; at < 7; at++) this.#table(at);
    for (let at = 0; at < 5; at++) this.#view(at);
    for (let at = 0; at < 6; at++) this.#function(at);
    for (let at = 0; at < 4; at++) this.#trigger(at);
    objects.push(`revoke usage on language plpgsql from public`);
  }

  /** What one role holds: a share of everything. */
  grant(role: string, share: number): void {
    const maybe = (text: string, factor = 1): void => {
      if (this.#rng.chance(Math.min(1, share * factor))) this.objects.push(`grant ${text} to ${role}`);
    };
    for (const schema of SCHEMAS) {
      maybe(`usage on schema ${schema}`, 1.3);
      maybe(`execute on all functions in schema ${schema}`, 0.6);
      maybe(`usage on all sequences in schema ${schema}`, 0.7);
    }
    for (const { schema, name } of this.#tables) {
      const on = `on ${schema}.${name}`;
      for (const privilege of ["select", "insert", "update", "delete"]) maybe(`${privilege} ${on}`);
      for (const privilege of ["select", "insert", "update"])
        maybe(`${privilege} (${this.#pick(["id", "a", "id, a", "id, a, b"])}) ${on}`, 0.3);
    }
    for (const { schema, name } of this.#functions) maybe(`execute on function ${schema}.${name}`, 0.6);
    maybe("usage on language plpgsql", 0.5);
  }

  statement(): string {
    const table = this.#pick(this.#tables);
    const other = this.#pick(this.#tables);
    const t = this.#named(table);
    const o = this.#named(other);
    const id = this.#row++;
    const call = this.#call("1");
    return this.#pick([
      () => `select * from ${t}`,
      () => `select id from ${t}`,
      () => `select count(*) from ${t}`,
      () => `select a from ${t} where id > 0 order by a`,
      () => `select x.id, y.a from ${t} x join ${o} y on x.id = y.id`,
      () => `select x.id from ${t} x left join ${o} y on x.id = y.id where y.a is null`,
      () => `select id from ${t} where id in (select id from ${o} where a > 0)`,
      () => `select id from ${t} for update`,
      () => `select ${this.#call("id")} from ${t}`,
      () => `select id from ${t} where ${this.#call("a")} > 0`,
      () => `select ${call}`,
      () => `select case when id > 1000 then ${call} end from ${t}`,
      () => `with x as (select id, a from ${t}) select a from x`,
      () => `with x as (delete from ${t} where id = 1 returning id) select * from x`,
      () => `insert into ${t} (id, a) values (${id}, 1)`,
      () => `insert into ${t} (id) values (${id})`,
      () => `insert into ${t} (id, a) select id + ${id}, a from ${o}`,
      () => `insert into ${t} (id, a) values (${id}, 1) returning a`,
      () => `insert into ${t} (id, a) values (${id}, 1) on conflict do nothing`,
      () => `update ${t} set a = 2`,
      () => `update ${t} set a = a + 1 where id = 1`,
      () => `update ${t} set b = 'x' where id < 0`,
      () => `update ${t} x set a = y.a from ${o} y where y.id = x.id`,
      () => `delete from ${t}`,
      () => `delete from ${t} where a = 1`,
      () => `select nextval('${this.#pick(SCHEMAS)}.seq')`,
      () => `explain select id from ${t}`,
      () => `do $$ begin perform count(*) from ${t}; end $$`,
      () => `select sum(a) over (partition by id) from ${t} union all select id from ${o}`,
      () => `create temp table made as select id from ${t}`,
      () => `lock table ${t} in row exclusive mode`,
      () => `select '1'::${this.#pick(SCHEMAS)}.positive`,
    ])();
  }

  #helpers(schema: string): void {
    const { objects } = this;
    objects.push(`set role ${this.#pick(OWNERS)}; alter default privileges revoke execute on functions from public`);
    objects.push(
      `create function ${schema}.plus(x int) returns int language plpgsql immutable as 'begin return x + 1; end'`,
      `create function ${schema}.good(x int) returns boolean language sql immutable as 'select coalesce($1, 0) < 1000000'`,
      `create domain ${schema}.positive as int check (${schema}.good(value))`,
      `create sequence ${schema}.seq`,
      "reset role",
    );
    this.#functions.push({ schema, name: "plus(int)" }, { schema, name: "good(int)" });
  }

  #table(at: number): void {
    const { objects } = this;
    const schema = this.#pick(SCHEMAS);
    const name = `t${at % 4}`;
    if (this.#tables.some((table) => table.schema === schema && table.name === name)) return;
    const helpers = this.#pick(SCHEMAS);
    const columns = [
      this.#maybe(0.3) ? `id int` : `id int primary key`,
      this.#maybe(0.2)
        ? `a ${helpers}.positive`
        : `a int${this.#maybe(0.2) ? ` default ${helpers}.plus(1)` : ""}${this.#maybe(0.2) ? ` check (${helpers}.good(a))` : ""}`,
      "b text",
      ...(this.#maybe(0.2) ? [`c int generated always as (${helpers}.plus(id)) stored`] : []),
      ...(this.#maybe(0.2) ? ["d serial"] : []),
    ];
    const parted = this.#maybe(0.15);
    const list = parted ? columns.map((column) => column.replace(" primary key", "")) : columns;
    objects.push(`set role ${this.#pick(OWNERS)}`);
    // Owners may use all helpers while they make things.
    objects.push("reset role");
    objects.push(`create table ${schema}.${name} (${list.join(", ")})${parted ? " partition by range (id)" : ""}`);
    const owner = this.#pick(OWNERS);
    if (parted) objects.push(`create table ${schema}.${name}_p partition of ${schema}.${name} default`);
    else if (this.#maybe(0.2)) objects.push(`create index on ${schema}.${name} (${helpers}.plus(id))`);
    objects.push(`insert into ${schema}.${name} (id, a, b) values (1, 1, 'x'), (2, 2, 'y')`);
    objects.push(`alter table ${schema}.${name} owner to ${owner}`);
    if (parted) objects.push(`alter table ${schema}.${name}_p owner to ${owner}`);
    const previous = this.#tables.filter((table) => table.kind === "table").at(-1);
    if (!this.#maybe(0.3)) {
      this.#tables.push({ schema, name, kind: "table" });
      return;
    }
    objects.push(`alter table ${schema}.${name} enable row level security`);
    const filter =
      previous === undefined || this.#maybe(0.4)
        ? "id > 0"
        : `id in (select id from ${previous.schema}.${previous.name})`;
    const to = this.#pick(["public", ...GROUPS]);
    objects.push(
      `create policy one on ${schema}.${name} to ${to} using (${this.#maybe(0.3) ? `${helpers}.good(id)` : filter})`,
    );
    if (this.#maybe(0.4))
      objects.push(`create policy two on ${schema}.${name} for select to ${this.#pick(GROUPS)} using (${filter})`);
    this.#tables.push({ schema, name, kind: "table" });
  }

  #view(at: number): void {
    const { objects } = this;
    const schema = this.#pick(SCHEMAS);
    const base = this.#pick(this.#tables);
    const other = this.#pick(this.#tables);
    const name = `v${at}`;
    const helper = `${this.#pick(SCHEMAS)}.plus`;
    const options = this.#major >= 15 && this.#maybe(0.3) ? " with (security_invoker = true)" : "";
    const query = this.#pick([
      `select id, a, b from ${base.schema}.${base.name}`,
      `select id, a, b from ${base.schema}.${base.name} where id > 0`,
      `select x.id, y.a, x.b from ${base.schema}.${base.name} x join ${other.schema}.${other.name} y on y.id = x.id`,
      `select id, ${helper}(id) as a, b from ${base.schema}.${base.name}`,
    ]);
    objects.push(
      `create view ${schema}.${name}${options} as ${query}`,
      `alter view ${schema}.${name} owner to ${this.#pick(OWNERS)}`,
    );
    this.#tables.push({ schema, name, kind: "view" });
  }

  #function(at: number): void {
    const { objects } = this;
    const schema = this.#pick(SCHEMAS);
    const table = this.#pick(this.#tables);
    const t = this.#maybe(0.7) ? `${table.schema}.${table.name}` : table.name;
    const settings = this.#maybe(0.3) ? ` set search_path = ${this.#pick(SCHEMAS)}` : "";
    const definer = this.#maybe(0.35) ? " security definer" : "";
    const sql = `select count(*)::int + x from ${t}`;
    const body = this.#pick([
      `language sql as '${sql}'`,
      `language plpgsql as 'begin return (${sql}); end'`,
      `language plpgsql as 'declare n int; begin if x > 1000 then delete from ${t}; end if; select count(*) into n from ${t}; return n; end'`,
      `language plpgsql as 'declare r record; n int := 0; begin for r in select id, a from ${t} loop n := n + coalesce(r.a, 0); end loop; return n; end'`,
      `language plpgsql as 'begin update ${t} set a = a; return x; end'`,
      `language plpgsql as 'begin return (${sql}); exception when others then return 0; end'`,
    ]);
    const name = `f${at}`;
    objects.push(
      `create function ${schema}.${name}(x int) returns int${definer}${settings} ${body}`,
      `alter function ${schema}.${name}(int) owner to ${this.#pick(OWNERS)}`,
    );
    this.#functions.push({ schema, name: `${name}(int)` });
  }

  /** Triggers only write to tables that were made later, so that none calls itself. */
  #trigger(at: number): void {
    const { objects } = this;
    const tables = this.#tables.filter((table) => table.kind === "table");
    const from = this.#rng.int(Math.max(1, tables.length - 1));
    const table = tables[from];
    const to = tables[from + 1 + this.#rng.int(Math.max(1, tables.length - from - 1))];
    if (table === undefined || to === undefined) return;
    const schema = this.#pick(SCHEMAS);
    const event = this.#pick(["insert", "update", "delete", "insert or update", "update of a"]);
    const level = this.#maybe(0.7) ? "row" : "statement";
    const action = this.#pick([
      `perform count(*) from ${to.schema}.${to.name}`,
      `update ${to.schema}.${to.name} set b = 'changed'`,
      `if tg_op = 'DELETE' then delete from ${to.schema}.${to.name}; end if`,
      ...(level === "row" && event.startsWith("insert")
        ? [`insert into ${to.schema}.${to.name} (id, b) values (new.id + 5000 + ${at}, new.b)`]
        : []),
    ]);
    const definer = this.#maybe(0.3) ? " security definer" : "";
    objects.push(
      `create function ${schema}.g${at}() returns trigger language plpgsql${definer} as $$ begin ${action}; return coalesce(new, old); end $$`,
      `alter function ${schema}.g${at}() owner to ${this.#pick(OWNERS)}`,
      `create trigger g${at} ${this.#pick(["after", "after", "before"])} ${event} on ${table.schema}.${table.name} for each ${level} execute function ${schema}.g${at}()`,
    );
  }

  #named({ schema, name }: Table): string {
    return this.#maybe(0.5) ? `${schema}.${name}` : name;
  }

  #call(argument: string): string {
    const { schema, name } = this.#pick(this.#functions.filter((each) => !each.name.startsWith("good")));
    const plain = name.replace("(int)", "");
    return `${this.#maybe(0.6) ? `${schema}.` : ""}${plain}(${argument})`;
  }

  #maybe(share: number): boolean {
    return this.#rng.chance(share);
  }

  #pick<T>(items: readonly T[]): T {
    return this.#rng.pick(items);
  }
}

function shuffled<T>(rng: Random, items: readonly T[]): T[] {
  const result = [...items];
  for (let at = result.length - 1; at > 0; at--) {
    const other = rng.int(at + 1);
    [result[at], result[other]] = [result[other] as T, result[at] as T];
  }
  return result;
}
