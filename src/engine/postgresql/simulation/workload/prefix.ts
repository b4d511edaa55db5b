/** What the beginning of a line says. */
export interface PrefixFields {
  readonly time: string;
  readonly user: string | null;
  readonly database: string | null;
  readonly session: string | null;
  readonly line: string | null;
  readonly code: string | null;
  readonly application: string | null;
  /** LOG, ERROR, DETAIL, STATEMENT ... */
  readonly severity: string;
  /** Where the message begins. */
  readonly message: number;
}

/** Reads the beginnings of lines that a `log_line_prefix` wrote. */
export interface LinePrefix {
  readonly text: string;
  /** The escapes in it: `m`, `u`, `p` ... */
  readonly escapes: ReadonlySet<string>;
  /** Null: the line does not begin so. */
  read(line: string): PrefixFields | null;
}

/** Escapes after the manual (Error Reporting and Logging, `log_line_prefix`), with what each can print. Groups are named by the escape. */
const ESCAPES: Readonly<Record<string, string>> = {
  a: ".*?",
  u: ".*?",
  d: ".*?",
  r: "[^ ]*?",
  h: "[^ ]*?",
  L: "[^ ]*?",
  b: "[a-z ]*?",
  p: "\\d+",
  P: "\\d*",
  t: TIME_PATTERN(""),
  m: TIME_PATTERN("\\.\\d{3}"),
  n: "\\d+\\.\\d{3}",
  i: ".*?",
  e: "[0-9A-Z]{5}",
  c: "[0-9a-f]+\\.[0-9a-f]+",
  l: "\\d+",
  s: TIME_PATTERN(""),
  v: "(?:-?\\d+/\\d+)?",
  x: "\\d+",
  Q: "-?\\d+",
};

function TIME_PATTERN(fraction: string): string {
  return `\\d{4}-\\d\\d-\\d\\d \\d\\d:\\d\\d:\\d\\d${fraction} [A-Za-z0-9+:-]+`;
}

const SEVERITIES =
  "DEBUG[1-5]?|LOG|INFO|NOTICE|WARNING|ERROR|FATAL|PANIC|DETAIL|HINT|CONTEXT|STATEMENT|QUERY|LOCATION|BACKTRACE";

/** The reader of a prefix. Null: it has an escape that there is not. */
export function linePrefix(text: string): LinePrefix | null {
  const escapes = new Set<string>();
  let pattern = "^";
  let optional = 0;
  for (const [part, padding = "", escape = ""] of text.matchAll(/%(-?\d+)?([a-zA-Z%])|[^%]+|%/gu)) {
    if (!part.startsWith("%") || escape === "%") pattern += quotePattern(escape === "%" ? "%" : part);
    else if (escape === "q") {
      pattern += "(?:";
      optional++;
    } else {
      const content = ESCAPES[escape];
      if (content === undefined) return null;
      const group = escapes.has(escape) ? `(?:${content})` : `(?<${escape}>${content})`;
      pattern += padding === "" ? group : ` *${group} *`;
      escapes.add(escape);
    }
  }
  const expression = new RegExp(`${pattern}${")?".repeat(optional)}(?<severity>${SEVERITIES}):  `, "u");
  return {
    text,
    escapes,
    read(line) {
      const found = expression.exec(line);
      if (found === null) return null;
      const groups = found.groups ?? {};
      return {
        time: groups["m"] ?? groups["t"] ?? epoch(groups["n"]),
        user: nameOf(groups["u"]),
        database: nameOf(groups["d"]),
        session: groups["c"] ?? groups["p"] ?? null,
        line: groups["l"] ?? null,
        code: groups["e"] ?? null,
        application: nameOf(groups["a"]),
        severity: groups["severity"] ?? "",
        message: found[0].length,
      };
    },
  };
}

function quotePattern(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/gu, "\\$&");
}

function epoch(seconds: string | undefined): string {
  return seconds === undefined
    ? ""
    : `${new Date(Number(seconds) * 1000).toISOString().slice(0, 23).replace("T", " ")} UTC`;
}

function nameOf(text: string | undefined): string | null {
  const name = text?.trim();
  return name === undefined || name === "" || name === "[unknown]" ? null : name;
}

/** Prefixes that servers, packagers and providers use: for the advice where the one that was given does not fit. */
const COMMON: readonly string[] = [
  "%m [%p] ",
  "%m [%p] %q%u@%d ",
  "%m [%p] %q%u@%d/%a ",
  "%m [%p] %q[user=%u,db=%d,app=%a] ",
  "%t [%p]: [%l-1] user=%u,db=%d,app=%a,client=%h ",
  "%t [%p]: user=%u,db=%d,app=%a,client=%h ",
  "%t:%r:%u@%d:[%p]:",
  "%m:%r:%u@%d:[%p]:%l:%e:%s:%v:%x:%c:%q%a:",
  "%t [%p] %q%u@%d ",
  "%t [%p]: [%l-1] db=%d,user=%u ",
  "%m [%p]: [%l-1] db=%d,user=%u,app=%a,client=%h ",
  "%t-%c-",
  "< %m > ",
  "< %m %d %u > ",
  "%m %u@%d [%p] ",
  "%m [%c] %q%u@%d ",
  "%t ",
  "",
];

/** The common prefix that fits most of these lines; null: none fits half of them. The one that says most wins. */
export function suggestPrefix(lines: readonly string[]): string | null {
  const begun = lines.filter((line) => line !== "" && !line.startsWith("\t"));
  let best: { readonly text: string; readonly fits: number; readonly says: number } | null = null;
  for (const text of COMMON) {
    const reader = linePrefix(text);
    if (reader === null) continue;
    const fits = begun.filter((line) => reader.read(line) !== null).length;
    if (fits * 2 < begun.length || fits === 0) continue;
    const says = reader.escapes.size;
    if (best === null || fits > best.fits || (fits === best.fits && says > best.says)) best = { text, fits, says };
  }
  return best === null || best.text === "" ? null : best.text;
}
