/** A value of the YAML that we print. Small ones are written on one line; comments stand above what they are about. */
export type Yaml = string | number | boolean | null | readonly Yaml[] | YamlMap;

/** A map, in the order in which it is to be read. Undefined fields are left out. */
export interface YamlMap {
  readonly [key: string]: Yaml | undefined;
}

/** The width that a line should not pass. */
const WIDTH = 120;

/** Prints a map as a YAML document that every YAML 1.2 reader reads back to the same value. */
export function printYaml(document: YamlMap): string {
  return block(document, 0);
}

/** A comment of several lines, each behind a `#`. */
export function comment(text: string): string {
  return text
    .split("\n")
    .map((line) => `# ${line}`.trimEnd())
    .join("\n");
}

function block(value: Yaml, indent: number): string {
  const pad = " ".repeat(indent);
  if (isList(value)) {
    if (value.length > 6 && value.every(isSmallItem)) return wrapped(value, indent);
    return value.map((item) => `${pad}- ${inline(item, indent + 2) ?? block(item, indent + 2).trim()}\n`).join("");
  }
  if (!isMap(value)) return `${pad}${scalar(value, BLOCK_PLAIN)}\n`;
  return fields(value)
    .map(([key, field]) => {
      const head = `${pad}${keyText(key)}:`;
      const literal = typeof field === "string" ? literalLines(field) : null;
      if (literal !== null) return `${head} |-\n${literal.map((line) => `${pad}  ${line}`.trimEnd()).join("\n")}\n`;
      const line = inline(field, head.length + 1);
      return line === null ? `${head}\n${block(field, indent + 2)}` : `${head} ${line}\n`;
    })
    .join("");
}

/** Many short names: as many a line as it holds. */
function wrapped(items: readonly Yaml[], indent: number): string {
  const pad = " ".repeat(indent);
  const lines: string[] = [];
  for (const item of items) {
    const text = `${flow(item)},`;
    const last = lines.at(-1);
    if (last === undefined || indent + 1 + last.length + text.length >= WIDTH) lines.push(text);
    else lines[lines.length - 1] = `${last} ${text}`;
  }
  return `${pad}[${lines.join(`\n${pad} `).replace(/,$/, "")}]\n`;
}

/** The value on one line where it is small enough to be read there, else null. */
function inline(value: Yaml, column: number): string | null {
  if (!isList(value) && !isMap(value)) return scalar(value, BLOCK_PLAIN);
  if (!isSmall(value)) return null;
  const text = flow(value);
  return column + text.length <= WIDTH ? text : null;
}

/** Short names stand beside each other; whole lines and maps are read downwards. */
function isSmall(value: Yaml): boolean {
  if (isList(value)) return value.every((item) => isSmallItem(item));
  if (!isMap(value)) return true;
  const all = fields(value);
  return all.length <= 4 && all.every(([, field]) => (isList(field) ? field.every(isSmallItem) : isSmallItem(field)));
}

function isSmallItem(value: Yaml): boolean {
  return !isList(value) && !isMap(value) && !(typeof value === "string" && value.includes(" on "));
}

function flow(value: Yaml): string {
  if (isList(value)) return `[${value.map(flow).join(", ")}]`;
  if (!isMap(value)) return scalar(value, FLOW_PLAIN);
  const inner = fields(value).map(([key, field]) => `${keyText(key)}: ${flow(field)}`);
  return inner.length === 0 ? "{}" : `{ ${inner.join(", ")} }`;
}

function isList(value: Yaml): value is readonly Yaml[] {
  return Array.isArray(value);
}

function isMap(value: Yaml): value is YamlMap {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function fields(map: YamlMap): readonly (readonly [string, Yaml])[] {
  return Object.entries(map).filter((field): field is [string, Yaml] => field[1] !== undefined);
}

/** Text that stands for itself without quotes, in flow and in block style: no reader takes it for anything but text. */
const FLOW_PLAIN = /^[\p{L}_](?:[\p{L}\p{N}_@./()*?+=<>$-]| (?! |$))*$/u;
const BLOCK_PLAIN = /^[\p{L}_](?:[\p{L}\p{N}_@./()*?+=<>$,"'-]| (?! |$))*$/u;
const WORDS: ReadonlySet<string> = new Set(["true", "false", "yes", "no", "on", "off", "null", "y", "n"]);

/** The words of the format itself, `on` among them, need no quotes as keys. */
function keyText(key: string): string {
  return key === "on" ? key : scalar(key, FLOW_PLAIN);
}

/** The lines of text that can be written as they are, one under the other; null where quotes are safer. */
function literalLines(text: string): readonly string[] | null {
  if (!text.includes("\n") || text.endsWith("\n") || /^\s/.test(text)) return null;
  const lines = text.split("\n");
  return lines.every((line) => PRINTABLE.test(line) && !line.endsWith(" ")) ? lines : null;
}

const PRINTABLE = /^[ -~\p{L}\p{N}]*$/u;

function scalar(value: string | number | boolean | null, plain: RegExp): string {
  if (typeof value !== "string") return String(value);
  return plain.test(value) && !WORDS.has(value.toLowerCase()) ? value : quoted(value);
}

/** Single quotes where they save escapes, else double quotes with everything escaped that a reader or a screen could stumble over. JSON's escapes are YAML's. */
function quoted(value: string): string {
  if (/["\\]/.test(value) && PRINTABLE.test(value)) return `'${value.replaceAll("'", "''")}'`;
  return JSON.stringify(value).replace(
    INVISIBLE,
    (char) => `\\u${(char.codePointAt(0) ?? 0).toString(16).padStart(4, "0")}`,
  );
}

const INVISIBLE = /[\u007f-\u009f\u00ad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u2069\ufeff]/gu;
