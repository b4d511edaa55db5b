import type { ObservedStatement } from "../model/workload.ts";
import { Remembered } from "./remembered.ts";

/** What strings, names and comments look like in an engine's statements. */
export interface LexicalRules {
  /** A backslash in a string takes the next character with it. */
  readonly backslash: boolean;
  /** What stands in double quotes is a string; otherwise it is a name. */
  readonly doubleQuotesAreText: boolean;
  /** Names stand in backticks. */
  readonly backticks: boolean;
  /** `#` begins a comment up to the end of the line; otherwise `//` does. */
  readonly hashComments: boolean;
  /** `--` begins a comment only before a blank. */
  readonly dashesNeedBlank: boolean;
  /** Ids stand without quotes: `123e4567-e89b-12d3-a456-426614174000`. */
  readonly uuids: boolean;
}

const [TAB, QUOTE, DOUBLE, BACKTICK, BACKSLASH, DOLLAR, STAR, SLASH, DASH, HASH, DOT, BANG, LETTER_M] = [
  9, 39, 34, 96, 92, 36, 42, 47, 45, 35, 46, 33, 77,
];
const UUID = /[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}(?![\p{L}\p{N}_])/iuy;

/**
 * The text with one string in the place of all, one number in the place of all, and without comments, in one pass. Null: it is not certain where something ends, and the text itself is to be read.
 *
 * INVARIANT: whoever reads statements piece by piece and forgets literals finds the same in it as in the text. What is not a string, a number or a comment is copied.
 */
export function skeletonOf(text: string, rules: LexicalRules): string | null {
  let out = "";
  let from = 0;
  const replace = (start: number, end: number, by: string): number => {
    out += text.slice(from, start) + by;
    from = end;
    return end;
  };
  for (let at = 0; at < text.length; ) {
    const code = text.charCodeAt(at);
    if (code > 64 && code !== BACKTICK && !(rules.uuids && isHexLetter(code))) at++;
    else if (code === QUOTE || (code === DOUBLE && rules.doubleQuotesAreText)) {
      // `x'ff'`, `N'text'`, `@'name'`: what it is depends on what stands before it.
      if (at > 0 && isNameCode(text.charCodeAt(at - 1))) return null;
      const end = endOfQuoted(text, at, { code, backslash: rules.backslash });
      if (end < 0) return null;
      at = replace(at, end, "'' ");
    } else if (code === DOUBLE || (code === BACKTICK && rules.backticks)) {
      const end = endOfQuoted(text, at, { code, backslash: false });
      if (end < 0) return null;
      at = end;
    } else if (code === SLASH && text.charCodeAt(at + 1) === STAR) {
      const mark = text.charCodeAt(at + 2);
      const end = text.indexOf("*/", at + 2);
      // The server may execute it.
      if (end < 0 || mark === BANG || mark === LETTER_M || text.charCodeAt(at - 1) === DASH) return null;
      at = replace(at, end + 2, " ");
    } else if (code === DOLLAR && !rules.backticks) return null;
    else {
      const comment = beginsComment(text, at, { code, rules });
      if (comment === null) return null;
      if (comment) {
        // The blank in its place would make a comment of dashes before it.
        if (text.charCodeAt(at - 1) === DASH) return null;
        const end = text.indexOf("\n", at);
        at = replace(at, end < 0 ? text.length : end, " ");
      } else if (isDigit(code) || isHexLetter(code)) {
        const before = at === 0 ? TAB : text.charCodeAt(at - 1);
        if (isNameCode(before)) {
          at++;
          continue;
        }
        const end = endOfNumber(text, at, rules);
        if (end === at) at++;
        else if (end === null || before === DOT) return null;
        else at = replace(at, end, text.charCodeAt(at + 1) === 120 ? "0x0" : code === 48 ? "0" : "1");
      } else at++;
    }
  }
  return from === 0 ? text : out + text.slice(from);
}

/** Null: a blank that is not a plain one may stand behind it. */
function beginsComment(
  text: string,
  at: number,
  { code, rules }: { readonly code: number; readonly rules: LexicalRules },
): boolean | null {
  if (code === HASH) return rules.hashComments;
  const next = text.charCodeAt(at + 1);
  if (code === SLASH) return !rules.hashComments && next === SLASH;
  if (code !== DASH || next !== DASH) return false;
  if (!rules.dashesNeedBlank) return true;
  const third = text.charCodeAt(at + 2);
  if (third > 126) return null;
  return Number.isNaN(third) || third <= 32;
}

/** Behind the closing quote; -1: there is none. */
function endOfQuoted(
  text: string,
  from: number,
  { code, backslash }: { readonly code: number; readonly backslash: boolean },
): number {
  for (let at = from + 1; at < text.length; at++) {
    const here = text.charCodeAt(at);
    if (here === BACKSLASH && backslash) at++;
    else if (here === code) {
      if (text.charCodeAt(at + 1) !== code) return at + 1;
      at++;
    }
  }
  return -1;
}

/** Behind a number or an id that begins there; where nothing does, the place itself. Null: what follows may belong to it. */
function endOfNumber(text: string, from: number, { uuids }: LexicalRules): number | null {
  if (uuids && text.charCodeAt(from + 8) === DASH && text.charCodeAt(from + 13) === DASH) {
    UUID.lastIndex = from;
    if (UUID.test(text)) return UUID.lastIndex;
  }
  if (!isDigit(text.charCodeAt(from))) return from;
  let at = from;
  if (text.charCodeAt(at) === 48 && text.charCodeAt(at + 1) === 120) {
    at += 2;
    while (isDigit(text.charCodeAt(at)) || isHexLetter(text.charCodeAt(at))) at++;
    if (at === from + 2) return null;
  } else {
    while (isDigit(text.charCodeAt(at))) at++;
    if (text.charCodeAt(at) === DOT) {
      at++;
      while (isDigit(text.charCodeAt(at))) at++;
    }
  }
  const next = text.charCodeAt(at);
  return isNameCode(next) || next === DOT ? null : at;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

function isHexLetter(code: number): boolean {
  return (code >= 97 && code <= 102) || (code >= 65 && code <= 70);
}

/** Of a name, or of what makes one of what follows: `@`, `$`, and everything that is no ASCII. */
function isNameCode(code: number): boolean {
  return (
    (code >= 97 && code <= 122) ||
    (code >= 64 && code <= 90) ||
    isDigit(code) ||
    code === 95 ||
    code === DOLLAR ||
    code > 127
  );
}

/** Longer texts are read each time, and those of which more is left: 64 KiB and 4 KiB. */
const LONGEST_TEXT = 65_536;
const LONGEST_KNOWN = 4096;
const MOST_KNOWN = 2000;

/** Remembers what statements are by their skeletons, for as long as the process lives; written nowhere. `read` is asked for those that are not known, and those of which no text is kept. */
export function remembering(
  read: (text: string) => readonly ObservedStatement[],
  rules: LexicalRules,
): (text: string) => readonly ObservedStatement[] {
  const known = new Remembered<readonly ObservedStatement[]>(MOST_KNOWN);
  return (text) => {
    const skeleton = text.length > LONGEST_TEXT ? null : skeletonOf(text, rules);
    if (skeleton === null || skeleton.length > LONGEST_KNOWN) return read(text);
    const before = known.get(skeleton);
    if (before !== undefined) return before;
    const found = read(text);
    // What has no text is told apart by all that stood in it.
    if (found.every((each) => each.text !== "")) known.set(skeleton, found);
    return found;
  };
}
