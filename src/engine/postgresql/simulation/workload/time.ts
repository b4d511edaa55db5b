/** Makes RFC 3339 in UTC of the times of a log. */
export interface LogTime {
  /** `2026-11-20 10:00:00.123 CET`; null: not a time. */
  read(text: string): string | null;
  /** Abbreviations of zones that could not be told: their times were taken for UTC. */
  readonly unknownZones: ReadonlySet<string>;
}

const TIME = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d{1,6}))?(?: ?([A-Za-z0-9+:-]+))?$/u;

/** Hours of abbreviations that mean one thing; the rest (IST, CST ...) needs `--time-zone`. */
const ZONES: Readonly<Record<string, number>> = {
  UTC: 0,
  GMT: 0,
  Z: 0,
  UCT: 0,
  WET: 0,
  WEST: 1,
  CET: 1,
  CEST: 2,
  MET: 1,
  MEST: 2,
  EET: 2,
  EEST: 3,
  MSK: 3,
  EST: -5,
  EDT: -4,
  CDT: -5,
  MST: -7,
  MDT: -6,
  PST: -8,
  PDT: -7,
  AKST: -9,
  AKDT: -8,
  HST: -10,
  JST: 9,
  KST: 9,
  AEST: 10,
  AEDT: 11,
  ACST: 9.5,
  ACDT: 10.5,
  AWST: 8,
  NZST: 12,
  NZDT: 13,
  SAST: 2,
  EAT: 3,
  WIB: 7,
};

/** `zone` (an IANA name) is used for times whose zone is not written or not known. Lines of one second are alike: the last second is remembered. */
export function logTime(zone: string | undefined): LogTime {
  const unknownZones = new Set<string>();
  let lastSecond = "";
  let lastZone = "";
  let lastStart = "";
  return {
    unknownZones,
    read(text) {
      const second = text.slice(0, 19);
      const rest = text.slice(19);
      const blank = rest.indexOf(" ");
      const written = blank === -1 ? "" : rest.slice(blank + 1);
      const fraction = blank === -1 ? rest : rest.slice(0, blank);
      if (second === lastSecond && written === lastZone && /^\.\d{3}$/u.test(fraction))
        return `${lastStart}${fraction}Z`;
      const parts = TIME.exec(text);
      if (parts === null) return null;
      const [, day = "", clock = "", digits = "", name = ""] = parts;
      const utc = Date.parse(`${day}T${clock}Z`);
      if (Number.isNaN(utc)) return null;
      const offset = offsetMinutes(name, { utc, zone, unknownZones });
      const start = new Date(utc - offset * 60_000).toISOString().slice(0, 19);
      if (name === written) [lastSecond, lastZone, lastStart] = [second, written, start];
      return `${start}.${digits.slice(0, 3).padEnd(3, "0")}Z`;
    },
  };
}

interface Zoned {
  readonly utc: number;
  readonly zone: string | undefined;
  readonly unknownZones: Set<string>;
}

function offsetMinutes(name: string, { utc, zone, unknownZones }: Zoned): number {
  const numeric = /^([+-])(\d\d)(?::?(\d\d))?$/u.exec(name);
  if (numeric !== null) {
    const minutes = Number(numeric[2]) * 60 + Number(numeric[3] ?? 0);
    return numeric[1] === "-" ? -minutes : minutes;
  }
  const hours = ZONES[name];
  if (hours !== undefined) return hours * 60;
  if (zone !== undefined) return offsetOf(zone, utc);
  if (name !== "") unknownZones.add(name);
  return 0;
}

const FORMATS = new Map<string, Intl.DateTimeFormat>();

/** How far a zone is ahead of UTC at a local time; of the two an hour before and after a change, the one that holds at that local time. */
function offsetOf(zone: string, local: number): number {
  const first = offsetAt(zone, local);
  return offsetAt(zone, local - first * 60_000);
}

function offsetAt(zone: string, instant: number): number {
  const format =
    FORMATS.get(zone) ??
    new Intl.DateTimeFormat("en-US", { timeZone: zone, timeZoneName: "longOffset", year: "numeric" });
  FORMATS.set(zone, format);
  const name = format.formatToParts(instant).find((part) => part.type === "timeZoneName")?.value ?? "GMT";
  const parts = /GMT([+-])(\d\d):(\d\d)/u.exec(name);
  if (parts === null) return 0;
  const minutes = Number(parts[2]) * 60 + Number(parts[3]);
  return parts[1] === "-" ? -minutes : minutes;
}

/** Sentences about times that could not be placed. */
export function zoneLosses(time: LogTime): string[] {
  return [...time.unknownZones]
    .toSorted()
    .map((zone) => `times in the zone \`${zone}\` were taken for UTC: say which it is with \`--time-zone\``);
}
