import { RolewrightError } from "../../../../base/error.ts";
import type { Extracted, Extraction } from "./extraction.ts";
import type { Objects } from "./objects.ts";
import type { TreeFacts } from "./tree-facts.ts";

/** What is asked of every server before anything else: objects that each has, and what is known of them. */
export async function selfTest(extraction: Extraction, objects: Objects): Promise<void> {
  const oid = (name: string): number => objects.relationNames.get(`pg_catalog\0${name}`)?.oid ?? 0;
  const column = (table: string, name: string): number =>
    objects.columns.get(oid(table))?.find((each) => each.name === name)?.number ?? 0;
  const read = async (text: string): Promise<TreeFacts> => only(text, await extraction.statement(text, READING));
  const bootstrap = objects.roleNames.get(BOOTSTRAP_ROLE) ?? "";

  const view = await read("select rolname from pg_catalog.pg_roles where oid = $1");
  const base = view.relations.find((each) => each.relation === oid("pg_authid"));
  expect("a view and its owner", [
    view.relations.some(
      (each) => each.relation === oid("pg_roles") && each.asRole === 0 && each.permissions === SELECT,
    ),
    base !== undefined && objects.roleNames.get(base.asRole) === bootstrap && base.permissions === SELECT,
    base?.selected.includes(column("pg_authid", "rolname")) === true,
    base?.place.views.includes(oid("pg_roles")) === true,
  ]);

  const lock = await read("select oid from pg_catalog.pg_class for update");
  const locked = lock.relations.find((each) => each.relation === oid("pg_class"));
  expect("a row lock", [locked?.permissions === (SELECT | UPDATE), locked?.updated.length === 0]);

  const update = await read("update pg_catalog.pg_class set relname = lower(relname::text)::name where reltype = 1");
  const [written] = update.writes;
  expect("an update", [
    written?.relation === oid("pg_class") && written.command === "UPDATE",
    written?.columns.join() === String(column("pg_class", "relname")),
    update.routines.some((use) => use.routine === LOWER && use.named),
    update.routines.some((use) => use.operator === OID_EQUAL),
  ]);

  const insert = await read("insert into pg_catalog.pg_class(relname) values ('x') returning oid");
  const inserted = insert.relations[0];
  expect("an insert", [
    inserted?.permissions === (INSERT | SELECT),
    inserted?.inserted.join() === String(column("pg_class", "relname")),
    inserted?.selected.join() === String(column("pg_class", "oid")),
    insert.writes[0]?.certain === true,
  ]);

  const next = await read(
    "select pg_catalog.nextval('pg_catalog.pg_class'::pg_catalog.regclass), count(*) from pg_catalog.pg_class",
  );
  expect("a constant that names a relation", [
    next.namedRelations.includes(oid("pg_class")),
    next.routines.some((use) => use.routine === NEXTVAL && use.arguments.length === 1),
    next.routines.some((use) => use.routine === COUNT),
  ]);

  const body = await extraction.body(LPAD, READING);
  expect("the body of a function", [
    body.kind === "trees" && body.trees.some((tree) => tree.routines.some((use) => use.routine === LPAD_FILLED)),
  ]);
}

const READING = { path: ["pg_catalog"], as: null } as const;
const BOOTSTRAP_ROLE = 10;
const INSERT = 1;
const SELECT = 2;
const UPDATE = 4;
// Oids of the server's own functions, the same in all versions: lower(text), nextval, count(*), lpad of two and of three arguments, oid = oid.
const LOWER = 870;
const NEXTVAL = 1574;
const COUNT = 2803;
const LPAD = 879;
const LPAD_FILLED = 873;
const OID_EQUAL = 607;

function only(text: string, answer: Extracted): TreeFacts {
  if (answer.kind === "trees" && answer.trees.length === 1) return answer.trees[0] as TreeFacts;
  let found = "more than one tree";
  if (answer.kind === "format" || answer.kind === "blind") found = answer.reason;
  if (answer.kind === "refused") found = answer.message;
  throw new RolewrightError("RW550", `the server's analysis of \`${text}\` could not be read: ${found}`, {
    help: HELP,
  });
}

function expect(what: string, facts: readonly boolean[]): void {
  if (facts.every((fact) => fact)) return;
  throw new RolewrightError("RW550", `the server describes ${what} in a form that is not known`, { help: HELP });
}

const HELP = "use a version of Rolewright that knows this server, or read the text alone with `--offline`";
