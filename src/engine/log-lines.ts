import { MOST_RECORD } from "./log-bytes.ts";

const LINE_FEED = 10;

/** One line as a place in bytes that are used again: take what is needed at once. `cut`: it was longer than is kept. */
export type TakeLine = (bytes: Buffer, start: number, end: number, cut: boolean) => void;

/** Splits bytes into lines. Memory is bounded by the longest line that is kept. */
export class Lines {
  readonly #take: TakeLine;
  #rest: Buffer = Buffer.alloc(0);
  #passing = false;

  constructor(take: TakeLine) {
    this.#take = take;
  }

  push(chunk: Uint8Array): void {
    const whole = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let start = 0;
    if (this.#rest.length > 0 || this.#passing) {
      const end = whole.indexOf(LINE_FEED);
      if (end === -1) return this.#keep(whole, 0);
      if (!this.#passing) this.#line(Buffer.concat([this.#rest, whole.subarray(0, end)]), 0, this.#rest.length + end);
      this.#passing = false;
      this.#rest = Buffer.alloc(0);
      start = end + 1;
    }
    for (let end = whole.indexOf(LINE_FEED, start); end !== -1; end = whole.indexOf(LINE_FEED, start)) {
      this.#line(whole, start, end);
      start = end + 1;
    }
    this.#keep(whole, start);
  }

  end(): void {
    if (this.#rest.length > 0) this.#line(this.#rest, 0, this.#rest.length);
    this.#rest = Buffer.alloc(0);
  }

  #line(bytes: Buffer, start: number, end: number): void {
    const isCarriage = end > start && bytes[end - 1] === 13;
    this.#take(bytes, start, isCarriage ? end - 1 : end, false);
  }

  #keep(bytes: Buffer, start: number): void {
    if (this.#passing || start === bytes.length) return;
    this.#rest = Buffer.concat([this.#rest, bytes.subarray(start)]);
    if (this.#rest.length <= MOST_RECORD) return;
    this.#take(this.#rest, 0, this.#rest.length, true);
    this.#rest = Buffer.alloc(0);
    this.#passing = true;
  }
}

/** Takes a log line by line, as its bytes come. */
export async function readLines(
  bytes: AsyncIterable<Uint8Array>,
  { onProgress, signal }: { readonly onProgress?: (bytes: number) => void; readonly signal?: AbortSignal },
  take: TakeLine,
): Promise<void> {
  const lines = new Lines(take);
  let done = 0;
  for await (const chunk of bytes) {
    signal?.throwIfAborted();
    lines.push(chunk);
    onProgress?.((done += chunk.byteLength));
  }
  lines.end();
}
