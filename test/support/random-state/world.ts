import { identifier, literal, OBJECT_NAMES, ROLE_NAMES } from "./names.ts";
import type { Random } from "./random.ts";

/** One statement of a script: its text, and the role that the session is while it runs (a superuser when absent). */
export interface ScriptStatement {
  readonly sql: string;
  readonly as?: string;
}

/** Something that a script has made, with the words that name it in GRANT, REVOKE and ALTER ... OWNER. */
export interface Thing {
  /** The kind as in the model. */
  readonly kind: string;
  /** `TABLE "sales"."orders"`: how GRANT names it. */
  readonly grantName: string;
  /** How ALTER ... OWNER TO names it; absent where the owner follows something else. */
  readonly alterName?: string;
  /** Its owner when it was made; later statements may change it. */
  readonly owner: string;
  /** Tables: the columns. */
  readonly columns?: readonly string[];
  readonly schema?: string;
}

/** What a script has made, as far as later statements need it. Whether the server agreed to each statement is not known here. */
export interface World {
  readonly major: number;
  readonly database: string;
  readonly roles: readonly string[];
  /** Roles that may be created by a change of access, not yet there. */
  readonly spareRoles: readonly string[];
  readonly schemas: readonly string[];
  readonly things: readonly Thing[];
}

/** Makes roles, schemas and objects of every kind, by several owners. */
export function createWorld(
  random: Random,
  options: { readonly major: number; readonly database: string },
): { readonly world: World; readonly script: readonly ScriptStatement[] } {
  const script: ScriptStatement[] = [];
  const names = random.some(ROLE_NAMES, 5, 9);
  const roles = names.slice(0, Math.max(3, names.length - 1));
  for (const role of roles) script.push({ sql: `create role ${identifier(role)}${createOptions(random)}` });
  const owners = random.some(roles, 2, 3);
  const schemas = ["public", ...random.some(OBJECT_NAMES, 1, 3)];
  const things: Thing[] = [databaseThing(options.database)];
  const make = (sql: string, thing: Thing): void => {
    script.push({ sql, ...(thing.owner === "" ? {} : { as: thing.owner }) });
    things.push(thing);
  };
  script.push({
    sql: `grant create, temporary on database ${identifier(options.database)} to ${owners.map(identifier).join(", ")}`,
  });
  for (const schema of schemas) {
    const owner = random.pick(["", ...owners]);
    if (schema === "public") {
      things.push({ kind: "schema", grantName: "SCHEMA public", owner: "", schema });
    } else {
      make(`create schema ${identifier(schema)}`, {
        kind: "schema",
        grantName: `SCHEMA ${identifier(schema)}`,
        alterName: `SCHEMA ${identifier(schema)}`,
        owner,
        schema,
      });
    }
    script.push({ sql: `grant usage, create on schema ${identifier(schema)} to ${owners.map(identifier).join(", ")}` });
    createObjects(random, { schema, owners, make, major: options.major });
  }
  createShared(random, { things, owners, make, major: options.major });
  const world = {
    major: options.major,
    database: options.database,
    roles,
    spareRoles: names.slice(roles.length),
    schemas,
    things,
  };
  return { world, script };
}

function databaseThing(database: string): Thing {
  const name = `DATABASE ${identifier(database)}`;
  return { kind: "database", grantName: name, alterName: name, owner: "" };
}

function createOptions(random: Random): string {
  const words = [
    random.chance(0.5) ? " login" : "",
    random.chance(0.25) ? " noinherit" : "",
    random.chance(0.15) ? " createrole" : "",
    random.chance(0.1) ? " createdb" : "",
    random.chance(0.1) ? " connection limit 7" : "",
    random.chance(0.1) ? " valid until '2031-02-03 04:05:06.789+02'" : "",
    random.chance(0.05) ? " bypassrls" : "",
  ];
  return words.join("");
}

interface Maker {
  readonly owners: readonly string[];
  readonly major: number;
  readonly make: (sql: string, thing: Thing) => void;
}

const COLUMNS = ["id", "Second Column", 'thi"rd'] as const;

function createObjects(random: Random, maker: Maker & { readonly schema: string }): void {
  const names = random.some(OBJECT_NAMES, 4, 8);
  for (const [index, name] of names.entries()) {
    const owner = random.pick(["", ...maker.owners, ...maker.owners]);
    const full = `${identifier(maker.schema)}.${identifier(name)}`;
    const thing = (kind: string, word: string, extra: Partial<Thing> = {}): Thing => ({
      kind,
      grantName: `${kind === "table" ? "TABLE" : word} ${full}`,
      alterName: `${word} ${full}`,
      owner,
      schema: maker.schema,
      ...extra,
    });
    const columns = { columns: COLUMNS };
    const ids = `${identifier(COLUMNS[1])} int, ${identifier(COLUMNS[2])} text`;
    // The first two are plain tables, so that there is always something to put columns and policies on.
    switch (index < 2 ? 0 : random.int(8)) {
      case 0:
      case 1: {
        const id = random.pick(["serial", "int generated always as identity", "int"]);
        maker.make(`create table ${full} (${COLUMNS[0]} ${id} primary key, ${ids})`, thing("table", "TABLE", columns));
        break;
      }
      case 2: {
        maker.make(
          `create table ${full} (${COLUMNS[0]} int, ${ids}) partition by range (id)`,
          thing("table", "TABLE", columns),
        );
        const part = name.length < 60 ? `${name}_p1` : "p1";
        const partition = `${identifier(maker.schema)}.${identifier(part)}`;
        maker.make(`create table ${partition} partition of ${full} for values from (0) to (9)`, {
          ...thing("table", "TABLE", columns),
          grantName: `TABLE ${partition}`,
          alterName: `TABLE ${partition}`,
        });
        break;
      }
      case 3:
        maker.make(
          `create view ${full} as select 1 as id, 2 as ${identifier(COLUMNS[1])}`,
          thing("table", "VIEW", { columns: COLUMNS.slice(0, 2) }),
        );
        break;
      case 4:
        maker.make(
          `create materialized view ${full} as select 1 as id`,
          thing("table", "MATERIALIZED VIEW", { columns: COLUMNS.slice(0, 1) }),
        );
        break;
      case 5:
        maker.make(`create sequence ${full}`, thing("sequence", "SEQUENCE"));
        break;
      case 6:
        createRoutine(random, maker, full, thing);
        break;
      case 7: {
        const word = random.pick(["domain", "enum", "composite"]);
        const sql = {
          domain: `create domain ${full} as int`,
          enum: `create type ${full} as enum ('a')`,
          composite: `create type ${full} as (x int)`,
        };
        maker.make(sql[word as keyof typeof sql], thing("type", "TYPE"));
        break;
      }
    }
  }
}

function createRoutine(
  random: Random,
  maker: Maker,
  full: string,
  thing: (kind: string, word: string, extra?: Partial<Thing>) => Thing,
): void {
  const routine = (args: string): Thing =>
    thing("routine", "ROUTINE", { grantName: `ROUTINE ${full}(${args})`, alterName: `ROUTINE ${full}(${args})` });
  const definer = random.chance(0.3) ? " security definer set search_path = pg_catalog, pg_temp" : "";
  switch (random.int(3)) {
    case 0:
      maker.make(`create function ${full}() returns int language sql${definer} as 'select 1'`, routine(""));
      maker.make(
        `create function ${full}(a integer, b text[]) returns int language sql as 'select 1'`,
        routine("integer, text[]"),
      );
      break;
    case 1:
      maker.make(`create procedure ${full}(a integer) language sql as 'select 1'`, routine("integer"));
      break;
    default:
      maker.make(`create aggregate ${full}(numeric) (sfunc = numeric_add, stype = numeric)`, routine("numeric"));
  }
}

function createShared(random: Random, maker: Maker & { readonly things: Thing[] }): void {
  const { things, make } = maker;
  if (random.chance(0.6)) {
    const fdw = random.pick(OBJECT_NAMES);
    const server = random.pick(OBJECT_NAMES);
    make(`create foreign data wrapper ${identifier(fdw)}`, {
      kind: "foreign-data-wrapper",
      grantName: `FOREIGN DATA WRAPPER ${identifier(fdw)}`,
      alterName: `FOREIGN DATA WRAPPER ${identifier(fdw)}`,
      owner: "",
    });
    make(`create server ${identifier(server)} foreign data wrapper ${identifier(fdw)}`, {
      kind: "foreign-server",
      grantName: `FOREIGN SERVER ${identifier(server)}`,
      alterName: `SERVER ${identifier(server)}`,
      owner: "",
    });
    const full = `public.${identifier("foreign table")}`;
    const owner = "";
    make(`create foreign table ${full} (id int) server ${identifier(server)}`, {
      kind: "table",
      grantName: `TABLE ${full}`,
      alterName: `FOREIGN TABLE ${full}`,
      owner,
      columns: ["id"],
      schema: "public",
    });
  }
  const largeObjects = random.int(3);
  for (let i = 0; i < largeObjects; i++) {
    const id = String(4200 + i);
    make(`select lo_create(${literal(id)})`, {
      kind: "large-object",
      grantName: `LARGE OBJECT ${id}`,
      alterName: `LARGE OBJECT ${id}`,
      owner: random.pick(["", ...maker.owners]),
    });
  }
  things.push({ kind: "language", grantName: "LANGUAGE plpgsql", alterName: "LANGUAGE plpgsql", owner: "" });
  if (maker.major >= 15) {
    for (const name of random.some(["work_mem", "log_statement", "app.region"], 0, 2)) {
      things.push({ kind: "parameter", grantName: `PARAMETER ${name}`, owner: "" });
    }
  }
  if (random.chance(0.3)) things.push({ kind: "tablespace", grantName: "TABLESPACE pg_default", owner: "" });
}
