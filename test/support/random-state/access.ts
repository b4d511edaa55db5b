import { identifier, literal } from "./names.ts";
import type { Random } from "./random.ts";
import type { ScriptStatement, Thing, World } from "./world.ts";

const PRIVILEGES: Readonly<Record<string, readonly string[]>> = {
  database: ["CREATE", "CONNECT", "TEMPORARY"],
  tablespace: ["CREATE"],
  parameter: ["SET", "ALTER SYSTEM"],
  schema: ["USAGE", "CREATE"],
  language: ["USAGE"],
  "foreign-data-wrapper": ["USAGE"],
  "foreign-server": ["USAGE"],
  type: ["USAGE"],
  routine: ["EXECUTE"],
  sequence: ["SELECT", "UPDATE", "USAGE"],
  table: ["SELECT", "INSERT", "UPDATE", "DELETE", "TRUNCATE", "REFERENCES", "TRIGGER"],
  "large-object": ["SELECT", "UPDATE"],
};
const COLUMN_PRIVILEGES = ["SELECT", "INSERT", "UPDATE", "REFERENCES"];

/** Statements that change who may do what and nothing else: whatever object there was is still there afterwards. Many of them the server refuses. */
export function accessStatements(random: Random, world: World, count: number): readonly ScriptStatement[] {
  const script: ScriptStatement[] = [];
  for (const role of world.spareRoles) {
    if (random.chance(0.5)) script.push({ sql: `create role ${identifier(role)} login` });
  }
  const kinds = [
    grant,
    grant,
    grant,
    grant,
    grantAll,
    revoke,
    revoke,
    columns,
    membership,
    membership,
    attributes,
    setting,
    defaults,
    defaults,
    owner,
    policy,
  ];
  for (let i = 0; i < count; i++) script.push(...random.pick(kinds)(random, world));
  return script;
}

type Maker = (random: Random, world: World) => readonly ScriptStatement[];

/** A superuser, the owner, or anybody at all: what a role may not do is refused, what it may do records it as the grantor. */
function actor(random: Random, world: World, thing?: Thing): { readonly as?: string } {
  const who = random.pick(["superuser", "owner", "anybody"]);
  if (who === "anybody") return { as: random.pick(world.roles) };
  return who === "owner" && thing !== undefined && thing.owner !== "" ? { as: thing.owner } : {};
}

function role(random: Random, world: World): string {
  return identifier(random.pick([...world.roles, ...world.spareRoles]));
}

function grantee(random: Random, world: World): string {
  return random.chance(0.15) ? "PUBLIC" : role(random, world);
}

function privileges(random: Random, world: World, kind: string): string {
  if (random.chance(0.1)) return "ALL";
  const known = PRIVILEGES[kind] ?? [];
  const here = kind === "table" && world.major >= 17 ? [...known, "MAINTAIN"] : known;
  return random.some(here, 1, 3).join(", ");
}

const grant: Maker = (random, world) => {
  const thing = random.pick(world.things);
  const option = random.chance(0.3) ? " with grant option" : "";
  const sql = `grant ${privileges(random, world, thing.kind)} on ${thing.grantName} to ${grantee(random, world)}${option}`;
  return [{ sql, ...actor(random, world, thing) }];
};

const grantAll: Maker = (random, world) => {
  const schema = identifier(random.pick(world.schemas));
  const [kind, word] = random.pick([
    ["table", "TABLES"],
    ["table", "TABLES"],
    ["sequence", "SEQUENCES"],
    ["routine", "ROUTINES"],
  ] as const);
  return [
    { sql: `grant ${privileges(random, world, kind)} on all ${word} in schema ${schema} to ${grantee(random, world)}` },
  ];
};

const revoke: Maker = (random, world) => {
  const thing = random.pick(world.things);
  const option = random.chance(0.2) ? "grant option for " : "";
  const from =
    thing.owner !== "" && random.chance(0.15)
      ? identifier(thing.owner)
      : random.chance(0.3)
        ? "PUBLIC"
        : role(random, world);
  const cascade = random.chance(0.5) ? " cascade" : "";
  const sql = `revoke ${option}${privileges(random, world, thing.kind)} on ${thing.grantName} from ${from}${cascade}`;
  return [{ sql, ...actor(random, world, thing) }];
};

const columns: Maker = (random, world) => {
  const thing = random.pick(world.things.filter((one) => one.columns !== undefined));
  const names = random
    .some(thing.columns ?? [], 1, 2)
    .map(identifier)
    .join(", ");
  const what = random
    .some(COLUMN_PRIVILEGES, 1, 2)
    .map((name) => `${name} (${names})`)
    .join(", ");
  const sql = random.chance(0.8)
    ? `grant ${what} on ${thing.grantName} to ${grantee(random, world)}${random.chance(0.2) ? " with grant option" : ""}`
    : `revoke ${what} on ${thing.grantName} from ${grantee(random, world)} cascade`;
  return [{ sql, ...actor(random, world, thing) }];
};

const membership: Maker = (random, world) => {
  const granted = random.chance(0.1) ? "pg_monitor" : role(random, world);
  const member = role(random, world);
  if (random.chance(0.25)) {
    const what = random.chance(0.3) ? "admin option for " : "";
    return [
      {
        sql: `revoke ${what}${granted} from ${member}${random.chance(0.5) ? " cascade" : ""}`,
        ...actor(random, world),
      },
    ];
  }
  return [{ sql: `grant ${granted} to ${member}${membershipOptions(random, world.major)}`, ...actor(random, world) }];
};

function membershipOptions(random: Random, major: number): string {
  if (major < 16) return random.chance(0.3) ? " with admin option" : "";
  if (random.chance(0.4)) return "";
  const admin = random.chance(0.5);
  const inherit = random.chance(0.5);
  // Admin without the two others is what the server itself gives the creator of a role: nobody can tell it from one made by hand.
  const set = (admin && !inherit) || random.chance(0.5);
  return ` with admin ${String(admin)}, inherit ${String(inherit)}, set ${String(set)}`;
}

const attributes: Maker = (random, world) => {
  const word = random.pick([
    "login",
    "nologin",
    "inherit",
    "noinherit",
    "createdb",
    "nocreatedb",
    "createrole",
    "nocreaterole",
    "bypassrls",
    "replication",
    "noreplication",
    "connection limit 3",
    "connection limit -1",
    "valid until 'infinity'",
    "valid until '2030-01-01 00:00:00Z'",
  ]);
  return [{ sql: `alter role ${role(random, world)} ${word}` }];
};

const setting: Maker = (random, world) => {
  const where = random.chance(0.3) ? ` in database ${identifier(world.database)}` : "";
  const [name, value] = random.pick([
    ["work_mem", "64MB"],
    ["search_path", '"sales", "Odd, one", public'],
    ["app.region", 'it\'s "quoted" \\ : # {x} ${Y}'],
    ["statement_timeout", "30s"],
  ] as const);
  const to = name === "search_path" ? value : literal(value);
  const what = random.chance(0.8) ? `set ${name} = ${to}` : `reset ${name}`;
  return [{ sql: `alter role ${role(random, world)}${where} ${what}` }];
};

const defaults: Maker = (random, world) => {
  const creator = random.chance(0.2) ? "current_user" : identifier(random.pick(world.roles));
  const schema = random.chance(0.6) ? ` in schema ${identifier(random.pick(world.schemas))}` : "";
  const kinds = [
    ["table", "TABLES"],
    ["table", "TABLES"],
    ["sequence", "SEQUENCES"],
    ["routine", "FUNCTIONS"],
    ["type", "TYPES"],
    ...(schema === "" ? ([["schema", "SCHEMAS"]] as const) : []),
    ...(schema === "" && world.major >= 18 ? ([["large-object", "LARGE OBJECTS"]] as const) : []),
  ] as const;
  const [kind, word] = random.pick(kinds);
  const what = `${privileges(random, world, kind)} on ${word}`;
  const add = random.chance(0.7);
  const option = add && random.chance(0.2) ? " with grant option" : "";
  const who = grantee(random, world);
  const sql = `alter default privileges for role ${creator}${schema} ${add ? "grant" : "revoke"} ${what} ${add ? "to" : "from"} ${who}${option}`;
  return [{ sql }];
};

const owner: Maker = (random, world) => {
  const thing = random.pick(world.things);
  if (thing.alterName === undefined) return [];
  return [{ sql: `alter ${thing.alterName} owner to ${role(random, world)}` }];
};

const policy: Maker = (random, world) => {
  const tables = world.things.filter((one) => one.alterName?.startsWith("TABLE ") === true);
  const table = random.pick(tables).alterName ?? "";
  const name = identifier(random.pick(["own rows", "tenant", "audit"]));
  const on = table.replace(/^TABLE /, "");
  switch (random.int(4)) {
    case 0:
      return [{ sql: `alter ${table} ${random.pick(["enable", "disable", "force", "no force"])} row level security` }];
    case 1:
      return [{ sql: `drop policy ${name} on ${on}` }];
    default: {
      const command = random.pick(["all", "select", "insert", "update", "delete"]);
      const kind = random.pick(["permissive", "restrictive"]);
      const using =
        command === "insert" ? "" : ` using (id > ${random.int(3)} and ${identifier('thi"rd')} <> ${literal("it's")})`;
      const check =
        command === "select" || command === "delete" || random.chance(0.4) ? "" : " with check (id is not null)";
      return [
        {
          sql: `create policy ${name} on ${on} as ${kind} for ${command} to ${grantee(random, world)}${using}${check}`,
        },
      ];
    }
  }
};
