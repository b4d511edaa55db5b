import { RolewrightError } from "../../base/error.ts";
import type { LiveSource } from "../../engine/simulation.ts";
import type { EvidenceWindow, Use } from "../../model/workload.ts";
import { Aggregate } from "../../simulation/evidence/aggregate.ts";
import type { Collected } from "../../simulation/evidence/collect.ts";
import type { CliContext } from "../context.ts";
import { escapeLine } from "../output/escape.ts";
import { usageError } from "../usage.ts";
import type { WorkloadServer } from "./server.ts";

/** What is asked of a running server. */
export interface LiveRequest {
  /** `all`, or names separated by commas. */
  readonly sources: string;
  /** 0: once. */
  readonly forSeconds: number;
  readonly since?: string;
  readonly until?: string;
}

/** Asks the sources of a server, all at once. An interruption ends the time that they are asked for, and what was seen until then counts. Throws RW547 where one that was named cannot be read, or none can. */
export async function collectLive(
  server: WorkloadServer,
  request: LiveRequest,
  context: CliContext,
): Promise<Collected> {
  const simulation = await server.engine.simulation();
  const chosen = choose(simulation.sources, request.sources);
  const url = server.url();
  const minutes = request.forSeconds === 0 ? "" : `, for ${request.forSeconds} seconds`;
  context.progress.step(`asking ${chosen.map(({ kind }) => kind).join(", ")}${minutes}`);
  const asked = await Promise.all(
    chosen.map(async (source) => {
      const aggregate = new Aggregate({ source: source.kind });
      const window = await source.read(
        {
          source: source.kind,
          url,
          forSeconds: request.forSeconds,
          ...(request.since === undefined ? {} : { since: request.since }),
          ...(request.until === undefined ? {} : { until: request.until }),
          ...(request.forSeconds > 0 ? { enough: context.signal } : { signal: context.signal }),
        },
        (use) => aggregate.add(use),
      );
      return { kind: source.kind, window, summed: aggregate.end() };
    }),
  );
  const windows: EvidenceWindow[] = [];
  const uses: Use[] = [];
  for (const { kind, window, summed } of asked) {
    if ("unavailable" in window) {
      refuseOrTell({ kind, ...window }, { isOnly: request.sources !== "all" }, context);
      continue;
    }
    windows.push({ ...window, losses: [...window.losses, ...summed.losses].toSorted() });
    uses.push(...summed.uses);
  }
  if (windows.length === 0) throw new RolewrightError("RW547", "no source of evidence can be read on this server");
  return { windows, uses };
}

function refuseOrTell(
  source: { readonly kind: string; readonly unavailable: string; readonly help?: string },
  { isOnly }: { readonly isOnly: boolean },
  context: CliContext,
): void {
  const message = `\`${source.kind}\` cannot be read: ${source.unavailable}`;
  if (isOnly) throw new RolewrightError("RW547", message, source.help === undefined ? {} : { help: source.help });
  const help = source.help === undefined ? {} : { help: escapeLine(source.help) };
  context.tell([
    { kind: "section", title: "NOT READ", items: [{ sign: "?", tone: "warn", text: escapeLine(message), ...help }] },
  ]);
}

function choose(sources: readonly LiveSource[], wanted: string): readonly LiveSource[] {
  if (wanted === "all") return sources;
  return wanted.split(",").map((name) => {
    const source = sources.find(({ kind }) => kind === name.trim());
    if (source !== undefined) return source;
    const kinds = sources.map(({ kind }) => kind).join(", ");
    throw usageError(
      "RW004",
      `there is no source \`${name.trim()}\` on this engine`,
      kinds === "" ? undefined : `one of ${kinds}, or \`all\``,
    );
  });
}

const UNITS: Readonly<Record<string, number>> = { s: 1, m: 60, h: 3600, d: 86_400 };

/** `10m` as seconds. */
export function readDuration(option: string, text: string): number {
  const parts = /^(\d{1,6})([smhd])$/u.exec(text);
  if (parts !== null) return Number(parts[1]) * (UNITS[parts[2] ?? "s"] ?? 1);
  throw usageError("RW004", `option \`--${option}\` takes a time such as 30s, 10m or 24h, not \`${text}\``);
}
