import { accessStatements } from "../support/random-state/access.ts";
import { identifier, ROLE_NAMES } from "../support/random-state/names.ts";
import type { Random } from "../support/random-state/random.ts";
import { random } from "../support/random-state/random.ts";
import { STATE_DATABASE } from "../support/random-state/run.ts";
import type { ScriptStatement, Thing, World } from "../support/random-state/world.ts";
import { createWorld } from "../support/random-state/world.ts";

/** Makes a cluster in which access is as tangled as a seed can make it: deep role graphs, every kind of object, lists written by many actors. A pure value of its seed. */
export function tangledAccess(seed: number, major: number): readonly ScriptStatement[] {
  const source = random(seed);
  const { world: small, script } = createWorld(source, { major, database: STATE_DATABASE });
  const extra = ROLE_NAMES.filter((name) => !small.roles.includes(name) && !small.spareRoles.includes(name));
  const roles = [...small.roles, ...extra];
  const world: World = { ...small, roles, things: [...small.things, ...systemThings(major)] };
  return [
    ...extra.map((name) => ({ sql: `create role ${identifier(name)}${attributes(source)}` })),
    ...script,
    ...moreTables(source, world),
    ...memberships(source, world),
    ...(source.chance(0.8)
      ? [{ sql: `alter database ${identifier(STATE_DATABASE)} owner to ${identifier(source.pick(roles))}` }]
      : []),
    ...accessStatements(source, world, 160),
    ...emptied(source, world),
    ...memberships(source, world).slice(0, 12),
  ];
}

function attributes(source: Random): string {
  return [
    source.chance(0.6) ? " login" : "",
    source.chance(0.3) ? " noinherit" : "",
    source.chance(0.06) ? " superuser" : "",
    source.chance(0.15) ? " createrole" : "",
    source.chance(0.1) ? " bypassrls" : "",
  ].join("");
}

/** A dozen plain tables with many columns: most comparisons are about tables and columns. */
function moreTables(source: Random, world: World): ScriptStatement[] {
  const script: ScriptStatement[] = [];
  for (let i = 0; i < 14; i++) {
    const name = `${identifier(source.pick(world.schemas))}.${identifier(`plain ${i}`)}`;
    script.push({ sql: `create table ${name} (a int, b int, c int, d int)` });
    (world.things as Thing[]).push({
      kind: "table",
      grantName: `TABLE ${name}`,
      alterName: `TABLE ${name}`,
      owner: "",
      columns: ["a", "b", "c", "d"],
    });
    if (source.chance(0.8))
      script.push({ sql: `alter table ${name} owner to ${identifier(source.pick(world.roles))}` });
  }
  return script;
}

/** The server's own relations: nobody but a superuser may write them, whatever their lists say. */
function systemThings(major: number): readonly Thing[] {
  const table = (name: string, columns: readonly string[]): Thing => ({
    kind: "table",
    grantName: `TABLE ${name}`,
    owner: "",
    columns,
  });
  return [
    table("pg_catalog.pg_authid", ["rolname", "rolpassword"]),
    table("pg_catalog.pg_class", ["relname", "relacl"]),
    table("pg_catalog.pg_roles", ["rolname"]),
    table("pg_catalog.pg_statistic", ["starelid"]),
    table("information_schema.sql_features", ["feature_id"]),
    table("information_schema.tables", ["table_name"]),
    { kind: "schema", grantName: "SCHEMA pg_catalog", owner: "" },
    { kind: "routine", grantName: "FUNCTION pg_catalog.pg_read_file(text)", owner: "" },
    { kind: "language", grantName: "LANGUAGE sql", owner: "" },
    ...(major >= 15 ? [{ kind: "parameter", grantName: "PARAMETER log_min_messages", owner: "" }] : []),
  ];
}

/** Mostly from a role to a later one, so that the graph gets deep; sometimes the wrong way, which the server may refuse. */
function memberships(source: Random, world: World): ScriptStatement[] {
  const predefined = [
    "pg_monitor",
    "pg_signal_backend",
    ...(world.major >= 14 ? ["pg_read_all_data", "pg_write_all_data"] : []),
    ...(world.major >= 17 ? ["pg_maintain", "pg_maintain"] : []),
  ];
  const script: ScriptStatement[] = [];
  for (let i = 0; i < 45; i++) {
    const at = source.int(world.roles.length - 1);
    const member = world.roles[at] as string;
    const near = world.roles.slice(at + 1, at + 6);
    // A member of a superuser has what it owns and was given, but is none.
    if (source.chance(0.03)) script.push({ sql: `grant postgres to ${identifier(member)}` });
    const role = source.chance(0.15) ? source.pick(predefined) : source.pick(source.chance(0.8) ? near : world.roles);
    const [from, to] = source.chance(0.04) ? [member, source.pick(predefined)] : [role, member];
    const options =
      world.major < 16
        ? source.chance(0.25)
          ? " with admin option"
          : ""
        : ` with admin ${source.chance(0.25)}, inherit ${source.chance(0.7)}, set ${source.chance(0.7)}`;
    script.push({
      sql: `grant ${identifier(from)} to ${identifier(to)}${options}`,
      ...(source.chance(0.2) ? { as: source.pick(world.roles) } : {}),
    });
  }
  return script;
}

/** Owners who took everything from themselves, and lists that name nobody at all. */
function emptied(source: Random, world: World): ScriptStatement[] {
  const script: ScriptStatement[] = [];
  for (const thing of source.some(world.things, 3, 6)) {
    if (thing.grantName.includes("pg_catalog") || thing.kind === "parameter") continue;
    const who = [...(thing.owner === "" ? ["postgres"] : [thing.owner]), ...world.roles].map(identifier).join(", ");
    script.push({ sql: `revoke all on ${thing.grantName} from public, ${who} cascade` });
  }
  for (const name of ["pg_database_owner", "pg_read_all_data", "pg_monitor"]) {
    if (name === "pg_monitor" || world.major >= 14) {
      const thing = source.pick(world.things);
      const what = thing.kind === "routine" ? "execute" : "all";
      script.push({
        sql: `grant ${what} on ${thing.grantName} to ${name}${source.chance(0.5) ? " with grant option" : ""}`,
      });
    }
  }
  return script;
}
