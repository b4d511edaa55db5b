import { MOST_RECORD, textOf } from "../../../log-bytes.ts";
import { timeAt } from "./bytes.ts";

const QUOTE = 34;
const COMMA = 44;
const LINE_FEED = 10;
const MOST_FIELDS = 32;
const LINE_END = Uint8Array.of(LINE_FEED);

/** One record, as places in bytes that are used again for the next: take what is needed at once. */
export interface CsvRecord {
  readonly bytes: Buffer;
  readonly fields: number;
  /** The first byte of a field's content; quotes are not part of it. */
  start(field: number): number;
  end(field: number): number;
  /** It is in quotes from end to end, or has none. */
  isWhole(field: number): boolean;
  /** The field's text; empty where there is none. */
  text(field: number): string;
}

/** What comes of the records. `take` says whether it was one: where it was not, reading starts again at the next line. */
export interface CsvSink {
  take(record: CsvRecord, isCut: boolean): boolean;
  /** Lines that are part of no record. */
  unread(lines: number): void;
  /** A record longer than can be kept; what was kept is given to `take` without its end. */
  cut(): void;
}

/**
 * Splits PostgreSQL's CSV into records, byte by byte; quoted fields hold commas, quotes and line ends. Memory is bounded by the longest record that is kept. A file that was cut inside quotes turns everything behind
 * it inside out, so a record that does not hold up is given up and reading starts again at the next line.
 */
export class CsvRecords {
  readonly #sink: CsvSink;
  #own: Buffer = Buffer.alloc(0);
  /** The part of them that is in use. */
  #buffer: Buffer = this.#own;
  #scanned = 0;
  #quoted = false;
  #count = 0;
  /** Bytes of a record that is too long are passed over. */
  #passing = false;
  readonly #starts = new Int32Array(MOST_FIELDS);
  readonly #ends = new Int32Array(MOST_FIELDS);
  readonly #record: CsvRecord;

  constructor(sink: CsvSink) {
    this.#sink = sink;
    const content = (field: number, quoteWidth: number): number =>
      this.#buffer[this.#starts[field] as number] === QUOTE ? quoteWidth : 0;
    const start = (field: number): number => (this.#starts[field] as number) + content(field, 1);
    const end = (field: number): number => (this.#ends[field] as number) - content(field, 1);
    const fields = (): number => this.#count;
    const bytes = (): Buffer => this.#buffer;
    this.#record = {
      get bytes() {
        return bytes();
      },
      get fields() {
        return fields();
      },
      start,
      end,
      isWhole(field) {
        const [from, to] = [start(field), end(field)];
        const isQuoted = bytes()[from - 1] === QUOTE;
        if (isQuoted !== (bytes()[to] === QUOTE)) return false;
        let at = bytes().indexOf(QUOTE, from);
        while (at !== -1 && at < to) {
          if (!isQuoted || bytes()[at + 1] !== QUOTE || at + 1 >= to) return false;
          at = bytes().indexOf(QUOTE, at + 2);
        }
        return true;
      },
      text(field) {
        if (field >= fields()) return "";
        const text = textOf(bytes(), start(field), end(field));
        return text.includes('""') ? text.replaceAll('""', '"') : text;
      },
    };
  }

  push(chunk: Uint8Array): void {
    const rest = this.#buffer.length;
    this.#buffer = this.#joined(rest, chunk);
    this.#scan(false);
  }

  /** The end of the file: a last record without a line end counts, one inside quotes was cut. */
  end(): void {
    const rest = this.#buffer.length;
    if (rest > 0 && this.#buffer[rest - 1] !== LINE_FEED) this.#buffer = this.#joined(rest, LINE_END);
    this.#scan(true);
  }

  /** What was kept, which stands at the beginning of our own bytes, and what comes behind it. One allocation serves all chunks: buffers that are thrown away pile up faster than they are collected. */
  #joined(rest: number, chunk: Uint8Array): Buffer {
    const length = rest + chunk.byteLength;
    if (length > this.#own.length) {
      const grown = Buffer.allocUnsafeSlow(Math.max(length, this.#own.length * 2));
      this.#own.copy(grown, 0, 0, rest);
      this.#own = grown;
    }
    this.#own.set(chunk, rest);
    return this.#own.subarray(0, length);
  }

  #scan(isEnd: boolean): void {
    let start = 0;
    for (;;) {
      const end = this.#findEnd(start);
      if (end !== -1) {
        if (this.#passing) {
          this.#passing = false;
          start = end + 1;
        } else if (end === start || (end === start + 1 && this.#buffer[start] === 13)) start = end + 1;
        else if (this.#sink.take(this.#record, false)) start = end + 1;
        else start = this.#nextLine(start);
        this.#begin(start);
        continue;
      }
      if (isEnd && start < this.#buffer.length && !this.#passing) {
        start = this.#nextLine(start);
        this.#begin(start);
        continue;
      }
      break;
    }
    this.#keep(start);
  }

  /** A record that is not one: its first line is given up. */
  #nextLine(start: number): number {
    this.#sink.unread(1);
    const next = this.#buffer.indexOf(LINE_FEED, start);
    return next === -1 ? this.#buffer.length : next + 1;
  }

  #begin(start: number): void {
    this.#scanned = start;
    this.#quoted = false;
    this.#count = 0;
    this.#starts[0] = start;
  }

  /** The line end that ends the record; -1: not here yet. Goes on where it stopped. */
  #findEnd(start: number): number {
    const bytes = this.#buffer;
    const starts = this.#starts;
    const ends = this.#ends;
    let at = this.#scanned;
    let count = this.#count;
    let quoted = this.#quoted;
    if (at === start && count === 0) starts[0] = start;
    for (; at < bytes.length; at++) {
      const byte = bytes[at] as number;
      if (byte === QUOTE) quoted = !quoted;
      else if (quoted) continue;
      else if (byte === COMMA) {
        if (count < MOST_FIELDS - 1) {
          ends[count++] = at;
          starts[count] = at + 1;
        }
      } else if (byte === LINE_FEED) {
        ends[count++] = at > start && bytes[at - 1] === 13 ? at - 1 : at;
        this.#count = count;
        this.#scanned = at + 1;
        this.#quoted = false;
        return at;
      }
    }
    this.#scanned = at;
    this.#count = count;
    this.#quoted = quoted;
    return -1;
  }

  /** Keeps what belongs to the record that has begun. */
  #keep(start: number): void {
    if (this.#passing) {
      this.#buffer = this.#own.subarray(0, 0);
      this.#scanned = 0;
      return;
    }
    const length = this.#buffer.length - start;
    if (length > MOST_RECORD) return this.#giveUp(start);
    this.#own.copyWithin(0, start, this.#buffer.length);
    this.#buffer = this.#own.subarray(0, length);
    this.#scanned -= start;
    for (let i = 0; i <= this.#count; i++) {
      this.#starts[i] = (this.#starts[i] as number) - start;
      this.#ends[i] = (this.#ends[i] as number) - start;
    }
  }

  /** Too long: either a statement of that length, or a quote that was cut, and then a record begins at some line in it. */
  #giveUp(start: number): void {
    for (let at = this.#buffer.indexOf(LINE_FEED, start); at !== -1; at = this.#buffer.indexOf(LINE_FEED, at + 1)) {
      if (!timeAt(this.#buffer, at + 1)) continue;
      this.#sink.unread(1);
      this.#begin(at + 1);
      this.#scan(false);
      return;
    }
    const count = this.#count;
    this.#ends[count] = this.#buffer.length;
    this.#count = count + 1;
    this.#sink.cut();
    this.#sink.take(this.#record, true);
    this.#count = 0;
    this.#passing = true;
    this.#buffer = this.#own.subarray(0, 0);
    this.#scanned = 0;
  }
}
