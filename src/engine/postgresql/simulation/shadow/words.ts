/** The longest name that the server keeps, in bytes; what is longer it cuts. */
const LONGEST = 63;
const USUAL = /^[\p{L}_][\p{L}\p{N}_$]*$/u;
const WORD = /[\p{L}_][\p{L}\p{N}_$]*/gu;

/** Every name that could occur in some texts of SQL, whether it stands there as a name, in quotes or in a string: texts are not taken apart, so nothing is missed by misreading them. */
export class Words implements Iterable<string> {
  /** Names are written by their numbers (`U&"\0041"`), so that every name could be meant. */
  readonly anything: boolean;
  readonly #texts: readonly string[];
  readonly #words: Set<string> = new Set();

  constructor(texts: readonly string[]) {
    this.#texts = texts;
    this.anything = texts.some((text) => /\bU&["']/iu.test(text));
    for (const text of texts) {
      for (const [word] of text.matchAll(WORD)) {
        for (const form of [word, folded(word)]) this.#words.add(Buffer.byteLength(form) > LONGEST ? cut(form) : form);
      }
    }
  }

  /** Whether a name is one that `Words` finds by itself; any other must be asked for by `mention`. */
  static isUsual(name: string): boolean {
    return USUAL.test(name);
  }

  /** Whether a name occurs, also as a part of another word. */
  mention(name: string): boolean {
    const quoted = name.replaceAll('"', '""');
    return this.#texts.some((text) => text.includes(name) || text.includes(quoted) || folded(text).includes(name));
  }

  /** Whether a word occurs by itself. */
  has(word: string): boolean {
    return this.#words.has(word);
  }

  [Symbol.iterator](): Iterator<string> {
    return this.#words.values();
  }
}

/** As the server folds what is not in quotes: ASCII letters alone. */
function folded(text: string): string {
  return text.replace(/[A-Z]/gu, (letter) => letter.toLowerCase());
}

function cut(word: string): string {
  let short = word;
  while (Buffer.byteLength(short) > LONGEST) short = short.slice(0, -1);
  return short;
}
