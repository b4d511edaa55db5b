import type { Grammar, LogFormat } from "../../engine/simulation.ts";
import type { EvidenceWindow, Observation, UseResult } from "../../model/workload.ts";

/** Longer lines are not read. */
const MOST_LINE = 8 * 1024 * 1024;

/**
 * A form that anything can write: one JSON object a line, with `statement` and `at` (or `first_seen` and `last_seen`), and where known `database`, `login`, `role`, `search_path` (a list), `application`, `calls` and
 * `code` (of the failure; `denied` says whether it was for want of a right). Literals in `statement` are taken out as everywhere.
 */
export function neutralLog(grammar: Grammar): LogFormat {
  return {
    kind: "jsonl",
    summary: "one JSON object a line: `statement`, `at`, and where known `database`, `login`, `role`, `calls`, `code`",
    recognizes: (beginning) => observationOf(beginning.split("\n", 1)[0] ?? "") !== null,
    async read(bytes, onUse, options) {
      await grammar.load();
      const { since, until } = options;
      let records = 0;
      let unread = 0;
      let from: string | null = null;
      let to: string | null = null;
      for await (const line of linesOf(bytes, options)) {
        if (line.trim() === "") continue;
        records++;
        const seen = observationOf(line);
        if (seen === null) {
          unread++;
          continue;
        }
        if ((since !== undefined && seen.lastSeen < since) || (until !== undefined && seen.firstSeen >= until))
          continue;
        if (from === null || seen.firstSeen < from) from = seen.firstSeen;
        if (to === null || seen.lastSeen > to) to = seen.lastSeen;
        for (const statement of grammar.read(seen.text)) onUse({ ...seen.use, statement });
      }
      const start = from ?? since ?? "1970-01-01T00:00:00Z";
      const window: EvidenceWindow = {
        source: options.source,
        kind: "jsonl",
        from: start,
        to: to ?? start,
        gaps: [],
        lacks: [],
        losses: unread === 0 ? [] : [`${unread} lines are not of the form that is read`],
        records,
        unread,
      };
      return window;
    },
  };
}

interface Line {
  readonly text: string;
  readonly firstSeen: string;
  readonly lastSeen: string;
  readonly use: Omit<Observation, "statement">;
}

function observationOf(line: string): Line | null {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  const fields = value as Readonly<Record<string, unknown>>;
  const text = fields["statement"];
  const firstSeen = timeOf(fields["first_seen"] ?? fields["at"]);
  const lastSeen = timeOf(fields["last_seen"] ?? fields["at"] ?? fields["first_seen"]);
  const calls = fields["calls"] ?? 1;
  if (typeof text !== "string" || firstSeen === null || lastSeen === null || lastSeen < firstSeen) return null;
  if (typeof calls !== "number" || !Number.isSafeInteger(calls) || calls < 1) return null;
  const path = fields["search_path"] ?? null;
  const isPath = path === null || (Array.isArray(path) && path.every((each) => typeof each === "string"));
  if (!isPath) return null;
  const names = ["database", "login", "role", "application"].map((name) => fields[name] ?? null);
  if (!names.every((name) => name === null || typeof name === "string")) return null;
  const [database = null, login = null, role = null, application = null] = names;
  return {
    text,
    firstSeen,
    lastSeen,
    use: { database, login, role, application, searchPath: path, calls, firstSeen, lastSeen, result: resultOf(fields) },
  };
}

function resultOf(fields: Readonly<Record<string, unknown>>): UseResult {
  const code = fields["code"];
  if (typeof code !== "string" || code === "") return { kind: "ok" };
  return { kind: fields["denied"] === true ? "denied" : "failed", code };
}

function timeOf(value: unknown): string | null {
  if (typeof value !== "string" || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?(?:Z|[+-]\d\d:\d\d)$/u.test(value))
    return null;
  const time = Date.parse(value);
  return Number.isNaN(time) ? null : new Date(time).toISOString();
}

/** Lines as text; one that is too long comes as an empty object, which is no observation. */
async function* linesOf(
  bytes: AsyncIterable<Uint8Array>,
  options: { readonly onProgress?: (bytes: number) => void; readonly signal?: AbortSignal },
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = "";
  let passing = false;
  let done = 0;
  for await (const chunk of bytes) {
    options.signal?.throwIfAborted();
    options.onProgress?.((done += chunk.byteLength));
    const lines = (rest + decoder.decode(chunk, { stream: true })).split("\n");
    rest = lines.pop() ?? "";
    for (const line of lines) {
      yield passing ? "{}" : line;
      passing = false;
    }
    if (rest.length > MOST_LINE) {
      rest = "";
      passing = true;
    }
  }
  if (rest !== "" || passing) yield passing ? "{}" : rest;
}
