import { encodeBase64 } from "../../audit/note/base64.ts";
import type { Anchor } from "../../audit/verify/anchors.ts";
import type { Trust } from "../../audit/verify/trust.ts";
import { verifyLog, type VerifyReport } from "../../audit/verify/verify.ts";
import { formatTime } from "../../base/clock.ts";
import { EXIT } from "../../base/error.ts";
import { logPlace, type LogKeysFound, trustedKeys } from "../auditing.ts";
import type { Action } from "../command-spec.ts";
import { escapeLine } from "../output/escape.ts";
import type { Page } from "../output/page.ts";
import { readBytes } from "../reading.ts";
import { waitingPage, waitingSpools } from "../waiting-spools.ts";
import { readWitnessed } from "../witness/collect.ts";

/** Verifies the log, and remembers it where nothing is wrong. */
export const auditVerify: Action = async (context, input) => {
  const place = await logPlace(context, input);
  const found = await trustedKeys(place, context, input);
  const { keys, policy, trust } = found;
  const anchors: Anchor[] = [];
  const name = keys[0]?.key.name ?? "";
  const written = await place.memory.lastWritten(name);
  if (written !== null) anchors.push({ name: "what this account wrote last", note: written });
  for (const file of input.list("anchor")) anchors.push({ name: file, note: await readBytes(file, context) });
  // Nobody but witnesses can have made it, so it shows something only to whoever asks for their quorum.
  const witnessed = (policy?.quorum ?? null) === null ? null : await readWitnessed(place);
  if (witnessed !== null) anchors.push(witnessed);
  const full = input.flag("full");
  context.progress.step("verifying the audit log");
  const { store } = place;
  // Only what reads everything is worth going on with, and not for ever: what was read before may have changed since.
  const all = full || trust === null;
  const kept = all ? await place.memory.interrupted(name) : null;
  const age = kept === null ? 0 : context.clock.now().getTime() - Date.parse(kept.at);
  const isAnother = age > RESUME_MS || input.flag("restart") || found.from === "given";
  const resume = isAnother ? null : kept;
  const report = await verifyLog({
    get: (path) => store.get(path),
    ...(full || trust === null ? { list: () => store.list() } : {}),
    keys,
    policy,
    trust,
    anchors,
    full,
    resume,
    ...(all ? { onReached: (reached) => place.memory.interruptedAt(name, startedAt(reached, resume)) } : {}),
    now: context.clock.now(),
    onProgress: (entries, of) => context.progress.step(`verified ${entries} of ${of} entries`),
  });
  if (report.trust !== null) await place.memory.remember(report.trust);
  if (all) await place.memory.interruptedAt(name, null);
  const waiting = await waitingSpools(place);
  context.progress.clear();
  context.show([...reportPage(report, found), ...waitingPage(waiting)], () => ({
    ...reportDocument(report, found),
    spools: waiting,
  }));
  return report.faults.length === 0 ? EXIT.done : EXIT.failed;
};

/** A verification that was interrupted is gone on with for so long after it began. */
const RESUME_MS = 24 * 3600 * 1000;

/** One that is interrupted again is as old as it was when it began. */
function startedAt(reached: Trust, before: Trust | null): Trust {
  return before === null ? reached : { ...reached, at: before.at };
}

const LEVELS = {
  V1: "what is there is what the key signed; whoever holds the key could still have rewritten or rolled back all of it",
  V2: "it goes on from every checkpoint that was kept elsewhere, as far as they reach",
  V3: "it goes on from every checkpoint that was kept elsewhere, and a quorum of witnesses has seen it as far as is said below",
} as const;

function reportPage(report: VerifyReport, found: LogKeysFound): Page {
  const { checkpoint, level, faults, read, compared, openIntents, ahead } = report;
  const facts =
    checkpoint === null
      ? []
      : [
          { label: "log", value: escapeLine(checkpoint.origin) },
          { label: "entries", value: String(checkpoint.size) },
          { label: "root", value: encodeBase64(checkpoint.root) },
        ];
  const newest = Math.max(0, ...compared.map(({ size }) => size));
  return [
    ...(facts.length === 0 ? [] : [{ kind: "facts", facts } as const]),
    ...(compared.length === 0
      ? []
      : [
          {
            kind: "section",
            title: "COMPARED",
            items: compared.map(({ name, size }) => ({ text: `${escapeLine(name)}: ${size} entries` })),
          } as const,
        ]),
    ...(faults.length === 0
      ? []
      : [
          {
            kind: "section",
            title: "WRONG",
            items: faults
              .slice(0, 50)
              .map(({ code, message }) => ({ sign: code, tone: "bad" as const, text: ` ${escapeLine(message)}` })),
          } as const,
        ]),
    ...(level === null
      ? [{ kind: "line", label: "NOT VERIFIED", tone: "bad", text: `${faults.length} things are wrong` } as const]
      : [
          { kind: "line", label: `VERIFIED ${level}`, tone: "good", text: LEVELS[level] } as const,
          {
            kind: "line",
            label: "READ",
            text: `entries ${read.from} to ${read.to}${read.from > 0 ? "; those before were read by an earlier verification" : ""}`,
          } as const,
        ]),
    ...(report.resumed === null
      ? []
      : [
          {
            kind: "line",
            label: "GONE ON WITH",
            text: `the entries before ${report.resumed.at} were read by a verification that began at ${report.resumed.since} and was interrupted; \`--restart\` reads them again`,
          } as const,
        ]),
    ...(report.witnessed === null
      ? []
      : [
          {
            kind: "line",
            label: "WITNESSED",
            text: `the quorum has seen ${report.witnessed.size} entries${report.witnessed.at === null ? "" : `, since ${formatTime(report.witnessed.at)}`}`,
          } as const,
        ]),
    ...(openIntents.length === 0
      ? []
      : [
          {
            kind: "line",
            label: "OPEN",
            tone: "warn",
            text: `announced, and not known how it ended: entries ${openIntents.slice(0, 20).join(", ")}`,
          } as const,
        ]),
    ...(ahead === 0
      ? []
      : [{ kind: "line", label: "AHEAD", text: `${ahead} files of entries that no checkpoint covers yet` } as const]),
    ...(found.from === "beside" && level !== null
      ? [
          {
            kind: "line",
            label: "KEY",
            tone: "warn",
            text: "it was taken from the log's own folder: compare it with what its owner told you; it is remembered from now on",
          } as const,
        ]
      : []),
    ...(level !== null && newest === 0
      ? [
          {
            kind: "line",
            label: "NEXT",
            text: "rolewright audit anchor     keeps the checkpoint where the log cannot be rewritten along with it",
          } as const,
        ]
      : []),
  ];
}

function reportDocument(report: VerifyReport, found: LogKeysFound): Readonly<Record<string, unknown>> {
  const { checkpoint, level, faults, read, compared, openIntents, ahead } = report;
  return {
    verified: level !== null,
    level,
    key_from: found.from,
    origin: checkpoint?.origin ?? null,
    size: checkpoint?.size ?? null,
    root: checkpoint === null ? null : encodeBase64(checkpoint.root),
    read,
    resumed: report.resumed,
    compared,
    witnessed:
      report.witnessed === null
        ? null
        : { size: report.witnessed.size, at: report.witnessed.at === null ? null : formatTime(report.witnessed.at) },
    open_intents: openIntents,
    files_ahead: ahead,
    faults: faults.map(({ code, message, details }) => ({ code, message, details })),
  };
}
