import { compareText, sorted, sortedText } from "../../base/order.ts";
import type { Grantee } from "../../model/role.ts";
import { grantYaml } from "./grant-yaml.ts";
import type { GrantStatement } from "./statement.ts";
import type { Yaml } from "./yaml.ts";

/** Grants that several roles hold on several schemas in the same way, said once with `{schema}` in them. */
export interface Profile {
  readonly name: string;
  readonly grants: readonly Yaml[];
}

export interface ProfileUse {
  readonly profile: string;
  readonly schemas: readonly string[];
}

export interface Profiled {
  readonly profiles: readonly Profile[];
  readonly uses: ReadonlyMap<Grantee, readonly ProfileUse[]>;
  /** What no profile says. */
  readonly rest: readonly GrantStatement[];
}

/** A profile is worth its name from so many uses on; with fewer, reading the lines in place is quicker. */
const LEAST_USES = 3;

/** Finds profiles. A profile replaces whole bundles of lines only where they are the same but for the schema, so nothing is widened. */
export function findProfiles(statements: readonly GrantStatement[]): Profiled {
  const bundles = bundlesOf(statements);
  const byShape = new Map<string, Bundle[]>();
  for (const bundle of bundles) byShape.set(bundle.shape, [...(byShape.get(bundle.shape) ?? []), bundle]);
  const profiles: Profile[] = [];
  const uses = new Map<Grantee, ProfileUse[]>();
  const said = new Set<GrantStatement>();
  for (const [, group] of sorted(byShape, ([a], [b]) => compareText(a, b))) {
    const first = group[0];
    if (group.length < LEAST_USES || first === undefined) continue;
    const name = nameFor(first, profiles);
    profiles.push({ name, grants: first.statements.map((one) => template(one)) });
    for (const grantee of sortedText(group.map((bundle) => bundle.grantee))) {
      const own = group.filter((bundle) => bundle.grantee === grantee);
      uses.set(grantee, [
        ...(uses.get(grantee) ?? []),
        { profile: name, schemas: sortedText(own.map((one) => one.schema)) },
      ]);
    }
    for (const statement of group.flatMap((bundle) => bundle.statements)) said.add(statement);
  }
  return { profiles, uses, rest: statements.filter((statement) => !said.has(statement)) };
}

interface Bundle {
  readonly grantee: Grantee;
  readonly schema: string;
  readonly shape: string;
  readonly statements: readonly GrantStatement[];
}

function bundlesOf(statements: readonly GrantStatement[]): readonly Bundle[] {
  const groups = new Map<string, { grantee: Grantee; schema: string; statements: GrantStatement[] }>();
  for (const statement of statements) {
    const schema = wholeSchemaOf(statement);
    if (schema === null) continue;
    const key = JSON.stringify([statement.grantee, schema]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { grantee: statement.grantee, schema, statements: [statement] });
    else group.statements.push(statement);
  }
  return [...groups.values()]
    .filter((group) => group.statements.length > 1)
    .map((group) => ({ ...group, shape: JSON.stringify(group.statements.map((one) => template(one))) }));
}

/** The schema that a statement is about as a whole, when its name can stand in a template without quotes. */
function wholeSchemaOf(statement: GrantStatement): string | null {
  const [name, more] = statement.on.names;
  if (statement.absent || statement.database !== null || more !== undefined || name === undefined) return null;
  if (statement.on.except.length > 0) return null;
  const schema = statement.schema ?? (statement.kind === "schema" ? name : null);
  if (schema === null || !/^[A-Za-z_]\w*$/.test(schema)) return null;
  return name === schema || name === `${schema}.*` ? schema : null;
}

function template(statement: GrantStatement): Yaml {
  const names = [statement.kind === "schema" ? "{schema}" : "{schema}.*"];
  return grantYaml({ ...statement, on: { ...statement.on, names } });
}

function nameFor(bundle: Bundle, taken: readonly Profile[]): string {
  const privileges = new Set(bundle.statements.flatMap((one) => one.privileges));
  const writes = ["INSERT", "UPDATE", "DELETE", "TRUNCATE"].some((privilege) => privileges.has(privilege));
  const base = privileges.has("CREATE") || privileges.has("ALL") ? "builder" : writes ? "writer" : "reader";
  for (let number = 1; ; number++) {
    const name = number === 1 ? base : `${base}_${number}`;
    if (!taken.some((profile) => profile.name === name)) return name;
  }
}
