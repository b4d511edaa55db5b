import type { Token } from "./tokens.ts";

/** The statements of a text, in order, none empty. What stands between BEGIN and END of code is one statement with it. */
export function splitStatements(tokens: readonly Token[]): readonly (readonly Token[])[] {
  if (isCode(tokens)) return [trimmed(tokens)];
  const found: Token[][] = [[]];
  for (const token of tokens) {
    if (token.kind === "punctuation" && token.text === ";") found.push([]);
    else found.at(-1)?.push(token);
  }
  return found.filter((each) => each.length > 0);
}

/** The definition of a routine, trigger, event or package, and blocks that are executed as they stand. */
function isCode(tokens: readonly Token[]): boolean {
  const words = tokens.slice(0, 24).map(wordOf);
  if (words[0] === "begin" && words[1] === "not") return true;
  if (words[0] !== "create" && words[0] !== "alter") return false;
  return words.some((word) => CODE.has(word));
}

const CODE: ReadonlySet<string> = new Set(["procedure", "function", "trigger", "event", "package"]);

function trimmed(tokens: readonly Token[]): readonly Token[] {
  const last = tokens.at(-1);
  return last?.kind === "punctuation" && last.text === ";" ? trimmed(tokens.slice(0, -1)) : tokens;
}

/** A word in lower case; empty for anything else. */
export function wordOf(token: Token | undefined): string {
  return token?.kind === "word" ? token.text.toLowerCase() : "";
}

/** What a statement does by its first word, in upper case: behind parentheses, and of a WITH what it is about. UNKNOWN where it begins with none. */
export function commandOf(tokens: readonly Token[]): string {
  const first = tokens.findIndex((token) => !(token.kind === "punctuation" && token.text === "("));
  const word = wordOf(tokens[first]);
  if (word === "with") return mainVerb(tokens);
  return /^[a-z]{2,20}$/u.test(word) ? word.toUpperCase() : "UNKNOWN";
}

function mainVerb(tokens: readonly Token[]): string {
  let depth = 0;
  for (const token of tokens) {
    if (token.kind === "punctuation" && token.text === "(") depth++;
    else if (token.kind === "punctuation" && token.text === ")") depth--;
    else if (depth === 0 && VERBS.has(wordOf(token))) return wordOf(token).toUpperCase();
  }
  return "SELECT";
}

const VERBS: ReadonlySet<string> = new Set(["select", "insert", "update", "delete", "replace", "values"]);

/**
 * The text of a statement: one space where the pieces need one, keywords in lower case, names bare where they can be, every literal a `?`. Of lists of placeholders, and of rows of them, one stays; what a digest
 * writes as `...` becomes a `?`.
 */
export function textOf(tokens: readonly Token[]): string {
  const pieces = squashed(tokens.map((token, index) => pieceOf(token, tokens[index - 1])));
  let text = "";
  for (const [index, piece] of pieces.entries()) {
    text += index > 0 && needsSpace(pieces[index - 1] ?? "", piece) ? ` ${piece}` : piece;
  }
  return text;
}

function pieceOf(token: Token, before: Token | undefined): string {
  switch (token.kind) {
    case "literal":
    case "place":
      return "?";
    case "word": {
      const word = token.text.toLowerCase();
      return KEYWORDS.has(word) && !isDot(before) ? word : token.text;
    }
    case "quoted": {
      const isPlain = /^[\p{L}_][\p{L}\p{N}_$]*$/u.test(token.text) && !KEYWORDS.has(token.text.toLowerCase());
      return isPlain ? token.text : `\`${token.text.replaceAll("`", "``")}\``;
    }
    case "variable":
    case "punctuation":
      return token.text;
  }
}

function isDot(token: Token | undefined): boolean {
  return token?.kind === "punctuation" && token.text === ".";
}

/** `in ( ? , ? )` is `in ( ? )`; a `?` with a sign is one without; of equal rows of VALUES one stays. */
function squashed(pieces: readonly string[]): readonly string[] {
  const found: string[] = [];
  for (const piece of pieces) {
    found.push(piece);
    if (piece === "?") {
      if (/^[-+]$/u.test(found.at(-2) ?? "") && opensOperand(found.at(-3))) found.splice(-2, 1);
      if (found.at(-2) === "," && found.at(-3) === "?" && isInList(found)) found.splice(-2, 2);
    }
    if (piece === ")") dropEqualRow(found);
  }
  return found;
}

/** Lists of different lengths are the same statement. */
function isInList(pieces: readonly string[]): boolean {
  return pieces.at(-4) === "(" && pieces.at(-5) === "in";
}

/** Takes a row away that equals the one before it: `values ( a ) , ( a )`. */
function dropEqualRow(pieces: string[]): void {
  const from = pieces.lastIndexOf("(");
  const width = pieces.length - from;
  const before = from - 1 - width;
  if (pieces[from - 1] !== "," || before < 1 || pieces[before - 1] !== "values") return;
  for (let at = 0; at < width; at++) if (pieces[before + at] !== pieces[from + at]) return;
  pieces.splice(from - 1);
}

/** Whether what follows is the beginning of an operand, so that a sign belongs to it. */
function opensOperand(before: string | undefined): boolean {
  return before === undefined || /^(?:[(,=<>+\-*/%]|<=|>=|<>|!=|<=>|:=)$/u.test(before) || KEYWORDS.has(before);
}

function needsSpace(before: string, piece: string): boolean {
  if (before === "." || piece === "." || before === "(" || piece === ")" || piece === "," || piece === ";")
    return false;
  // Whether a blank stands between a name and its parenthesis decides for some functions of the server: never one.
  if (piece === "(") return KEYWORDS.has(before) || /^(?:[^\p{L}\p{N}_$`@]+)$/u.test(before);
  if (before === "@" || before === "@@") return false;
  return true;
}

/** Words that are written in lower case, and quoted where they are names. */
const KEYWORDS: ReadonlySet<string> = new Set(
  `add all alter analyze and any as asc before between both by call cascade case change character check collate column columns condition constraint continue convert create cross current_date
  current_role current_time current_timestamp current_user cursor database databases declare default delete desc describe distinct distinctrow div drop dual duplicate else elseif enclosed end escaped except execute
  exists exit explain fields for force foreign from fulltext function grant group having high_priority identified if ignore in index infile inner inout insert intersect interval into is iterate join key keys kill
  leading leave left like limit lines load localtime localtimestamp lock loop low_priority match modifies natural no_write_to_binlog not null offset on optimize option optionally or order out outer outfile over partition
  precision primary procedure purge range read reads recursive references regexp release rename repeat replace require resignal restrict return returning revoke right rlike role row_number rows schema schemas select
  separator session set show signal skip sql sql_big_result sql_calc_found_rows sql_no_cache sql_small_result sqlexception sqlstate sqlwarning starting start table tables terminated then to trailing transaction trigger
  truncate undo union unique unlock unsigned update usage use user using value values varying view when where while window with write xor zerofill`.split(
    /\s+/u,
  ),
);
