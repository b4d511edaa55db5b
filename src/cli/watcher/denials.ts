import { createReadStream } from "node:fs";
import { glob, stat } from "node:fs/promises";
import { resolve } from "node:path";
import { buildAccessIndex } from "../../analysis/access-index.ts";
import { emptyBits, listBits } from "../../analysis/bits.ts";
import { compareText, sortedText } from "../../base/order.ts";
import type { DenialsProbeEntry } from "../../config/manifest-judging.ts";
import type { LogFormat } from "../../engine/simulation.ts";
import { loadEngine } from "../../engine/registry.ts";
import type { Change } from "../../model/change.ts";
import { PUBLIC, type RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { AccessRules } from "../../model/access-rules.ts";
import type { Observation } from "../../model/workload.ts";
import { openLog } from "../../simulation/evidence/log-file.ts";
import { neutralLog } from "../../simulation/evidence/jsonl.ts";
import type { CliContext } from "../context.ts";

/** Looks into logs for statements that are refused since a change, as long as it can still be taken back. */
export interface DenialWatch {
  readonly entry: DenialsProbeEntry;
  /** What is refused since the watch began and was not refused before, as sentences; empty: nothing. Throws where a log cannot be read. */
  readonly look: () => Promise<readonly string[]>;
}

/** So much of a log before the change tells what was refused anyway. */
const BEFORE_BYTES = 16 * 1024 * 1024;
/** So many sentences are enough to know. */
const MOST_TOLD = 5;

export interface DenialOptions {
  readonly entry: DenialsProbeEntry;
  readonly engine: string;
  /** Whom it is about; null: everybody. */
  readonly roles: ReadonlySet<RoleName> | null;
  /** The state that logins in logs are looked up in: MariaDB writes the client's host where accounts have patterns. */
  readonly live: Snapshot;
  /** Where the files are looked for. */
  readonly root: string;
  readonly context: CliContext;
}

/** Begins to watch: what stands in the logs by now was there before the change. */
export async function openDenials(options: DenialOptions): Promise<DenialWatch> {
  const { entry, engine, roles, root, context, live } = options;
  const simulation = await (await loadEngine(engine)).simulation();
  await simulation.grammar.load();
  const formats = [...simulation.logs, neutralLog(simulation.grammar)];
  const began = new Map<string, number>();
  const known = new Set<string>();
  const reading = { formats, entry, context };
  const isAbout = ({ role, login }: Observation): boolean =>
    roles === null || [role, login].some((name) => name !== null && roles.has(simulation.loginOf(name, live) ?? name));
  for (const path of await filesOf(entry, root)) {
    const { size } = await stat(path);
    began.set(path, size);
    await readFrom(path, Math.max(0, size - BEFORE_BYTES), reading, (seen) => known.add(keyOf(seen)));
  }
  const sizes = new Map<string, number>();
  const found = new Map<string, string>();
  return {
    entry,
    look: async () => {
      for (const path of await filesOf(entry, root)) {
        const { size } = await stat(path);
        if (sizes.get(path) === size) continue;
        sizes.set(path, size);
        await readFrom(path, began.get(path) ?? 0, reading, (seen) => {
          if (isAbout(seen) && !known.has(keyOf(seen)) && found.size < MOST_TOLD)
            found.set(keyOf(seen), sentence(seen));
        });
      }
      return sortedText(found.values());
    },
  };
}

/** Whom a plan takes something from, and everybody who has it through them; null: everybody. */
export function whoLoses(changes: readonly Change[], live: Snapshot, rules: AccessRules): ReadonlySet<RoleName> | null {
  const losing = new Set<RoleName>();
  for (const change of changes) {
    switch (change.kind) {
      case "remove-grant":
        losing.add(change.grantee);
        break;
      case "remove-membership":
        losing.add(change.membership.member);
        break;
      case "alter-membership":
        losing.add(change.before.member);
        break;
      case "change-owner":
        losing.add(change.from);
        break;
      case "drop-role":
        losing.add(change.role.name);
        break;
      case "alter-role":
      case "set-role-setting":
        losing.add(change.role);
        break;
      case "create-policy":
      case "drop-policy":
      case "alter-policy":
      case "set-row-security":
        return null;
      case "create-role":
      case "rename-role":
      case "set-password":
      case "add-membership":
      case "add-grant":
      case "add-grant-option":
      case "remove-grant-option":
      case "add-default":
      case "remove-default":
      case "add-default-option":
      case "remove-default-option":
        break;
    }
  }
  if (losing.has(PUBLIC)) return null;
  const { graph } = buildAccessIndex(live.access, live.catalog, rules);
  const all = emptyBits(graph.names.length);
  for (const role of losing) if (graph.idOf(role) >= 0) graph.addReachers(all, graph.idOf(role), null);
  return new Set([...losing, ...listBits(all).map((id) => graph.names[id] as RoleName)]);
}

async function filesOf({ denials }: DenialsProbeEntry, root: string): Promise<readonly string[]> {
  const patterns = typeof denials === "string" ? [denials] : denials;
  const found: string[] = [];
  for (const pattern of patterns) {
    if (!/[*?[\]{}]/u.test(pattern)) found.push(resolve(root, pattern));
    else for await (const path of glob(pattern, { cwd: root })) found.push(resolve(root, path));
  }
  return [...new Set(found)].sort(compareText);
}

async function readFrom(
  path: string,
  start: number,
  reading: { readonly formats: readonly LogFormat[]; readonly entry: DenialsProbeEntry; readonly context: CliContext },
  onDenied: (seen: Observation) => void,
): Promise<void> {
  const { formats, entry, context } = reading;
  const { beginning } = await openLog(path);
  const format = formats.find((each) => each.recognizes(beginning));
  if (format === undefined) {
    if (beginning.trim() === "") return;
    throw new Error(`nobody knows the form of \`${path}\``);
  }
  const bytes = createReadStream(path, { start }) as AsyncIterable<Uint8Array>;
  await format.read(
    start === 0 ? bytes : fromNextLine(bytes),
    (seen) => {
      if (seen.result.kind === "denied") onDenied(seen);
    },
    {
      source: path,
      ...(entry.line_prefix === undefined ? {} : { linePrefix: entry.line_prefix }),
      ...(entry.time_zone === undefined ? {} : { timeZone: entry.time_zone }),
      signal: context.signal,
    },
  );
}

/** The place where a log was last looked at may be in the middle of a line. */
async function* fromNextLine(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let begun = false;
  for await (const chunk of bytes) {
    if (begun) {
      yield chunk;
      continue;
    }
    const at = chunk.indexOf(10);
    if (at < 0) continue;
    begun = true;
    yield chunk.subarray(at + 1);
  }
}

/** By who logged in: which role that was by then is not known of a session whose start stands before the place where reading began. */
function keyOf({ login, role, statement }: Observation): string {
  return `${login ?? role ?? ""}\0${statement.fingerprint}`;
}

function sentence({ login, role, statement, result }: Observation): string {
  const who = role ?? login ?? "somebody";
  const code = result.kind === "denied" ? ` (${result.code})` : "";
  return `\`${who}\` was refused${code}: ${statement.text.slice(0, 200)}`;
}
