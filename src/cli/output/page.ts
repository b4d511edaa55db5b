import type { Tone } from "./look.ts";

/**
 * What a command has to say to a person, before it is laid out: the same facts become aligned text, or one labelled fact per line with `--accessible`.
 * Every string in it is text from us or escaped already (see escape.ts).
 */
export type Page = readonly Block[];

export type Block = FactsBlock | SectionBlock | TableBlock | LineBlock;

/** Short facts in one line: the header of a plan. */
export interface FactsBlock {
  readonly kind: "facts";
  readonly facts: readonly Fact[];
}

export interface Fact {
  readonly label: string;
  readonly value: string;
  /** The value speaks for itself, so the label is printed only where there is no alignment. */
  readonly bare?: boolean;
}

export interface SectionBlock {
  readonly kind: "section";
  readonly title: string;
  /** Beside the title. */
  readonly note?: string;
  readonly items: readonly Item[];
}

export interface Item {
  /** `+`, `-`, `~`, `!` or a word; it says what the tone shows. */
  readonly sign?: string;
  readonly text: string;
  readonly tone?: Tone;
  /** Why: printed after the text. */
  readonly because?: string;
  /** `file:line:column`, at the right. */
  readonly place?: string;
  /** What to do about it. */
  readonly help?: string;
  /** Preformatted lines under the item: a code frame, a statement. */
  readonly lines?: readonly string[];
  readonly items?: readonly Item[];
}

export interface TableBlock {
  readonly kind: "table";
  readonly title: string;
  /** The heading of the first column is the title's. */
  readonly columns: readonly string[];
  readonly rows: readonly Row[];
  /** What is printed when there is no row: "nobody". */
  readonly empty: string;
}

export interface Row {
  readonly sign?: string;
  readonly tone?: Tone;
  readonly cells: readonly string[];
}

/** A closing line: `SUMMARY`, `REFUSED`, `NEXT`. */
export interface LineBlock {
  readonly kind: "line";
  readonly label: string;
  readonly text: string;
  readonly tone?: Tone;
}
