import type { AccessList, Privilege } from "../../model/access-list.ts";
import { type Resource, resourceKey } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import { sortedText } from "../../base/order.ts";
import { AccessLists, SharedLists } from "./access-lists.ts";
import type { Value } from "./client.ts";
import { accountName, bareRoleName } from "./names.ts";
import type { Privileges } from "./privileges.ts";
import type { Product } from "./product.ts";
import type * as sql from "./queries.ts";
import { schemaOfPattern } from "./quote.ts";

/** The one database, which is never shown: what information_schema calls the catalog. */
export const DATABASE = "def";

/** What decides how rows are read. */
export interface Reader {
  readonly product: Product;
  readonly privileges: Privileges;
  readonly series: number;
  /** The server is newer than what this release knows. */
  readonly newer: boolean;
}

/** Turns the rows of the grant tables into lists by resource. Both products keep these tables alike. */
export class Grants {
  readonly reader: Reader;
  readonly #lists: AccessLists<Resource>;
  readonly #tables: Map<string, Map<string, string>> = new Map();
  readonly #grantees: Map<string, Map<string, RoleName>> = new Map();
  readonly #members: ReadonlyMap<string, Privilege>;
  readonly #sets: Map<string, readonly Privilege[]> = new Map();
  readonly #unknown: Set<Privilege> = new Set();
  #last: { readonly user: string; readonly host: string; readonly name: RoleName } | null = null;

  constructor(reader: Reader) {
    this.reader = reader;
    this.#lists = new AccessLists(new SharedLists());
    this.#members = new Map(
      reader.privileges.all.flatMap(({ name, member }) => (member ? [[lower(member), name]] : [])),
    );
  }

  /** Notes what somebody holds on `*.*`: what can be held below too on all schemas, the rest on the server. */
  global(grantee: RoleName, privileges: readonly Privilege[]): void {
    const below = this.reader.privileges.of("all-schemas");
    const known = new Set([...below, ...this.reader.privileges.of("server")]);
    for (const name of privileges) if (!known.has(name)) this.#unknown.add(name);
    this.#add(
      { kind: "all-schemas", path: [] },
      grantee,
      privileges.filter((name) => below.includes(name)),
    );
    this.#add(
      { kind: "server", path: [] },
      grantee,
      privileges.filter((name) => !below.includes(name)),
    );
  }

  dynamic(row: sql.GlobalGrantRow): void {
    const [user, host, privilege, option] = row;
    const resource: Resource = { kind: "dynamic-privilege", path: [privilege] };
    this.#add(resource, this.#grantee(user, host), ["USAGE"], option === "Y" ? ["USAGE"] : []);
  }

  /** MySQL: what a privilege on all schemas does not cover. */
  revoked(grantee: RoleName, schema: string, privileges: readonly Privilege[]): void {
    this.#add({ kind: "schema", path: [DATABASE, schema] }, grantee, privileges);
  }

  /** The rows of `mysql.db`, by the names of its columns. */
  databases(columns: readonly string[], rows: readonly (readonly Value[])[]): void {
    const at = (name: string): number => columns.findIndex((column) => lower(column) === name);
    const [host, user, db] = [at("host"), at("user"), at("db")];
    const names = columns.map((column) => (/_priv$/iu.test(column) ? this.#schemaPrivilege(column) : null));
    for (const row of rows) {
      const held = names.filter((name, index): name is string => name !== null && row[index] === "Y");
      for (const name of held) if (!this.reader.privileges.of("schema").includes(name)) this.#unknown.add(name);
      const text = String(row[db]);
      const schema = schemaOfPattern(text);
      const resource: Resource =
        schema === null
          ? { kind: "schema-pattern", path: [DATABASE, text] }
          : { kind: "schema", path: [DATABASE, schema] };
      this.#add(resource, this.#grantee(String(row[user]), String(row[host])), held);
    }
  }

  /** A row without privileges is about columns only: `columns_priv` has them. */
  table([user, host, schema, table, text]: sql.TablesPrivRow): void {
    if (text === "") return;
    const grantee = this.#grantee(user, host);
    if (this.#isInitial(schema, table, grantee, text)) return;
    // Millions of rows: no key is put together that was put together before.
    let ofSchema = this.#tables.get(schema);
    if (ofSchema === undefined) this.#tables.set(schema, (ofSchema = new Map()));
    let key = ofSchema.get(table);
    if (key === undefined) ofSchema.set(table, (key = resourceKey({ kind: "table", path: [DATABASE, schema, table] })));
    this.#lists.add(key, () => ({ kind: "table", path: [DATABASE, schema, table] }), {
      grantee,
      text,
      privileges: () => this.#set(text),
    });
  }

  column([user, host, schema, table, column, text]: sql.ColumnsPrivRow): void {
    this.#add({ kind: "column", path: [DATABASE, schema, table, column] }, this.#grantee(user, host), this.#set(text));
  }

  routine([user, host, schema, name, type, text]: sql.ProcsPrivRow): void {
    this.#add(routineResource(schema, name, type), this.#grantee(user, host), this.#set(text));
  }

  /** An empty proxied account stands for any. */
  proxy([user, host, proxied, proxiedHost, option]: sql.ProxiesPrivRow): void {
    const resource: Resource = { kind: "role", path: [accountName(proxied, proxiedHost)] };
    this.#add(resource, this.#grantee(user, host), ["PROXY"], option === 1 ? ["PROXY"] : []);
  }

  lists(): Iterable<readonly [Resource, AccessList]> {
    return this.#lists.lists();
  }

  /** Privileges that were read and that this release does not know, sorted. They are kept as the server names them. */
  unknown(): Privilege[] {
    return sortedText(this.#unknown);
  }

  #add(
    resource: Resource,
    grantee: RoleName,
    privileges: readonly Privilege[],
    grantable: readonly Privilege[] = [],
  ): void {
    if (privileges.length === 0) return;
    const text = `${privileges.join()}\0${grantable.join()}`;
    this.#lists.add(resourceKey(resource), () => resource, { grantee, text, privileges: () => privileges, grantable });
  }

  /** Roles of MariaDB have no host; an account without one is MySQL's own way to say any. */
  #grantee(user: string, host: string): RoleName {
    // Thousands of rows of one account stand together.
    if (this.#last?.user === user && this.#last.host === host) return this.#last.name;
    let ofHost = this.#grantees.get(host);
    if (ofHost === undefined) this.#grantees.set(host, (ofHost = new Map()));
    let name = ofHost.get(user);
    if (name === undefined) ofHost.set(user, (name = granteeName(this.reader.product, user, host)));
    this.#last = { user, host, name };
    return name;
  }

  #schemaPrivilege(column: string): Privilege {
    const known = this.reader.privileges.all.find((each) => lower(each.schemaColumn ?? "") === lower(column));
    return (
      known?.name ??
      column
        .replace(/_priv$/iu, "")
        .replaceAll("_", " ")
        .toUpperCase()
    );
  }

  #set(text: string): readonly Privilege[] {
    let names = this.#sets.get(text);
    if (names === undefined) {
      const members = text === "" ? [] : text.split(",");
      names = members.map((member) => this.#members.get(lower(member)) ?? this.#unknownMember(member));
      this.#sets.set(text, names);
    }
    return names;
  }

  #unknownMember(member: string): Privilege {
    const name = member.toUpperCase();
    this.#unknown.add(name);
    return name;
  }

  #isInitial(schema: string, table: string, grantee: RoleName, text: string): boolean {
    return this.reader.product.initialTableGrants.some(
      (row) => row[0] === schema && row[1] === table && row[2] === grantee && row[3] === text,
    );
  }
}

/** Who is meant by a user and a host in a grant table. */
export function granteeName(product: Product, user: string, host: string): RoleName {
  return host === "" && !product.rolesAreAccounts ? bareRoleName(user) : accountName(user, host);
}

/** Routines have no input types here; their type tells those of one name apart. */
export function routineResource(schema: string, name: string, type: string): Resource {
  return { kind: "routine", path: [DATABASE, schema, name, lower(type)] };
}

function lower(text: string): string {
  return text.toLowerCase();
}
