import type { Session } from "../../client.ts";
import { readingError } from "../../errors.ts";
import { type PlainSetting, readPlainSettings } from "../plain-settings.ts";
import { readMark } from "./catalog-mark.ts";
import * as access from "./access-queries.ts";
import * as cluster from "./cluster-queries.ts";
import * as others from "./other-queries.ts";
import * as sql from "./structure-queries.ts";

/** What the databases of a target share, as rows. */
export interface ClusterRows {
  readonly roles: readonly cluster.RoleRow[];
  readonly memberships: readonly cluster.MembershipRow[];
  readonly settings: readonly cluster.SettingRow[];
  readonly databases: readonly sql.DatabaseRow[];
  readonly tablespaces: readonly sql.TablespaceRow[];
  readonly lists: readonly access.ListRow[];
}

/** One database of a target, as rows. */
export interface DatabaseRows {
  readonly database: string;
  readonly schemas: readonly sql.SchemaRow[];
  readonly extensions: readonly sql.ExtensionRow[];
  readonly members: readonly sql.ExtensionMemberRow[];
  readonly early: readonly others.EarlyRow[];
  readonly languages: readonly others.LanguageRow[];
  readonly wrappers: readonly others.WrapperRow[];
  readonly types: readonly sql.TypeRow[];
  readonly impliedTypes: readonly sql.ImpliedTypeRow[];
  readonly relations: readonly sql.RelationRow[];
  readonly sequences: readonly sql.SequenceRow[];
  readonly routines: readonly sql.RoutineRow[];
  readonly aggregates: readonly sql.AggregateRow[];
  readonly operators: readonly others.ObjectRow[];
  readonly operatorClasses: readonly others.OperatorClassRow[];
  readonly constraints: readonly sql.ConstraintRow[];
  readonly indexes: readonly sql.IndexRow[];
  readonly rules: readonly sql.RuleRow[];
  readonly triggers: readonly sql.TriggerRow[];
  readonly policies: readonly sql.PolicyRow[];
  readonly rowSecurity: readonly sql.RowSecurityRow[];
  readonly dependencies: readonly sql.DependencyRow[];
  readonly standsFor: readonly sql.StandsForRow[];
  readonly largeObjects: readonly others.LargeObjectRow[];
  readonly leftOut: readonly others.LeftOutRow[];
  readonly versions: readonly sql.VersionRow[];
  readonly defaults: readonly sql.DefaultAccessRow[];
  readonly lists: readonly access.ListRow[];
}

const BEGIN = "begin transaction isolation level repeatable read, read only";

/** Reads roles and databases, as of one moment. */
export async function readClusterRows(session: Session, major: number): Promise<ClusterRows> {
  try {
    return await readCluster(session, major);
  } catch (error) {
    throw readingError(error, "the roles and databases for a shadow");
  }
}

async function readCluster(session: Session, major: number): Promise<ClusterRows> {
  await session.run(BEGIN);
  const rows = {
    roles: await session.rows<cluster.RoleRow>(cluster.ROLES),
    memberships: await session.rows<cluster.MembershipRow>(cluster.MEMBERSHIPS(major)),
    settings: withServerSettings(
      await session.rows<cluster.SettingRow>(cluster.SETTINGS),
      await readPlainSettings((text) => session.rows(text), cluster.SERVER_SETTINGS),
    ),
    databases: await session.rows<sql.DatabaseRow>(sql.DATABASES),
    tablespaces: await session.rows<sql.TablespaceRow>(sql.TABLESPACES),
    lists: await session.rows<access.ListRow>(access.SHARED_LISTS(major)),
  };
  await session.run("commit");
  return rows;
}

/** What the server was started with stands on its shadow as what all databases have for everybody: the lowest level of all. */
function withServerSettings(
  rows: readonly cluster.SettingRow[],
  settings: readonly PlainSetting[],
): readonly cluster.SettingRow[] {
  const isForAll = ([, database, , forAll]: cluster.SettingRow): boolean => forAll === "t" && database === null;
  const said = rows.filter(isForAll).flatMap(([, , text]) => JSON.parse(text) as readonly string[]);
  const added = settings.flatMap(({ name, everywhere, server, builtIn }) =>
    everywhere === null && server !== null && server !== builtIn ? [`${name}=${server}`] : [],
  );
  const all = [...added, ...said];
  const others = rows.filter((row) => !isForAll(row));
  return all.length === 0 ? others : [...others, ["", null, JSON.stringify(all), "t"]];
}

/** Reads what one database is made of, as of one moment, in a fixed number of queries, and the mark of that moment. */
export async function readDatabaseRows(
  session: Session,
  major: number,
): Promise<{ readonly rows: DatabaseRows; readonly mark: string }> {
  try {
    return await readDatabase(session, major);
  } catch (error) {
    throw readingError(error, `the structure of database \`${session.database}\` for a shadow`);
  }
}

/** Tells the state of a database from any other one that it was in. */
export async function readDatabaseMark(session: Session): Promise<string> {
  try {
    await session.run(BEGIN);
    const mark = await readMark(session);
    await session.run("commit");
    return mark;
  } catch (error) {
    throw readingError(error, `the state of database \`${session.database}\` for a shadow`);
  }
}

async function readDatabase(
  session: Session,
  major: number,
): Promise<{ readonly rows: DatabaseRows; readonly mark: string }> {
  await session.run(BEGIN);
  const mark = await readMark(session);
  const rows: DatabaseRows = {
    database: session.database,
    schemas: await session.rows<sql.SchemaRow>(sql.SCHEMAS),
    extensions: await session.rows<sql.ExtensionRow>(sql.EXTENSIONS),
    members: await session.rows<sql.ExtensionMemberRow>(sql.EXTENSION_MEMBERS),
    early: await session.rows<others.EarlyRow>(others.EARLY_OBJECTS),
    languages: await session.rows<others.LanguageRow>(others.LANGUAGES),
    wrappers: await session.rows<others.WrapperRow>(others.WRAPPERS),
    types: await session.rows<sql.TypeRow>(sql.TYPES(major)),
    impliedTypes: await session.rows<sql.ImpliedTypeRow>(sql.IMPLIED_TYPES(major)),
    relations: await session.rows<sql.RelationRow>(sql.RELATIONS),
    sequences: await session.rows<sql.SequenceRow>(sql.SEQUENCES),
    routines: await session.rows<sql.RoutineRow>(sql.ROUTINES(major)),
    aggregates: await session.rows<sql.AggregateRow>(sql.AGGREGATES),
    operators: await session.rows<others.ObjectRow>(others.OPERATORS),
    operatorClasses: await session.rows<others.OperatorClassRow>(others.OPERATOR_CLASSES),
    constraints: await session.rows<sql.ConstraintRow>(sql.CONSTRAINTS),
    indexes: await session.rows<sql.IndexRow>(sql.INDEXES),
    rules: await session.rows<sql.RuleRow>(sql.RULES),
    triggers: await session.rows<sql.TriggerRow>(sql.TRIGGERS),
    policies: await session.rows<sql.PolicyRow>(sql.POLICIES),
    rowSecurity: await session.rows<sql.RowSecurityRow>(sql.ROW_SECURITY),
    dependencies: await session.rows<sql.DependencyRow>(sql.DEPENDENCIES),
    standsFor: await session.rows<sql.StandsForRow>(sql.STANDS_FOR),
    largeObjects: await session.rows<others.LargeObjectRow>(others.LARGE_OBJECTS),
    leftOut: await session.rows<others.LeftOutRow>(others.LEFT_OUT),
    versions: await session.rows<sql.VersionRow>(sql.VERSIONS(major)),
    defaults: await session.rows<sql.DefaultAccessRow>(sql.DEFAULT_ACCESS),
    lists: [
      ...(await session.rows<access.ListRow>(access.LISTS)),
      ...(await session.rows<access.ListRow>(access.COLUMN_LISTS)),
    ],
  };
  await session.run("commit");
  return { rows, mark };
}

/** How many definitions are asked for in one statement: each locks what it names, for as long as the statement runs. */
const TEXTS_AT_ONCE = 200;

/** The definitions of views, rules or routines by their oid; those that are gone meanwhile are missing. */
export async function readTexts(
  session: Session,
  query: string,
  oids: readonly string[],
): Promise<ReadonlyMap<string, string>> {
  const texts = new Map<string, string>();
  for (let at = 0; at < oids.length; at += TEXTS_AT_ONCE) {
    const rows = await session.rows<sql.TextRow>(query, [`{${oids.slice(at, at + TEXTS_AT_ONCE).join(",")}}`]);
    for (const [oid, text] of rows) if (text !== null) texts.set(oid, text);
  }
  return texts;
}
