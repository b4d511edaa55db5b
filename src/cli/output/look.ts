import picocolors from "picocolors";
import { toAscii } from "./escape.ts";

/** What a stream can show: decided once for stdout and once for stderr. */
export interface Look {
  readonly paint: Paint;
  /** Columns that tables and right-hand notes may use. */
  readonly width: number;
  /** A person watches: long lines are wrapped, progress may be shown. */
  readonly terminal: boolean;
  /** No tables, no alignment, one labelled fact per line. */
  readonly accessible: boolean;
  /** False where the locale cannot show more than ASCII. */
  readonly unicode: boolean;
}

/** Colour by meaning. Every colour repeats a sign or a word, so that nothing is lost without it. */
export type Tone = "plain" | "add" | "remove" | "change" | "bad" | "warn" | "good" | "dim" | "title";
export type Paint = (tone: Tone, text: string) => string;

export const COLOR_CHOICES = ["auto", "always", "never"] as const;
export type ColorChoice = (typeof COLOR_CHOICES)[number];

/** The facts about a stream that its Look depends on. */
export interface StreamFacts {
  readonly isTTY: boolean;
  readonly columns: number | undefined;
}

type Environment = Readonly<Record<string, string | undefined>>;

const WIDTH_WITHOUT_TERMINAL = 120;
/** Some terminals say that they have no columns at all. */
const WIDTH_UNKNOWN = 80;
const NARROWEST = 40;

/** Decides how a stream looks. `--color` wins over `FORCE_COLOR`, which wins over `NO_COLOR`, which wins over what the stream is. */
export function lookOf(
  stream: StreamFacts,
  env: Environment,
  options: { readonly color: ColorChoice; readonly accessible: boolean },
): Look {
  return {
    paint: paintWith(usesColor(stream, env, options.color)),
    width: Math.max(
      NARROWEST,
      stream.columns || Number(env["COLUMNS"]) || (stream.isTTY ? WIDTH_UNKNOWN : WIDTH_WITHOUT_TERMINAL),
    ),
    terminal: stream.isTTY,
    accessible: options.accessible || isSet(env["ROLEWRIGHT_ACCESSIBLE"]),
    unicode: isUtf8(env),
  };
}

/** The text as this stream can show it. */
export function fitCharset(text: string, look: Look): string {
  return look.unicode ? text : toAscii(text);
}

/** A Look without colours for tests and files. */
export const PLAIN_LOOK: Look = {
  paint: (_tone, text) => text,
  width: WIDTH_WITHOUT_TERMINAL,
  terminal: false,
  accessible: false,
  unicode: true,
};

function usesColor(stream: StreamFacts, env: Environment, choice: ColorChoice): boolean {
  if (choice !== "auto") return choice === "always";
  const forced = env["FORCE_COLOR"];
  if (forced !== undefined) return forced !== "0" && forced !== "false";
  if (isSet(env["NO_COLOR"])) return false;
  return stream.isTTY && env["TERM"] !== "dumb";
}

function paintWith(enabled: boolean): Paint {
  const colors = picocolors.createColors(enabled);
  const tones: Record<Tone, (text: string) => string> = {
    plain: (text) => text,
    add: colors.green,
    remove: colors.red,
    change: colors.yellow,
    bad: (text) => colors.bold(colors.red(text)),
    warn: colors.yellow,
    good: colors.green,
    dim: colors.dim,
    title: colors.bold,
  };
  return (tone, text) => tones[tone](text);
}

/** The first of the three that is set decides, as in C's setlocale. None set: modern systems and containers mean UTF-8, so only a said "C" or "POSIX" is ASCII. */
function isUtf8(env: Environment): boolean {
  const locale = [env["LC_ALL"], env["LC_CTYPE"], env["LANG"]].find(isSet);
  return locale === undefined || /utf-?8/i.test(locale);
}

function isSet(value: string | undefined): boolean {
  return value !== undefined && value !== "" && value !== "0";
}
