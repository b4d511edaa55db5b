/**
 * One statement as text and what stood between it: literals are gone, comments too, and white space is one blank. `pieces` has one more element than `literals`; text and literals alternate.
 */
export interface Skeleton {
  readonly pieces: readonly string[];
  readonly literals: readonly Literal[];
}

/** What stood in a place, never what it said. `parameter` is a placeholder of the client, by its number there. */
export type Literal =
  | { readonly kind: "string" }
  | { readonly kind: "number" }
  | { readonly kind: "parameter"; readonly number: number };

/**
 * What the lexer found. `torn`: a quote or comment was never closed. `doubtful`: a quote follows a backslash in a plain string. With `standard_conforming_strings` off, which no log tells, it would not end there, and what follows would be
 * literals in one reading and names in the other.
 */
export interface Lexed {
  readonly statements: readonly Skeleton[];
  readonly torn: boolean;
  readonly doubtful: boolean;
}

/** White space outside ASCII. PostgreSQL takes it for letters of names; whoever pasted it meant a blank, and no name is lost where the parser refuses the rest. */
const WIDE_BLANKS: ReadonlySet<number> = new Set([0xa0, 0x1680, 0x2028, 0x2029, 0x202f, 0x205f, 0x3000, 0xfeff]);
const NUMBER =
  /(?:0[xX][\da-fA-F_]+|0[oO][0-7_]+|0[bB][01_]+|(?:\d[\d_]*)?\.\d[\d_]*(?:[eE][+-]?\d+)?|\d[\d_]*\.?(?:[eE][+-]?\d+)?)/uy;
const DOLLAR = /\$(?:[\p{L}_\u0080-\uffff][\p{L}\p{N}_\u0080-\uffff]*)?\$/uy;
const SIGN_FOLLOWS =
  /^(?:select|when|then|else|and|or|not|in|between|values|return|limit|offset|by|where|on|having|set|from|like|ilike|default|is|case|returning|distinct|all|any|some|using|to|with|as|similar|escape|if|perform)$/iu;
/** Longer words are names: nothing depends on them. */
const LONGEST_KEYWORD = 12;
const POSITION_ENDS =
  /^(?:having|limit|offset|window|union|intersect|except|for|fetch|into|returning|rows|range|groups)$/iu;

/** Takes the literals out of a text after PostgreSQL's lexical rules, and splits it at the semicolons that end statements. One pass; memory follows the text. */
export function lex(text: string): Lexed {
  return new Lexer(text).run();
}

class Lexer {
  readonly #text: string;
  readonly #statements: Skeleton[] = [];
  #at = 0;
  #torn = false;
  #doubtful = false;

  #pieces: string[] = [];
  #literals: Literal[] = [];
  #piece = "";
  /** White space stood before what comes next. */
  #blank = false;
  #newline = false;
  /** The last token: a word in lower case, an operator character, or `?` for a literal. Empty at the start. */
  #last = "";
  #beforeLast = "";
  /** Brackets that are open. */
  #depth = 0;
  /** In the list after ORDER BY or GROUP BY, at this depth: whole numbers there are places of columns. -1: not. */
  #positions = -1;
  /** `begin atomic` and `case` that were not ended: semicolons inside do not end the statement. */
  #blocks = 0;
  #groups: Group[] = [];

  constructor(text: string) {
    this.#text = text;
  }

  run(): Lexed {
    const text = this.#text;
    while (this.#at < text.length && !this.#torn) this.#token(text.charCodeAt(this.#at));
    this.#endStatement();
    return { statements: this.#statements, torn: this.#torn, doubtful: this.#doubtful };
  }

  #token(code: number): void {
    const text = this.#text;
    const next = text.charCodeAt(this.#at + 1);
    if (code === 32 || (code >= 9 && code <= 13)) {
      this.#blank = true;
      if (code === 10 || code === 13) this.#newline = true;
      this.#at++;
    } else if (code === 45 && next === 45) this.#lineComment();
    else if (code === 47 && next === 42) this.#blockComment();
    else if (code === 39) this.#string(this.#at + 1, false);
    else if (code === 34) this.#quotedName();
    else if (code === 36) this.#dollar();
    else if (isDigit(code) || (code === 46 && isDigit(next))) this.#number();
    else if (isWordStart(code)) this.#word();
    else if (WIDE_BLANKS.has(code)) {
      this.#blank = true;
      this.#at++;
    } else if (code === 59) this.#semicolon();
    else this.#operator(text[this.#at] ?? "");
  }

  #lineComment(): void {
    const end = this.#text.indexOf("\n", this.#at);
    this.#at = end === -1 ? this.#text.length : end;
    this.#blank = true;
  }

  /** They nest. */
  #blockComment(): void {
    const text = this.#text;
    let depth = 0;
    do {
      const open = text.indexOf("/*", this.#at);
      const close = text.indexOf("*/", this.#at);
      if (close === -1) {
        this.#torn = true;
        return;
      }
      if (open !== -1 && open < close) {
        depth++;
        this.#at = open + 2;
      } else {
        depth--;
        this.#at = close + 2;
      }
    } while (depth > 0);
    this.#blank = true;
  }

  /** From behind the opening quote. */
  #string(from: number, escapes: boolean): void {
    const text = this.#text;
    let at = from;
    for (;;) {
      const quote = text.indexOf("'", at);
      if (quote === -1) {
        this.#torn = true;
        return;
      }
      const isEscaped = backslashesBefore(text, quote, at) % 2 === 1;
      if (isEscaped && escapes) {
        at = quote + 1;
        continue;
      }
      const isDoubled = text.charCodeAt(quote + 1) === 39;
      const isEscapeClause = this.#last === "escape" && quote === from + 1 && !isDoubled;
      if (isEscaped && !isEscapeClause) this.#doubtful = true;
      if (!isDoubled) {
        this.#at = quote + 1;
        break;
      }
      at = quote + 2;
    }
    // Strings that a line end parts are one.
    if (this.#last === "?" && this.#newline && this.#literals.at(-1)?.kind === "string" && this.#piece === "") {
      this.#blank = this.#newline = false;
      return;
    }
    this.#literal({ kind: "string" });
  }

  #quotedName(): void {
    const text = this.#text;
    let at = this.#at + 1;
    for (;;) {
      const quote = text.indexOf('"', at);
      if (quote === -1) {
        this.#torn = true;
        return;
      }
      if (text.charCodeAt(quote + 1) !== 34) {
        at = quote + 1;
        break;
      }
      at = quote + 2;
    }
    this.#put(text.slice(this.#at, at), '"');
    this.#at = at;
  }

  #dollar(): void {
    const text = this.#text;
    const number = /\$(\d{1,9})/uy;
    number.lastIndex = this.#at;
    const parameter = number.exec(text);
    if (parameter !== null) {
      this.#at += parameter[0].length;
      this.#literal({ kind: "parameter", number: Number(parameter[1]) });
      return;
    }
    DOLLAR.lastIndex = this.#at;
    const tag = DOLLAR.exec(text)?.[0];
    if (tag === undefined) {
      this.#operator("$");
      return;
    }
    const end = text.indexOf(tag, this.#at + tag.length);
    if (end === -1) {
      this.#torn = true;
      return;
    }
    this.#at = end + tag.length;
    this.#literal({ kind: "string" });
  }

  #number(): void {
    NUMBER.lastIndex = this.#at;
    const found = NUMBER.exec(this.#text)?.[0] ?? "0";
    this.#at += found.length;
    if (this.#positions === this.#depth && (this.#last === "by" || this.#last === ",") && /^\d{1,3}$/u.test(found)) {
      const rest =
        /[\s)]*(?:[,;)]|$|asc\b|desc\b|nulls\b|order\b|window\b|limit\b|offset\b|having\b|for\b|fetch\b|union\b|except\b|intersect\b|--|\/\*)/iuy;
      rest.lastIndex = this.#at;
      if (rest.test(this.#text)) {
        this.#put(found, "position");
        return;
      }
    }
    // PostgreSQL's grammar makes one constant of a sign and a number.
    if (this.#last === "-" && this.#piece.endsWith("-") && this.#signStands()) {
      this.#piece = this.#piece.slice(0, -1);
      if (this.#piece.endsWith(" ")) {
        this.#piece = this.#piece.slice(0, -1);
        this.#blank = true;
      }
      this.#last = this.#beforeLast;
    }
    this.#literal({ kind: "number" });
  }

  #signStands(): boolean {
    const before = this.#beforeLast;
    if (before === "" || before === "?" || before === '"' || before === ")" || before === "]") return false;
    return isWord(before) ? SIGN_FOLLOWS.test(before) : true;
  }

  #word(): void {
    const text = this.#text;
    const first = text.charCodeAt(this.#at) | 32;
    const next = text.charCodeAt(this.#at + 1);
    // e'..', b'..', x'..', n'..', u&'..'
    if (next === 39 && (first === 101 || first === 98 || first === 120 || first === 110)) {
      this.#string(this.#at + 2, first === 101);
      return;
    }
    if (first === 117 && next === 38 && text.charCodeAt(this.#at + 2) === 39) {
      this.#string(this.#at + 3, false);
      this.#skipUescape();
      return;
    }
    let end = this.#at + 1;
    while (end < text.length && isWordPart(text.charCodeAt(end))) end++;
    const word = text.slice(this.#at, end);
    const lower = word.length > LONGEST_KEYWORD ? "name" : word.toLowerCase();
    this.#track(lower);
    this.#put(word, lower);
    this.#at += word.length;
  }

  #skipUescape(): void {
    const clause = /\s*uescape\s*'[^']'/iuy;
    clause.lastIndex = this.#at;
    if (clause.test(this.#text)) this.#at = clause.lastIndex;
  }

  #track(word: string): void {
    if (word === "by" && (this.#last === "order" || this.#last === "group")) this.#positions = this.#depth;
    else if (this.#positions === this.#depth && POSITION_ENDS.test(word)) this.#positions = -1;
    if (word === "atomic" && this.#last === "begin") this.#blocks++;
    else if (this.#blocks > 0 && word === "case") this.#blocks++;
    else if (this.#blocks > 0 && word === "end") this.#blocks--;
  }

  #semicolon(): void {
    this.#at++;
    if (this.#depth > 0 || this.#blocks > 0) {
      this.#put(";", ";");
      return;
    }
    this.#endStatement();
  }

  #operator(char: string): void {
    this.#at++;
    if (char === "(" || char === "[") {
      const opener = this.#last;
      const isRow = char === "(" && (opener === "values" || (opener === "," && this.#rowsGoOn()));
      const isList = (char === "(" && opener === "in") || (char === "[" && opener === "array");
      this.#put(char, char);
      this.#depth++;
      this.#groups.push({
        kind: isRow ? "row" : isList ? "list" : "other",
        pieces: this.#pieces.length,
        piece: this.#piece.length,
        last: null,
      });
    } else if (char === ")" || char === "]") {
      this.#put(char, char);
      this.#depth = Math.max(0, this.#depth - 1);
      if (this.#positions > this.#depth) this.#positions = -1;
      const group = this.#groups.pop();
      if (group !== undefined && group.kind !== "other") this.#shorten(group);
    } else {
      if (char === "," && this.#groups.length > 0) this.#listGoesOn();
      this.#put(char, char);
    }
  }

  /** The comma stands between two rows of VALUES. */
  #rowsGoOn(): boolean {
    return this.#beforeLast === ")" && this.#row?.depth === this.#depth;
  }

  /** The row of VALUES that ended last, as it stands in the output. */
  #row: { readonly text: string; readonly depth: number; readonly pieces: number; readonly piece: string } | null =
    null;

  /** In a list of nothing but literals one stands for all: the list's length is not part of a statement. */
  #listGoesOn(): void {
    const group = this.#groups.at(-1);
    if (group?.kind !== "list" || group.last !== null) return;
    if (this.#last === "?" && this.#pieces.length === group.pieces + 1 && this.#piece === "") {
      group.last = this.#pieces.length;
    }
  }

  #shorten(group: Group): void {
    if (group.kind === "list") {
      if (group.last === null || !this.#onlyLiterals(group.last)) return;
      this.#pieces.length = this.#literals.length = group.last;
      this.#piece = this.#text[this.#at - 1] ?? ")";
      return;
    }
    const written = this.#written(group);
    const row = this.#row;
    if (row !== null && row.depth === this.#depth && row.text === written) {
      this.#pieces.length = row.pieces;
      this.#literals.length = row.pieces;
      this.#piece = row.piece;
    } else {
      this.#row = { text: written, depth: this.#depth, pieces: this.#pieces.length, piece: this.#piece };
    }
  }

  /** What was written since the group opened, with literals as one sign. */
  #written(group: Group): string {
    if (this.#pieces.length === group.pieces) return this.#piece.slice(group.piece).replaceAll(" ", "");
    const parts = [(this.#pieces[group.pieces] ?? "").slice(group.piece)];
    for (let i = group.pieces + 1; i < this.#pieces.length; i++) parts.push(this.#pieces[i] ?? "");
    return [...parts, this.#piece].join("?").replaceAll(" ", "");
  }

  #onlyLiterals(from: number): boolean {
    for (let i = from; i < this.#pieces.length; i++) if (!/^, ?$/u.test(this.#pieces[i] ?? "")) return false;
    return /^ ?[)\]]$/u.test(this.#piece);
  }

  #literal(literal: Literal): void {
    this.#put("", "?");
    this.#pieces.push(this.#piece);
    this.#literals.push(literal);
    this.#piece = "";
  }

  #put(written: string, token: string): void {
    const isStart = this.#pieces.length === 0 && this.#piece === "";
    const isTight = closes(token) || this.#last === "(" || this.#last === "[";
    if (this.#blank && !isStart && !isTight) this.#piece += " ";
    this.#blank = this.#newline = false;
    this.#piece += written;
    this.#beforeLast = this.#last;
    this.#last = token;
    if (token !== ")" && token !== "," && token !== "(" && this.#depth === 0) this.#row = null;
  }

  #endStatement(): void {
    if (this.#pieces.length > 0 || this.#piece !== "") {
      this.#statements.push({ pieces: [...this.#pieces, this.#piece], literals: this.#literals });
    }
    this.#pieces = [];
    this.#literals = [];
    this.#piece = "";
    this.#blank = this.#newline = false;
    this.#last = this.#beforeLast = "";
    this.#depth = this.#blocks = 0;
    this.#positions = -1;
    this.#groups = [];
    this.#row = null;
  }
}

interface Group {
  readonly kind: "row" | "list" | "other";
  /** Where it opened in the output. */
  readonly pieces: number;
  readonly piece: number;
  /** Behind the first literal of a list. */
  last: number | null;
}

function backslashesBefore(text: string, quote: number, from: number): number {
  let count = 0;
  while (quote - count - 1 >= from && text.charCodeAt(quote - count - 1) === 92) count++;
  return count;
}

function isDigit(code: number): boolean {
  return code >= 48 && code <= 57;
}

/** No blank stands before them. */
function closes(token: string): boolean {
  return token === ")" || token === "," || token === ";" || token === "]";
}

/** Letters, digits, `_`, `$`, and everything outside ASCII but white space. */
function isWordPart(code: number): boolean {
  return isWordStart(code) || isDigit(code) || code === 36;
}

function isWordStart(code: number): boolean {
  return (
    (code >= 97 && code <= 122) || (code >= 65 && code <= 90) || code === 95 || (code > 127 && !WIDE_BLANKS.has(code))
  );
}

function isWord(token: string): boolean {
  return token.length > 1 || /[a-z_\u0080-\uffff]/u.test(token);
}
