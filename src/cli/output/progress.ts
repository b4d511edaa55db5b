/** Says what is going on, on stderr, once a second has passed in silence. */
export interface Progress {
  /** Names the step that begins now. */
  step(text: string): void;
  /** Takes the line away before something else is printed. */
  clear(): void;
}

export const silentProgress: Progress = { step: () => {}, clear: () => {} };

const SILENCE_MS = 1000;

/** Progress on a terminal: one line, printed only when a step takes longer than a second, and erased afterwards. */
export function terminalProgress(stream: { write(text: string): unknown }): Progress {
  let timer: NodeJS.Timeout | undefined;
  let shown = false;
  const clear = (): void => {
    clearTimeout(timer);
    if (shown) stream.write("\r\u001b[2K");
    shown = false;
  };
  return {
    step(text) {
      const wasShown = shown;
      clear();
      const print = (): void => {
        stream.write(`${text} ...`);
        shown = true;
      };
      if (wasShown) return print();
      timer = setTimeout(print, SILENCE_MS);
      timer.unref();
    },
    clear,
  };
}
