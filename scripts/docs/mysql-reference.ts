import { CAPABILITIES } from "../../src/engine/mysql/capabilities.ts";
import { isMysqlKind, PRIVILEGES, Privileges, type PrivilegeSpec, STORED } from "../../src/engine/mysql/privileges.ts";
import { type ProductName, PRODUCTS } from "../../src/engine/mysql/product.ts";
import { simulation } from "../../src/engine/mysql/simulation/index.ts";
import { RESOURCE_KINDS } from "../../src/model/resource.ts";
import { capabilityTable, limitList } from "./capability-table.ts";
import { evidenceTable, MARIADB_SIMULATION, MYSQL_SIMULATION } from "./simulation-parts.ts";
import { code, generatedFrom, markdownTable, page } from "./markdown.ts";

/** The series whose privileges the page shows; those of later ones say so. */
const SHOWN: Readonly<Record<ProductName, number>> = { mariadb: 1011, mysql: 804 };
const NEWEST = 9999;

const INTRODUCTION: Readonly<Record<ProductName, string>> = {
  mariadb:
    "MariaDB 10.6 and later. An account is the role `user@host`, of several @ the last one divides; a role is its bare name. What the server calls a database is a `schema`.",
  mysql:
    "MySQL 8.0 and later, built to its reference manual. Accounts and roles are alike: `user@host`, of several @ the last one divides. What the server calls a database is a `schema`.",
};

/** The page about what MariaDB or MySQL let be granted, from the tables that reading, planning and rendering use. */
export function mysqlReference(name: ProductName): string {
  const product = PRODUCTS[name];
  const now = new Privileges(product, SHOWN[name]);
  const all = new Privileges(product, NEWEST);
  const kinds = RESOURCE_KINDS.filter(isMysqlKind).filter((kind) => all.of(kind).length > 0);
  const rows = kinds.map((kind) => [
    kind,
    all
      .of(kind)
      .map((privilege) => {
        const shown = code(privilege.toLowerCase());
        return now.of(kind).includes(privilege) ? shown : `${shown} (${since(privilege)} and later)`;
      })
      .join(", "),
    STORED[name][kind],
  ]);
  return page(
    `# ${product.title}`,
    generatedFrom("src/engine/mysql/privileges.ts and src/engine/mysql/capabilities.ts"),
    INTRODUCTION[name],
    "## What it can do",
    capabilityTable(CAPABILITIES[name]),
    "## What it cannot do",
    limitList(CAPABILITIES[name]),
    "## Testing a change with what is really run",
    evidenceTable(simulation),
    ...(name === "mariadb" ? MARIADB_SIMULATION : MYSQL_SIMULATION),
    "## What can be held on what",
    markdownTable(["kind", "privileges", "kept in"], rows),
    "`table` covers tables, views and sequences; `routine` covers functions, procedures and packages. `all-schemas` is `*.*` for what can be held below too, `server` for what cannot. `schema-pattern` is a name with `%` or `_` that is not escaped. `role` is what PROXY is held on.",
    name === "mysql"
      ? "A partial revoke of `select` on a schema is held there as `not select`. `dynamic-privilege` has the name of the privilege for its name."
      : "",
    "## How privileges are called where the server keeps them",
    markdownTable(
      name === "mariadb"
        ? ["privilege", "bit", "column of mysql.db", "member of a set"]
        : ["privilege", "column of mysql.user", "column of mysql.db", "member of a set"],
      all.all.map((spec) => [spec.name.toLowerCase(), place(spec, name), spec.schemaColumn ?? "", spec.member ?? ""]),
    ),
  );
}

function place(spec: PrivilegeSpec, name: ProductName): string {
  return name === "mariadb" ? String(spec.mariadb?.bit ?? "") : (spec.mysql?.column ?? "");
}

function since(privilege: string): string {
  const series = PRIVILEGES.find((spec) => spec.name === privilege)?.mariadb?.since ?? 0;
  return `${Math.floor(series / 100)}.${series % 100}`;
}
