import { digestText } from "../../../../base/digest.ts";
import type { ObservedStatement } from "../../../../model/workload.ts";
import type { Grammar } from "../../../simulation.ts";
import { commandOf, firstStatement, splitStatements, textOf } from "./statements.ts";
import { readTokens, type Token } from "./tokens.ts";

/** Reads CQL piece by piece: what is no literal stays as it is. */
export const GRAMMAR: Grammar = { load: async () => {}, read: recent };

/** What was read last, by its text: logs repeat themselves. It lives as long as the process, and is written nowhere. */
const known = new Map<string, readonly ObservedStatement[]>();
const MOST_KNOWN = 2000;
const LONGEST_KNOWN = 4096;

function recent(text: string): readonly ObservedStatement[] {
  const before = known.get(text);
  if (before !== undefined) return before;
  const read = readStatements(text);
  if (text.length > LONGEST_KNOWN) return read;
  if (known.size >= MOST_KNOWN) known.clear();
  known.set(text, read);
  return read;
}

/** Texts that are longer are not taken apart: what stands in them is data. 256 KiB. */
const LONGEST_TEXT = 262_144;
const LONGEST_STATEMENT = 65_536;

function readStatements(text: string): readonly ObservedStatement[] {
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
