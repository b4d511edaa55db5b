/** What is wrong with something that should be Evidence without its digest, as one sentence about the first place; null: nothing. */
export function checkEvidence(value: unknown): string | null {
  if (!isObject(value)) return "it is not an object";
  if (value["format_version"] !== "1.0") return "`format_version` is not 1.0";
  const problem =
    checkFields(value, EVIDENCE, "") ??
    each(value["windows"], "windows", (item, place) => checkFields(item, WINDOW, place)) ??
    each(value["uses"], "uses", checkUse);
  if (problem !== null) return problem;
  const windows = value["windows"] as readonly { readonly source: string }[];
  const sources = new Set(windows.map(({ source }) => source));
  if (sources.size < windows.length) return "`windows` has a source twice";
  const strays = (value["uses"] as readonly { readonly source: string }[]).find(({ source }) => !sources.has(source));
  return strays === undefined ? null : `a use is of \`${strays.source}\`, which is in no window`;
}

type Test = (value: unknown) => boolean;

const isText: Test = (value) => typeof value === "string";
const isCount: Test = (value) => typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
const isTime: Test = (value) => typeof value === "string" && /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z$/u.test(value);
const isTexts: Test = (value) => Array.isArray(value) && value.every(isText);
const isDays: Test = (value) =>
  Array.isArray(value) && value.every((day) => typeof day === "string" && /^\d{4}-\d\d-\d\d$/u.test(day));
const isList: Test = (value) => Array.isArray(value);
const orNull =
  (test: Test): Test =>
  (value) =>
    value === null || test(value);

const isIdentity: Test = (value) =>
  isObject(value) && isText(value["engine"]) && isText(value["server"]) && isTexts(value["databases"]);
const isStatement: Test = (value) =>
  isObject(value) && isText(value["fingerprint"]) && isText(value["text"]) && isText(value["command"]);
const isResult: Test = (value) =>
  isObject(value) &&
  (value["kind"] === "ok" || ((value["kind"] === "denied" || value["kind"] === "failed") && isText(value["code"])));
const isGaps: Test = (value) =>
  Array.isArray(value) &&
  value.every((gap) => isObject(gap) && isTime(gap["from"]) && isTime(gap["to"]) && isText(gap["reason"]));

const EVIDENCE: Readonly<Record<string, Test>> = {
  engine: isText,
  target: orNull(isIdentity),
  windows: isList,
  uses: isList,
};
const WINDOW: Readonly<Record<string, Test>> = {
  source: isText,
  kind: isText,
  from: isTime,
  to: isTime,
  gaps: isGaps,
  lacks: isTexts,
  losses: isTexts,
  records: isCount,
  unread: isCount,
};
const USE: Readonly<Record<string, Test>> = {
  statement: isStatement,
  database: orNull(isText),
  login: orNull(isText),
  role: orNull(isText),
  searchPath: orNull(isTexts),
  application: orNull(isText),
  calls: isCount,
  firstSeen: isTime,
  lastSeen: isTime,
  result: isResult,
  days: isDays,
  source: isText,
};

function checkUse(value: unknown, place: string): string | null {
  const problem = checkFields(value, USE, place);
  if (problem !== null) return problem;
  const assumed = (value as Record<string, unknown>)["searchPathAssumed"];
  return assumed === undefined || typeof assumed === "boolean"
    ? null
    : `\`${place}.searchPathAssumed\` is not true or false`;
}

function checkFields(value: unknown, fields: Readonly<Record<string, Test>>, place: string): string | null {
  if (!isObject(value)) return `\`${place}\` is not an object`;
  const prefix = place === "" ? "" : `${place}.`;
  for (const [name, test] of Object.entries(fields)) {
    if (!test(value[name])) return `\`${prefix}${name}\` is missing or of another form`;
  }
  return null;
}

function each(value: unknown, place: string, test: (item: unknown, place: string) => string | null): string | null {
  for (const [index, item] of (value as readonly unknown[]).entries()) {
    const problem = test(item, `${place}[${index}]`);
    if (problem !== null) return problem;
  }
  return null;
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
