import type { AccessList } from "../../model/access-list.ts";
import {
  type DefaultPrivilege,
  type DefaultPrivilegeKey,
  defaultPrivilegeKey,
  type PolicyCommand,
  type RowPolicy,
  type RowPolicyKey,
  rowPolicyKey,
} from "../../model/access-state.ts";
import type { CatalogEntry, Form } from "../../model/catalog.ts";
import { type Resource, type ResourceKind, resourceKey } from "../../model/resource.ts";
import { PUBLIC } from "../../model/role.ts";
import type { Unknown } from "../../model/snapshot.ts";
import { sortedText } from "../../base/order.ts";
import type { Session } from "./client.ts";
import { arrayItems, type Found, movedWhileReading, readLists, type Shared } from "./introspect-shared.ts";
import { kindOfDefaultLetter } from "./privileges.ts";
import * as sql from "./queries.ts";

/** What one database adds to the reading of a cluster. */
export interface DatabaseFound extends Found {
  readonly defaultPrivileges: Map<DefaultPrivilegeKey, DefaultPrivilege>;
  readonly rowPolicies: Map<RowPolicyKey, RowPolicy>;
  readonly unknowns: Unknown[];
}

const SYSTEM_SCHEMAS: ReadonlySet<string> = new Set(["pg_catalog", "information_schema"]);

const RELATION_FORMS: Readonly<Record<string, Form>> = {
  r: "table",
  p: "partitioned-table",
  v: "view",
  m: "materialized-view",
  f: "foreign-table",
};
const ROUTINE_FORMS: Readonly<Record<string, Form>> = { f: "function", p: "procedure", a: "aggregate", w: "window" };
const TYPE_FORMS: Readonly<Record<string, Form>> = {
  b: "base",
  d: "domain",
  e: "enum",
  c: "composite",
  r: "range",
  m: "range",
};
const COMMANDS: Readonly<Record<string, PolicyCommand>> = {
  "*": "ALL",
  r: "SELECT",
  a: "INSERT",
  w: "UPDATE",
  d: "DELETE",
};

/** Reads everything that stands in one database, with a fixed number of queries. The session must be in the transaction of the reading. */
export async function readDatabase(session: Session, shared: Shared, found: DatabaseFound): Promise<void> {
  const reading = new DatabaseReading(session, shared, found);
  await reading.prepare();
  await reading.schemas();
  await reading.relations();
  await reading.columns();
  await reading.routines();
  await reading.types();
  await reading.others();
  await reading.defaults();
  await reading.policies();
  await reading.unknownLists();
}

interface Facts extends Omit<CatalogEntry, "resource" | "extension" | "system"> {
  readonly rowSecurity?: { readonly enabled: boolean; readonly forced: boolean };
}

interface Place {
  readonly catalog: string;
  readonly oid: string;
  readonly owner: string;
  readonly system: boolean;
}

/** The tables that join the queries of one database: lists and extensions by id, names of schemas and relations by id. */
class DatabaseReading {
  readonly #session: Session;
  readonly #shared: Shared;
  readonly #found: DatabaseFound;
  readonly #database: string;
  readonly #schemas: Map<string, string> = new Map();
  readonly #relations: Map<string, Resource> = new Map();
  readonly #columnSets: Map<string, readonly string[]> = new Map();
  #lists: ReadonlyMap<string, AccessList> = new Map();
  #extensions: ReadonlyMap<string, string> = new Map();

  constructor(session: Session, shared: Shared, found: DatabaseFound) {
    this.#session = session;
    this.#shared = shared;
    this.#found = found;
    this.#database = session.database;
  }

  async prepare(): Promise<void> {
    this.#lists = await readLists(this.#session, sql.ACCESS, this.#shared.lists);
    const members = await this.#session.rows<sql.ExtensionMemberRow>(sql.EXTENSION_MEMBERS);
    this.#extensions = new Map(members.map(([catalog, oid, extension]) => [`${catalog} ${oid}`, extension]));
  }

  async schemas(): Promise<void> {
    for (const [oid, name, owner] of await this.#session.rows<sql.SchemaRow>(sql.SCHEMAS)) {
      this.#schemas.set(oid, name);
      const resource: Resource = { kind: "schema", path: [this.#database, name] };
      this.#add(resource, { catalog: "pg_namespace", oid, owner, system: SYSTEM_SCHEMAS.has(name) });
    }
  }

  async relations(): Promise<void> {
    const rows = await this.#session.rows<sql.RelationRow>(sql.RELATIONS);
    for (const [oid, namespace, name, , relkind] of rows) {
      const schema = this.#schemas.get(namespace) ?? "";
      const kind = relkind === "S" ? "sequence" : "table";
      this.#relations.set(oid, { kind, path: [this.#database, schema, name] });
    }
    const links = await this.#session.rows<sql.SequenceLinkRow>(sql.SEQUENCE_LINKS);
    const linkOf = new Map(links.map((link) => [link[0], link]));
    for (const row of rows) {
      const [oid, namespace, , owner] = row;
      const resource = this.#relations.get(oid);
      if (resource === undefined) continue;
      const place = { catalog: "pg_class", oid, owner, system: this.#isSystem(namespace) };
      this.#add(resource, place, this.#relationFacts(row, linkOf.get(oid)));
    }
  }

  #relationFacts(row: sql.RelationRow, link: sql.SequenceLinkRow | undefined): Facts {
    const [, , , , relkind, enabled, forced, parent, invoker, columns] = row;
    const form = RELATION_FORMS[relkind];
    const parentTable = parent === null ? undefined : this.#relations.get(parent);
    const table = link === undefined ? undefined : this.#relations.get(link[1]);
    return {
      ...(form === undefined ? {} : { form }),
      ...(parentTable === undefined ? {} : { partitionOf: parentTable }),
      ...(link === undefined || table === undefined
        ? {}
        : {
            serves: {
              column: { kind: "column", path: [...table.path, link[2]] },
              by: link[3] === "i" ? "identity" : "serial",
            },
          }),
      ...(relkind === "S" ? {} : { columns: this.#columnSet(columns ?? "[]") }),
      ...(invoker === "t" ? { securityInvoker: true } : {}),
      ...(enabled === "t" || forced === "t"
        ? { rowSecurity: { enabled: enabled === "t", forced: forced === "t" } }
        : {}),
    };
  }

  // Tables made from one pattern have the same columns: thousands of them share one array.
  #columnSet(json: string): readonly string[] {
    const known = this.#columnSets.get(json);
    if (known !== undefined) return known;
    const columns = JSON.parse(json) as readonly string[];
    this.#columnSets.set(json, columns);
    return columns;
  }

  async columns(): Promise<void> {
    const lists = await readLists(this.#session, sql.COLUMN_ACCESS, this.#shared.lists);
    for (const [id, schema, table, column] of await this.#session.rows<sql.ColumnRow>(sql.COLUMNS)) {
      const list = lists.get(`column ${id}`);
      // An empty list on a column gives nobody anything, and takes nothing that the table gives: it is no list.
      if (list === undefined || list.entries.length === 0) continue;
      const resource: Resource = { kind: "column", path: [this.#database, schema, table, column] };
      const key = resourceKey(resource);
      const extension = this.#extensions.get(`pg_class ${id.slice(0, id.indexOf("."))}`);
      this.#found.holdings.set(key, { resource, owner: null, list });
      this.#found.entries.set(key, {
        resource,
        ...(extension === undefined ? {} : { extension }),
        ...(SYSTEM_SCHEMAS.has(schema) ? { system: true } : {}),
      });
    }
  }

  async routines(): Promise<void> {
    for (const row of await this.#session.rows<sql.RoutineRow>(sql.ROUTINES)) {
      const [oid, namespace, name, owner, inputs, prokind, definer, settings] = row;
      const form = ROUTINE_FORMS[prokind];
      const resource: Resource = {
        kind: "routine",
        path: [this.#database, this.#schemas.get(namespace) ?? "", name, inputs],
      };
      this.#add(
        resource,
        { catalog: "pg_proc", oid, owner, system: this.#isSystem(namespace) },
        {
          ...(form === undefined ? {} : { form }),
          ...(definer === "t" ? { securityDefiner: true } : {}),
          ...(settings === null ? {} : { settings: sortedText(JSON.parse(settings) as readonly string[]) }),
        },
      );
    }
  }

  async types(): Promise<void> {
    for (const [oid, namespace, name, owner, typtype] of await this.#session.rows<sql.TypeRow>(sql.TYPES)) {
      const form = TYPE_FORMS[typtype];
      const resource: Resource = { kind: "type", path: [this.#database, this.#schemas.get(namespace) ?? "", name] };
      const place = { catalog: "pg_type", oid, owner, system: this.#isSystem(namespace) };
      this.#add(resource, place, form === undefined ? {} : { form });
    }
  }

  async others(): Promise<void> {
    const catalogs: Readonly<Record<string, string>> = {
      language: "pg_language",
      "foreign-data-wrapper": "pg_foreign_data_wrapper",
      "foreign-server": "pg_foreign_server",
      "large-object": "pg_largeobject_metadata",
    };
    for (const [kind, oid, name, owner, trusted] of await this.#session.rows<sql.OtherRow>(sql.OTHERS)) {
      const resource: Resource = { kind: kind as ResourceKind, path: [this.#database, name] };
      const builtIn = kind === "language" && ["internal", "c", "sql"].includes(name);
      this.#add(
        resource,
        { catalog: catalogs[kind] ?? "", oid, owner, system: builtIn },
        trusted === "f" ? { untrusted: true } : {},
      );
    }
  }

  async defaults(): Promise<void> {
    const rows = await this.#session.rows<sql.DefaultPrivilegeRow>(sql.DEFAULT_PRIVILEGES);
    for (const [creator, schema, letter, items] of rows) {
      const kind = kindOfDefaultLetter(letter);
      if (kind === undefined) {
        this.#found.unknowns.push({
          subject: `default privileges on objects of kind \`${letter}\` in database \`${this.#database}\``,
          reason: "this release does not know that kind",
        });
        continue;
      }
      const entry: DefaultPrivilege = {
        creator: this.#shared.names.of(creator),
        database: this.#database,
        schema,
        kind,
        list: this.#shared.lists.of(items),
      };
      this.#found.defaultPrivileges.set(defaultPrivilegeKey(entry), entry);
    }
  }

  async policies(): Promise<void> {
    const rows = await this.#session.rows<sql.RowPolicyRow>(sql.ROW_POLICIES);
    for (const [relation, name, command, permissive, roles, using, check] of rows) {
      const table = this.#relations.get(relation);
      if (table === undefined) continue;
      const policy: RowPolicy = {
        table,
        name,
        command: COMMANDS[command] ?? "ALL",
        permissive: permissive === "t",
        roles: sortedText(arrayItems(roles).map((oid) => (oid === "0" ? PUBLIC : this.#shared.names.of(oid)))),
        using,
        check,
      };
      this.#found.rowPolicies.set(rowPolicyKey(policy), policy);
    }
  }

  async unknownLists(): Promise<void> {
    for (const [column] of await this.#session.rows<sql.UnknownListRow>(sql.UNKNOWN_LISTS)) {
      this.#found.unknowns.push({
        subject: `access lists in \`${column}\` of database \`${this.#database}\``,
        reason: "this release does not know what they are for",
        help: "look for a newer release of Rolewright",
      });
    }
  }

  #isSystem(namespace: string): boolean {
    return SYSTEM_SCHEMAS.has(this.#schemas.get(namespace) ?? "");
  }

  #add(resource: Resource, place: Place, facts: Facts = {}): void {
    const list = this.#lists.get(`${resource.kind} ${place.oid}`);
    if (list === undefined) throw movedWhileReading(resource);
    const { rowSecurity, ...entry } = facts;
    const extension = this.#extensions.get(`${place.catalog} ${place.oid}`);
    const key = resourceKey(resource);
    this.#found.holdings.set(key, {
      resource,
      owner: this.#shared.names.of(place.owner),
      list,
      ...(rowSecurity === undefined ? {} : { rowSecurity }),
    });
    this.#found.entries.set(key, {
      resource,
      ...entry,
      ...(extension === undefined ? {} : { extension }),
      ...(place.system ? { system: true } : {}),
    });
  }
}
