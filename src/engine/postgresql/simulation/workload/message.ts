/** What a line of a log says, as far as it matters here. */
export type Message =
  /** A statement began (`log_statement`) or ended (`log_min_duration_statement`). */
  | { readonly kind: "statement"; readonly text: string; readonly ended: boolean }
  /** The last statement of the session ended well. */
  | { readonly kind: "ended" }
  | { readonly kind: "audit"; readonly text: string }
  | {
      readonly kind: "session-start";
      readonly user: string | null;
      readonly database: string | null;
      readonly application: string | null;
    }
  | { readonly kind: "session-end" };

const DURATION = /^duration: [\d.]+ ms(?: {2})?/u;

/** Reads the server's own English words; null for everything else. */
export function readMessage(message: string): Message | null {
  if (message.startsWith("statement: ")) return { kind: "statement", text: message.slice(11), ended: false };
  if (message.startsWith("execute ")) return executed(message, false);
  if (message.startsWith("duration: ")) {
    const rest = message.slice(DURATION.exec(message)?.[0].length ?? message.length);
    if (rest === "") return { kind: "ended" };
    if (rest.startsWith("statement: ")) return { kind: "statement", text: rest.slice(11), ended: true };
    // `parse` and `bind` are not executions, and `plan:` repeats one.
    return rest.startsWith("execute ") ? executed(rest, true) : null;
  }
  if (message.startsWith("AUDIT: ")) return { kind: "audit", text: message.slice(7) };
  if (message.startsWith("connection authorized: ")) return started(message);
  if (message.startsWith("disconnection: ")) return { kind: "session-end" };
  return null;
}

/** `connection authorized: user=U database=D application_name=A SSL enabled (...)`: names are not quoted, so one with `=` in it is not known. */
function started(message: string): Message {
  const words =
    /^connection authorized: user=(.*?)(?: database=(.*?))?(?: application_name=(.*?))?(?: SSL enabled \(.*)?$/u.exec(
      message,
    );
  const name = (text: string | undefined): string | null => (text === undefined || text.includes("=") ? null : text);
  return { kind: "session-start", user: name(words?.[1]), database: name(words?.[2]), application: name(words?.[3]) };
}

/** `execute NAME[/PORTAL]: TEXT`. Later pieces of one result (`execute fetch from`) are not executions. */
function executed(message: string, ended: boolean): Message | null {
  if (message.startsWith("execute fetch from ")) return null;
  const colon = message.indexOf(": ");
  return colon === -1 ? null : { kind: "statement", text: message.slice(colon + 2), ended };
}

/** The values of `Parameters: $1 = 'x', $2 = NULL`, in the detail of a statement. */
export function readParameters(detail: string | null): readonly (string | null)[] {
  if (detail === null || !/^parameters: /iu.test(detail)) return [];
  return [...detail.matchAll(/\$\d+ = (?:'((?:[^']|'')*)'|NULL)/gu)].map(
    ([, value]) => value?.replaceAll("''", "'") ?? null,
  );
}

/** The statement behind `EXECUTE name(...)`: its detail is `prepare: PREPARE name AS ...`. */
export function preparedText(detail: string | null): string | null {
  if (detail === null || !detail.startsWith("prepare: ")) return null;
  const found = /^prepare: \s*prepare\s+(?:"(?:[^"]|"")*"|[^\s("]+)\s*(?:\([^)]*\)\s*)?as\s+/iu.exec(detail);
  return found === null ? null : detail.slice(found[0].length).replace(/;\s*$/u, "");
}
