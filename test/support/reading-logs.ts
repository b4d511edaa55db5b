import { createReadStream } from "node:fs";
import type { LogFormat, ReadingOptions } from "../../src/engine/simulation.ts";
import type { EvidenceWindow, Observation } from "../../src/model/workload.ts";

export interface ReadLog {
  readonly uses: readonly Observation[];
  readonly window: EvidenceWindow;
}

/** Reads a log from a text, in pieces of a size that ends within lines and letters. */
export async function readText(
  format: LogFormat,
  text: string | Uint8Array,
  options: Partial<ReadingOptions> & { readonly piece?: number } = {},
): Promise<ReadLog> {
  const { piece = 1000, ...rest } = options;
  const bytes = typeof text === "string" ? Buffer.from(text) : text;
  return await collect(format, pieces(bytes, piece), rest);
}

/** Reads a log from its file. */
export async function readFileOf(format: LogFormat, file: string): Promise<ReadLog> {
  return await collect(format, createReadStream(file), {});
}

async function collect(
  format: LogFormat,
  bytes: AsyncIterable<Uint8Array>,
  options: Partial<ReadingOptions>,
): Promise<ReadLog> {
  const uses: Observation[] = [];
  const window = await format.read(bytes, (use) => void uses.push(use), { source: "test", ...options });
  return { uses, window };
}

// oxlint-disable-next-line typescript/require-await -- what is read comes in pieces
async function* pieces(bytes: Uint8Array, size: number): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += size) yield bytes.subarray(at, at + size);
}

/** `app@127.0.0.2 as reader in shop: ok select 1`, one line a use. */
export function useLines(uses: readonly Observation[]): string[] {
  return uses.map(({ login, role, searchPath, result, statement, calls }) => {
    const how = result.kind === "ok" ? "ok" : `${result.kind} ${result.code}`;
    const who = login === null ? "?" : login === role ? login : `${login} as ${role ?? "?"}`;
    const times = calls === 1 ? "" : ` x${calls}`;
    return `${who} in ${searchPath === null ? "?" : searchPath.join()}: ${how}${times} ${statement.text === "" ? statement.command : statement.text}`;
  });
}
