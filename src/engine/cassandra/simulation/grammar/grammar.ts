import { digestText } from "../../../../base/digest.ts";
import type { ObservedStatement } from "../../../../model/workload.ts";
import type { Grammar } from "../../../simulation.ts";
import { type LexicalRules, remembering } from "../../../skeleton.ts";
import { commandOf, firstStatement, splitStatements, textOf } from "./statements.ts";
import { readTokens, type Token } from "./tokens.ts";

/** What is a literal or a comment here. */
export const RULES: LexicalRules = {
  backslash: false,
  doubleQuotesAreText: false,
  backticks: false,
  hashComments: false,
  dashesNeedBlank: false,
  uuids: true,
};

/** Reads CQL piece by piece: what is no literal stays as it is. */
export const GRAMMAR: Grammar = {
  load: async () => {},
  read: remembering(readStatements, RULES),
};

/** Texts that are longer are not taken apart: what stands in them is data. 256 KiB. */
const LONGEST_TEXT = 262_144;
const LONGEST_STATEMENT = 65_536;

/** What a text says, read from its beginning to its end. */
export function readStatements(text: string): readonly ObservedStatement[] {
  if (text.length > LONGEST_TEXT) return [unread(text)];
  const { tokens, whole } = readTokens(text);
  return whole ? splitStatements(tokens).map((each) => observed(each, text)) : [unread(text)];
}

/** What the parser says of a statement that it does not understand. It repeats pieces of it, so that quotes tell nothing. */
const NOT_PARSED = /; line \d+:\d+ /u;

/** The statement that a text begins with, behind which a semicolon and what the server said of it stand. */
export function readFirst(text: string): ObservedStatement {
  if (text.length > LONGEST_TEXT || NOT_PARSED.test(text)) return unread(text);
  const { statement, ended } = firstStatement(readTokens(text).tokens);
  return ended ? observed(statement, text) : unread(text);
}

function observed(tokens: readonly Token[], whole: string): ObservedStatement {
  const text = textOf(tokens);
  if (text.length > LONGEST_STATEMENT || text === "") return unread(whole);
  return { fingerprint: digestText(text), text, command: commandOf(tokens) };
}

/** A statement of which nothing but its first word and a hash is kept. */
export function unread(text: string): ObservedStatement {
  const { tokens } = readTokens(text.slice(0, 64));
  return { fingerprint: digestText(text), text: "", command: commandOf(tokens) };
}
