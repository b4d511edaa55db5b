/** Values that stand for real ones: the same for placeholders and for synthetic rows, so that conditions on equality are met. */

/** A type, as far as a value of it can be made up. */
export interface SampleType {
  readonly name: string;
  /** `pg_type.typtype`: base, composite, domain, enum, range, multirange, pseudo. */
  readonly form: string;
  readonly category: string;
  /** The labels of an enum, in order. */
  readonly labels: readonly string[];
  /** The type of an array's elements, or below a domain. */
  readonly inner: SampleType | null;
  /** A value that a domain's checks take, where one was found. */
  readonly checked?: string;
}

const BY_NAME: Readonly<Record<string, string>> = {
  uuid: "00000000-0000-4000-8000-000000000001",
  json: "{}",
  jsonb: "{}",
  xml: "<a/>",
  bytea: "\\x61",
  inet: "10.0.0.1",
  cidr: "10.0.0.0/8",
  macaddr: "08:00:2b:01:02:03",
  macaddr8: "08:00:2b:01:02:03:04:05",
  date: "2026-01-01",
  time: "12:00",
  timetz: "12:00+00",
  timestamp: "2026-01-01 12:00",
  timestamptz: "2026-01-01 12:00+00",
  interval: "1 day",
  bit: "1",
  varbit: "1",
  point: "(1,1)",
  line: "{1,1,1}",
  lseg: "[(0,0),(1,1)]",
  box: "(1,1),(0,0)",
  path: "[(0,0),(1,1)]",
  polygon: "((0,0),(0,1),(1,1))",
  circle: "<(0,0),1>",
  tsvector: "a",
  tsquery: "a",
  jsonpath: "$",
  pg_lsn: "0/1",
  txid_snapshot: "10:20:10",
  pg_snapshot: "10:20:10",
  char: "a",
};

const BY_CATEGORY: Readonly<Record<string, string>> = { B: "true", N: "1", S: "a", D: "2026-01-01", T: "1 day" };

/** A value as text that the type takes. Null: none is known. */
export function sampleOf(type: SampleType): string | null {
  switch (type.form) {
    case "e":
      return type.labels[0] ?? null;
    case "d":
      return type.checked ?? (type.inner === null ? null : sampleOf(type.inner));
    case "r":
      return "empty";
    case "m":
      return "{}";
    case "b":
      break;
    default:
      return null;
  }
  if (type.category === "A") return arrayOf(type);
  // Names of the catalog's own objects (regclass and its kin) are numbers too, and no sample of them exists.
  if (type.name.startsWith("reg")) return null;
  return BY_NAME[type.name] ?? BY_CATEGORY[type.category] ?? null;
}

/** One element: `= any($1)` then finds the row that a plain equality finds. */
function arrayOf(type: SampleType): string {
  const element = type.inner === null ? null : sampleOf(type.inner);
  if (element === null) return "{}";
  return `{"${element.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"}`;
}

/** What else is tried where a check refuses a sample: shapes that checks often ask for. */
const OTHER_TEXTS: readonly string[] = [
  "a@example.com",
  "A",
  "AA",
  "AAA",
  "EUR",
  "en",
  "en_US",
  "1",
  "10",
  "2026-01-01",
  "https://example.com/a",
  "00000000-0000-4000-8000-000000000001",
  "127.0.0.1",
  "+10000000000",
  "aaaaaaaa",
  "Aa1!aaaaaaaa",
  "",
  "{}",
];

const OTHER_NUMBERS: readonly string[] = ["1", "0", "2", "10", "50", "100", "1000", "-1", "0.5"];

/** Values of a base type that checks with these texts may take: their constants, the neighbours of these, and common shapes. */
export function candidatesOf(type: SampleType, checks: readonly string[]): readonly string[] {
  const base = type.form === "d" ? (type.inner ?? type) : type;
  if (base.form === "e") return base.labels;
  if (base.category === "B") return ["true", "false"];
  if (base.category === "N") {
    const numbers = checks.flatMap((check) => check.match(/-?\d+(?:\.\d+)?/gu) ?? []);
    const near = numbers.flatMap((n) => [n, String(Number(n) + 1), String(Number(n) - 1)]);
    return [...new Set([...near, ...OTHER_NUMBERS])];
  }
  const texts = checks.flatMap((check) =>
    [...check.matchAll(/'((?:[^']|'')*)'/gu)].map(([, text = ""]) => text.replaceAll("''", "'")),
  );
  return [...new Set(base.category === "S" ? [...texts, ...OTHER_TEXTS] : texts)];
}
