import { quoteIdentifier, quoteLiteral } from "../../quote.ts";
import { FormatError } from "./nodes.ts";
import type { RawAnswer, RawSession } from "./raw-session.ts";
import type { TreeFacts } from "./tree-facts.ts";
import { readTree } from "./read-tree.ts";

/** How a text is read: what its unqualified names are looked for in, and as whom. */
export interface Reading {
  /** Schemas that exist and may be used, in order. */
  readonly path: readonly string[];
  /** The role whose row policies count; null: nobody's, as far as our own role is above them. */
  readonly as: string | null;
}

/** The server does not take it. */
export interface RefusedText {
  readonly kind: "refused";
  readonly code: string;
  readonly message: string;
}

/** What the server made of a text. */
export type Extracted =
  | { readonly kind: "trees"; readonly trees: readonly TreeFacts[] }
  | RefusedText
  /** Our own role may not look there: that says nothing about anybody else. */
  | { readonly kind: "blind"; readonly reason: string; readonly refusal?: Pick<RefusedText, "code" | "message"> }
  /** It answered in a form that is not known. */
  | { readonly kind: "format"; readonly reason: string };

/** The settings under which the server prints what it made of a text, and nothing else. Printing itself comes last: before, our own questions would be printed. */
export const SETTINGS: readonly string[] = [
  "set debug_pretty_print = off",
  "set client_min_messages = log",
  "set check_function_bodies = on",
  "set debug_print_parse = off",
  "set debug_print_plan = off",
  "set row_security = on",
  "set statement_timeout = 0",
  "set idle_in_transaction_session_timeout = 0",
  "set debug_print_rewritten = on",
];

/** Asks one session for trees. Nothing it is given is ever executed. */
export class Extraction {
  readonly #session: RawSession;
  readonly #known = new Map<string, Promise<Extracted>>();
  readonly #types = new Map<string, Promise<number | null>>();
  /** What the session was told last, and whether it took it; null: it did. */
  #told = "";
  #ready: Promise<RawAnswer["error"]> | null = null;
  #mayUse: (schema: string) => boolean = () => true;

  constructor(session: RawSession) {
    this.#session = session;
  }

  /** Which schemas our own role may use. Names in others would be found elsewhere, or not at all. @default all */
  sees(mayUse: (schema: string) => boolean): void {
    this.#mayUse = mayUse;
  }

  get session(): RawSession {
    return this.#session;
  }

  /** Forgets what was read: the access of the server has changed. */
  forget(): void {
    this.#known.clear();
    this.#types.clear();
  }

  /** The trees of one statement. */
  statement(text: string, reading: Reading, types: readonly number[] = []): Promise<Extracted> {
    const key = `s\0${placeOf(reading)}\0\0${types.join()}\0${text}`;
    return this.#once(key, () => this.#asked(reading, () => this.#session.parse(text, types), false));
  }

  /** The trees of the statements of a function in SQL: its own validator prints them. */
  body(routine: number, reading: Reading): Promise<Extracted> {
    const key = `b\0${placeOf(reading)}\0\0${routine}`;
    const text = `select pg_catalog.fmgr_sql_validator(${routine})`;
    return this.#once(key, () => this.#asked(reading, () => this.#session.query(text), true));
  }

  /** The query of a view, with full names. */
  async viewText(oid: number): Promise<string | null> {
    const ready = this.#tell({ path: [], as: null });
    const answer = this.#session.query(`select pg_catalog.pg_get_viewdef(${oid})`);
    const [failed, { error, rows }] = await Promise.all([ready, answer]);
    return failed === null && error === null ? (rows[0]?.[0] ?? null) : null;
  }

  /** The oid of a type by its name as it is written; null: there is none. */
  async typeOid(name: string, path: readonly string[]): Promise<number | null> {
    const key = `${path.join("\0")}\0\0${name}`;
    let known = this.#types.get(key);
    if (known === undefined && path.some((schema) => !this.#mayUse(schema))) return null;
    if (known === undefined) {
      const ready = this.#tell({ path, as: null });
      const answer = this.#session.query(`select pg_catalog.to_regtype(${quoteLiteral(name)})::pg_catalog.oid`);
      known = Promise.all([ready, answer]).then(([failed, { error, rows }]) => {
        const oid = failed === null && error === null ? rows[0]?.[0] : null;
        return oid === null || oid === undefined ? null : Number(oid);
      });
      this.#types.set(key, known);
    }
    return await known;
  }

  /** The trees of a statement as a role that holds these memberships and USAGE on these schemas, made for it and gone again. Shadows only. */
  asProbe(text: string, types: readonly number[], probe: Probe): Promise<Extracted> {
    const { path, memberships, schemas } = probe;
    const key = `p\0${memberships.join("\0")}\0\0${path.join("\0")}\0\0${types.join()}\0${text}`;
    const grants = [
      ...memberships.map((name) => `grant ${quoteIdentifier(name)} to ${PROBE}`),
      ...schemas.map((name) => `grant usage on schema ${quoteIdentifier(name)} to ${PROBE}`),
    ];
    return this.#once(key, () => {
      const begin = ["begin", `create role ${PROBE}`, ...grants, `set local role ${PROBE}`].join("; ");
      const parse = async (): Promise<RawAnswer> => {
        const begun = this.#session.query(begin);
        const answer = this.#session.parse(text, types);
        const ended = this.#session.query("rollback");
        const failed = (await begun).error;
        await ended;
        return failed === null ? await answer : { ...(await answer), error: failed };
      };
      return this.#asked({ path, as: null }, parse, false);
    });
  }

  #once(key: string, ask: () => Promise<Extracted>): Promise<Extracted> {
    let answer = this.#known.get(key);
    if (answer === undefined) this.#known.set(key, (answer = ask()));
    return answer;
  }

  // INVARIANT: nothing is awaited between telling the session who it is and asking it, so that no other question comes between.
  async #asked(reading: Reading, ask: () => Promise<RawAnswer>, inFunction: boolean): Promise<Extracted> {
    const unseen = reading.as === null ? reading.path.find((schema) => !this.#mayUse(schema)) : undefined;
    if (unseen !== undefined) {
      return { kind: "blind", reason: `the role of the connection may not use the schema \`${unseen}\`` };
    }
    const ready = this.#tell(reading);
    const asked = ask();
    if (ready === null) return seen(extracted(await asked, inFunction), reading);
    const [failed, found] = await Promise.all([ready, asked]);
    if (failed !== null) return { kind: "format", reason: `the session could not be prepared: ${failed.message}` };
    return seen(extracted(found, inFunction), reading);
  }

  #tell(reading: Reading): Promise<RawAnswer["error"]> | null {
    const place = placeOf(reading);
    if (place === this.#told) return this.#ready;
    const { path, as } = reading;
    const role = as === null ? "reset role" : `set role ${quoteIdentifier(as)}`;
    const schemas = path.map((schema) => quoteIdentifier(schema)).join(", ");
    const text = `${role}; select pg_catalog.set_config('search_path', ${quoteLiteral(schemas)}, false)`;
    this.#told = place;
    const ready = this.#session.query(text).then(({ error }) => {
      if (this.#ready === ready) {
        this.#ready = null;
        if (error !== null) this.#told = "";
      }
      return error;
    });
    this.#ready = ready;
    return ready;
  }
}

/** What the session has to be told for a reading. */
function placeOf({ path, as }: Reading): string {
  return `${as ?? ""}\0${path.join("\0")}`;
}

export interface Probe {
  readonly path: readonly string[];
  readonly memberships: readonly string[];
  readonly schemas: readonly string[];
}

const PROBE = "rolewright_probe";
const NO_RIGHT = "42501";

/** What is refused to us is refused to nobody else by that. */
function seen(answer: Extracted, { as }: Reading): Extracted {
  if (answer.kind !== "refused" || answer.code !== NO_RIGHT || as !== null) return answer;
  const reason = `the server refuses it to the role of the connection: ${answer.message}`;
  return { kind: "blind", reason, refusal: answer };
}

function extracted(answer: RawAnswer, inFunction: boolean): Extracted {
  if (answer.error !== null) return { kind: "refused", ...answer.error };
  try {
    const trees = answer.trees.filter((tree) => tree.inFunction === inFunction).map((tree) => readTree(tree.text));
    return trees.length === 0 ? { kind: "format", reason: "the server printed no tree" } : { kind: "trees", trees };
  } catch (error) {
    if (error instanceof FormatError) return { kind: "format", reason: error.message };
    throw error;
  }
}
