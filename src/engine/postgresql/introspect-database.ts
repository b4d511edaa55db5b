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
import {
  arrayItems,
  byResource,
  type Found,
  type ListFound,
  movedWhileReading,
  readLists,
  type Shared,
} from "./introspect-shared.ts";
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
  const answers = askAll(session, shared);
  const reading = new DatabaseReading(session.database, shared, found);
  reading.prepare(byResource(await answers.lists), await answers.members);
  reading.schemas(await answers.schemas);
  reading.relations(await answers.relations, await answers.links);
  reading.columns(await answers.columns);
  reading.routines(await answers.routines);
  reading.types(await answers.types);
  reading.others(await answers.others);
  reading.defaults(await answers.defaults);
  reading.policies(await answers.policies);
  reading.unknownLists(await answers.unknownLists);
}

interface Answers {
  readonly lists: Promise<readonly ListFound[]>;
  readonly members: Promise<readonly sql.ExtensionMemberRow[]>;
  readonly schemas: Promise<readonly sql.SchemaRow[]>;
  readonly relations: Promise<readonly sql.RelationRow[]>;
  readonly links: Promise<readonly sql.SequenceLinkRow[]>;
  readonly columns: Promise<readonly ListFound[]>;
  readonly routines: Promise<readonly sql.RoutineRow[]>;
  readonly types: Promise<readonly sql.TypeRow[]>;
  readonly others: Promise<readonly sql.OtherRow[]>;
  readonly defaults: Promise<readonly sql.DefaultPrivilegeRow[]>;
  readonly policies: Promise<readonly sql.RowPolicyRow[]>;
  readonly unknownLists: Promise<readonly sql.UnknownListRow[]>;
}

/** Asks everything at once, so that the server works on the next answer while we take in the one before. They arrive in this order. */
function askAll(session: Session, shared: Shared): Answers {
  const answers: Answers = {
    lists: readLists(session, sql.ACCESS, shared.lists),
    members: session.rows(sql.EXTENSION_MEMBERS),
    schemas: session.rows(sql.SCHEMAS),
    links: session.rows(sql.SEQUENCE_LINKS),
    relations: session.rows(sql.RELATIONS),
    columns: readLists(session, sql.COLUMN_ACCESS, shared.lists),
    routines: session.rows(sql.ROUTINES),
    types: session.rows(sql.TYPES),
    others: session.rows(sql.OTHERS),
    defaults: session.rows(sql.DEFAULT_PRIVILEGES),
    policies: session.rows(sql.ROW_POLICIES),
    unknownLists: session.rows(sql.UNKNOWN_LISTS),
  };
  // The first failure is the one that is reported; unheard, those that follow from it would end the process.
  for (const answer of Object.values(answers) as readonly Promise<unknown>[]) answer.catch(() => {});
  return answers;
}

interface Facts extends Omit<CatalogEntry, "resource" | "extension" | "system"> {
  readonly rowSecurity?: { readonly enabled: boolean; readonly forced: boolean };
}

interface Place {
  readonly catalog: string;
  readonly oid: string;
  readonly owner: string;
  readonly system: boolean;
  /** Where it came with the resource itself. */
  readonly list?: AccessList | undefined;
}

/** The tables that join the queries of one database: lists and extensions by id, names of schemas and relations by id. */
class DatabaseReading {
  readonly #shared: Shared;
  readonly #found: DatabaseFound;
  readonly #database: string;
  readonly #schemas: Map<string, string> = new Map();
  readonly #relations: Map<string, Resource> = new Map();
  readonly #columnSets: Map<string, readonly string[]> = new Map();
  #lists: ReadonlyMap<string, AccessList> = new Map();
  #extensions: ReadonlyMap<string, string> = new Map();

  constructor(database: string, shared: Shared, found: DatabaseFound) {
    this.#shared = shared;
    this.#found = found;
    this.#database = database;
  }

  prepare(lists: ReadonlyMap<string, AccessList>, members: readonly sql.ExtensionMemberRow[]): void {
    this.#lists = lists;
    this.#extensions = new Map(members.map(([catalog, oid, extension]) => [`${catalog} ${oid}`, extension]));
  }

  schemas(rows: readonly sql.SchemaRow[]): void {
    for (const [oid, name, owner] of rows) {
      this.#schemas.set(oid, name);
      const resource: Resource = { kind: "schema", path: [this.#database, name] };
      this.#add(resource, { catalog: "pg_namespace", oid, owner, system: SYSTEM_SCHEMAS.has(name) });
    }
  }

  relations(rows: readonly sql.RelationRow[], links: readonly sql.SequenceLinkRow[]): void {
    for (const [oid, namespace, name, , relkind] of rows) {
      const schema = this.#schemas.get(namespace) ?? "";
      const kind = relkind === "S" ? "sequence" : "table";
      this.#relations.set(oid, { kind, path: [this.#database, schema, name] });
    }
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

  columns(lists: readonly ListFound[]): void {
    for (const { resources, list } of lists) {
      // An empty list on a column gives nobody anything, and takes nothing that the table gives: it is no list.
      if (list.entries.length === 0) continue;
      for (const [table, ...names] of JSON.parse(resources) as readonly sql.ColumnOfList[]) {
        const resource: Resource = { kind: "column", path: [this.#database, ...names] };
        const key = resourceKey(resource);
        const extension = this.#extensions.get(`pg_class ${table}`);
        this.#found.holdings.set(key, { resource, owner: null, list });
        this.#found.entries.set(key, {
          resource,
          ...(extension === undefined ? {} : { extension }),
          ...(SYSTEM_SCHEMAS.has(names[0]) ? { system: true } : {}),
        });
      }
    }
  }

  routines(rows: readonly sql.RoutineRow[]): void {
    for (const row of rows) {
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

  types(rows: readonly sql.TypeRow[]): void {
    for (const [oid, namespace, name, owner, typtype, builtin] of rows) {
      const form = TYPE_FORMS[typtype];
      const resource: Resource = { kind: "type", path: [this.#database, this.#schemas.get(namespace) ?? "", name] };
      const list = builtin === null ? undefined : this.#shared.lists.of(builtin);
      const place = { catalog: "pg_type", oid, owner, system: this.#isSystem(namespace), list };
      this.#add(resource, place, form === undefined ? {} : { form });
    }
  }

  others(rows: readonly sql.OtherRow[]): void {
    const catalogs: Readonly<Record<string, string>> = {
      language: "pg_language",
      "foreign-data-wrapper": "pg_foreign_data_wrapper",
      "foreign-server": "pg_foreign_server",
      "large-object": "pg_largeobject_metadata",
    };
    for (const [kind, oid, name, owner, trusted] of rows) {
      const resource: Resource = { kind: kind as ResourceKind, path: [this.#database, name] };
      const builtIn = kind === "language" && ["internal", "c", "sql"].includes(name);
      this.#add(
        resource,
        { catalog: catalogs[kind] ?? "", oid, owner, system: builtIn },
        trusted === "f" ? { untrusted: true } : {},
      );
    }
  }

  defaults(rows: readonly sql.DefaultPrivilegeRow[]): void {
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

  policies(rows: readonly sql.RowPolicyRow[]): void {
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

  unknownLists(rows: readonly sql.UnknownListRow[]): void {
    for (const [column] of rows) {
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
    const list = place.list ?? this.#lists.get(`${resource.kind} ${place.oid}`);
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
