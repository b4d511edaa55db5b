/** A line of a log, without its end. */
export interface LogLine {
  readonly text: string;
  /** It was longer than what is kept of a line. */
  readonly cut: boolean;
}

/** What is kept of one line, in characters: 4 Mi. */
const LONGEST_LINE = 4_194_304;

/** The lines of a log as they come. Of one that never ends no more is kept than its beginning; bytes that are no UTF-8 become U+FFFD. */
export async function* logLines(
  bytes: AsyncIterable<Uint8Array>,
  options: {
    readonly onProgress?: ((bytes: number) => void) | undefined;
    readonly signal?: AbortSignal | undefined;
  } = {},
): AsyncGenerator<LogLine> {
  const decoder = new TextDecoder();
  let rest = "";
  let cut = false;
  let seen = 0;
  for await (const chunk of bytes) {
    options.signal?.throwIfAborted();
    seen += chunk.byteLength;
    const text = rest + decoder.decode(chunk, { stream: true });
    let from = 0;
    for (let end = text.indexOf("\n"); end >= 0; end = text.indexOf("\n", from)) {
      yield line(text.slice(from, end), cut);
      cut = false;
      from = end + 1;
    }
    rest = text.slice(from);
    if (rest.length > LONGEST_LINE) {
      rest = rest.slice(0, LONGEST_LINE);
      cut = true;
    }
    options.onProgress?.(seen);
  }
  rest += decoder.decode();
  if (rest !== "") yield line(rest, cut);
}

function line(text: string, cut: boolean): LogLine {
  const whole = text.endsWith("\r") ? text.slice(0, -1) : text;
  return whole.length > LONGEST_LINE ? { text: whole.slice(0, LONGEST_LINE), cut: true } : { text: whole, cut };
}
