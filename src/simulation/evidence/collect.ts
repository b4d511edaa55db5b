import { RolewrightError } from "../../base/error.ts";
import type { LogFormat, ReadingOptions } from "../../engine/simulation.ts";
import type { EvidenceWindow, Use } from "../../model/workload.ts";
import { Aggregate } from "./aggregate.ts";
import { type LogFile, openLog } from "./log-file.ts";

/** What is read of logs, and how. */
export interface CollectOptions extends Pick<ReadingOptions, "since" | "until" | "linePrefix" | "timeZone" | "signal"> {
  /** The forms to try, in order. */
  readonly formats: readonly LogFormat[];
  /** The form that the user names. @default the first that recognizes the file */
  readonly format?: string;
  /** One sentence about what is being read. */
  readonly onProgress?: (step: string) => void;
}

/** What was observed, before it becomes Evidence. */
export interface Collected {
  readonly windows: readonly EvidenceWindow[];
  readonly uses: readonly Use[];
}

/** Reads logs from files, those of one form as one series in the order of their first times. Throws RW541 for a file of no known form, RW543 for one that cannot be read. */
export async function collectLogs(paths: readonly string[], options: CollectOptions): Promise<Collected> {
  const files = await Promise.all([...new Set(paths)].map(openLog));
  const chosen = files.map((file) => ({ file, format: chooseFormat(file, options) }));
  const total = files.reduce((sum, { size }) => sum + size, 0);
  const windows: EvidenceWindow[] = [];
  const uses: Use[] = [];
  const series = new Map<string, object>();
  let done = 0;
  for (const { file, format } of chosen.toSorted((a, b) => compareTimes(a.file, b.file))) {
    const source = distinctName(`${format.kind} ${file.name}`, windows);
    const aggregate = new Aggregate({ source });
    const step = (read: number): void =>
      options.onProgress?.(`reading ${file.name}: ${total === 0 ? 100 : Math.floor(((done + read) / total) * 100)} %`);
    step(0);
    const common = series.get(format.kind) ?? {};
    series.set(format.kind, common);
    let told = 0;
    const window = await format.read(
      file.bytes((read) => {
        if (read - told < 8 * 1024 * 1024) return;
        told = read;
        step(read);
      }),
      (use) => aggregate.add(use),
      { ...readingOptions(options), source, series: common },
    );
    const summed = aggregate.end();
    windows.push({ ...window, losses: [...window.losses, ...file.losses, ...summed.losses].toSorted() });
    uses.push(...summed.uses);
    done += file.size;
  }
  return { windows, uses };
}

function readingOptions(options: CollectOptions): Omit<ReadingOptions, "source"> {
  const { since, until, linePrefix, timeZone, signal } = options;
  return {
    ...(since === undefined ? {} : { since }),
    ...(until === undefined ? {} : { until }),
    ...(linePrefix === undefined ? {} : { linePrefix }),
    ...(timeZone === undefined ? {} : { timeZone }),
    ...(signal === undefined ? {} : { signal }),
  };
}

function chooseFormat(file: LogFile, options: CollectOptions): LogFormat {
  if (options.format !== undefined) {
    const named = options.formats.find(({ kind }) => kind === options.format);
    if (named !== undefined) return named;
  }
  const recognized =
    options.format === undefined ? options.formats.find((format) => format.recognizes(file.beginning)) : undefined;
  if (recognized !== undefined) return recognized;
  const kinds = options.formats.map(({ kind }) => kind).join(", ");
  if (options.format !== undefined) {
    throw new RolewrightError("RW541", `there is no form of log called \`${options.format}\``, {
      help: `one of ${kinds}`,
    });
  }
  throw new RolewrightError(
    "RW541",
    `\`${file.path}\` is a log of no known form${file.beginning === "" ? ": it is empty" : ""}`,
    {
      help: `the forms are ${kinds}; name one with \`--format\``,
    },
  );
}

/** By the first time in each; files without one keep their place at the end. */
function compareTimes(a: LogFile, b: LogFile): number {
  const [first, second] = [firstTime(a), firstTime(b)];
  return first < second ? -1 : first > second ? 1 : 0;
}

function firstTime(file: LogFile): string {
  return /\d{4}-\d\d-\d\d[ T]\d\d:\d\d:\d\d(?:\.\d+)?/u.exec(file.beginning)?.[0].replace("T", " ") ?? "9999";
}

/** Two files of one name are two sources. */
function distinctName(name: string, windows: readonly EvidenceWindow[]): string {
  const taken = new Set(windows.map(({ source }) => source));
  for (let count = 1; ; count++) {
    const candidate = count === 1 ? name : `${name} (${count})`;
    if (!taken.has(candidate)) return candidate;
  }
}
