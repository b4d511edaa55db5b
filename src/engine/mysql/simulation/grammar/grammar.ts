import { digestText } from "../../../../base/digest.ts";
import type { ObservedStatement } from "../../../../model/workload.ts";
import type { Grammar } from "../../../simulation.ts";
import { type LexicalRules, remembering } from "../../../skeleton.ts";
import { commandOf, splitStatements, textOf, wordOf } from "./statements.ts";
import { tokensOf } from "./tokens.ts";

/** What is a literal or a comment here. */
export const RULES: LexicalRules = {
  backslash: true,
  doubleQuotesAreText: true,
  backticks: true,
  hashComments: true,
  dashesNeedBlank: true,
  uuids: false,
};

/** Reads statements of MariaDB and MySQL piece by piece, without a parser that could fail on what it does not know: what is no literal stays as it is. */
export const GRAMMAR: Grammar = {
  load: async () => {},
  read: remembering(readStatements, RULES),
};

/** Texts that are longer are not taken apart: what stands in them is data. 256 KiB. */
const LONGEST_TEXT = 262_144;
/** A statement that is longer without its literals is kept as a hash. */
const LONGEST_STATEMENT = 65_536;

/** What a text says, read from its beginning to its end. */
export function readStatements(text: string): readonly ObservedStatement[] {
  const tokens = text.length > LONGEST_TEXT ? null : tokensOf(text);
  if (tokens === null) return [unread(text)];
  return splitStatements(tokens).map((each): ObservedStatement => {
    const normal = textOf(each);
    if (normal.length > LONGEST_STATEMENT) return unread(text);
    return { fingerprint: digestText(normal), text: normal, command: commandOf(each) };
  });
}

/** A statement of which nothing but its first word and a hash is kept. */
export function unread(text: string): ObservedStatement {
  const word = /^[\s(]*([a-z]{2,20})\b/iu.exec(text.slice(0, 200))?.[1]?.toUpperCase() ?? "";
  return { fingerprint: digestText(text), text: "", command: COMMANDS.has(word) ? word : "UNKNOWN" };
}

const COMMANDS: ReadonlySet<string> = new Set(
  "ALTER ANALYZE BEGIN CALL CHECK COMMIT CREATE DELETE DESC DESCRIBE DO DROP EXECUTE EXPLAIN FLUSH GRANT HANDLER INSERT KILL LOAD LOCK OPTIMIZE PREPARE RENAME REPAIR REPLACE RESET REVOKE ROLLBACK SELECT SET SHOW START TABLE TRUNCATE UNLOCK UPDATE USE VALUES WITH XA".split(
    " ",
  ),
);

/** The role that a statement makes active: null none, undefined: it is no such statement. A role whose name cannot be read for certain is an empty name. */
export function roleSetBy(text: string): string | null | undefined {
  const tokens = tokensOf(text);
  if (tokens === null || wordOf(tokens[0]) !== "set" || wordOf(tokens[1]) !== "role") return undefined;
  const name = tokens[2];
  if (tokens.length !== 3 || name === undefined) return "";
  if (wordOf(name) === "none") return null;
  return name.kind === "word" || name.kind === "quoted" ? name.text : "";
}
