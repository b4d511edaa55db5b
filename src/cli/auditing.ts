import { homedir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { type LogView, openLogView, requireHeadNote } from "../audit/log/reader.ts";
import { openAuditLog, type AuditLog } from "../audit/log/audit-log.ts";
import { absorbSpools } from "../audit/spool/absorb.ts";
import type { SpoolStore } from "../audit/spool/spool-store.ts";
import type { AuditStore } from "../audit/log/audit-store.ts";
import type { Actor } from "../audit/entry/event.ts";
import type { Checkpoint } from "../audit/note/checkpoint.ts";
import { parsePolicy, type Policy } from "../audit/note/policy.ts";
import { parseVerifierKey } from "../audit/note/verifier-key.ts";
import { trustCheckpoint } from "../audit/verify/checkpoint-rules.ts";
import { type Trust, trustAlways, type TrustedKey } from "../audit/verify/trust.ts";
import { RolewrightError } from "../base/error.ts";
import { fileAuditStore } from "../store/files/audit/audit-store.ts";
import { openLogKeys, readPublicKeys } from "../store/files/audit/key-files.ts";
import { fileSpoolStore } from "../store/files/audit/spool-files.ts";
import { fileLogMemory, memoryFolder, type LogMemory } from "../store/files/audit/memory-file.ts";
import { auditDatabase } from "./audit-database.ts";
import type { CliContext } from "./context.ts";
import { holder } from "./doer.ts";
import { findManifest, runsFolder } from "./files.ts";
import type { Input } from "./input.ts";
import { escapeLine } from "./output/escape.ts";
import { readBytes } from "./reading.ts";

/** The audit log that commands look at: where it lies, and what is known of it from elsewhere. */
export interface LogPlace {
  /** Where the keys lie, and what witnesses signed; the log itself too, unless it is in a database. */
  readonly folder: string;
  readonly store: AuditStore;
  readonly memory: LogMemory;
  /** What waits for the log beside the manifest; null where another log is named. */
  readonly spools: SpoolStore | null;
}

/** The log that `--log` names as a folder; else the one in the database that the environment names, with its keys beside the manifest; else the one beside the manifest. */
export async function logPlace(context: CliContext, input: Input | null): Promise<LogPlace> {
  const named = input?.text("log") ?? null;
  const manifest = named === null ? await findManifest(context) : null;
  const beside = join(manifest === null ? context.cwd : dirname(manifest), ".rolewright", "audit");
  const folder = named === null ? beside : resolve(context.cwd, named);
  const memory = fileLogMemory(memoryFolder(context.env, homedir()));
  const shared = named === null ? await auditDatabase(context) : null;
  const spools = named === null ? spoolsBeside(manifest, context) : null;
  const reserveBytes = reserveOf(context);
  return { folder, store: shared ?? fileAuditStore({ folder, reserveBytes }), memory, spools };
}

/** How much room a log in files keeps for what must be written on a full disk, in MiB. */
const AUDIT_RESERVE = "ROLEWRIGHT_AUDIT_RESERVE";
const RESERVE_MIB = 64;
const MIB = 1024 * 1024;

function reserveOf({ env }: CliContext): number {
  const text = env[AUDIT_RESERVE] ?? "";
  if (text === "") return RESERVE_MIB * MIB;
  if (/^\d{1,6}$/.test(text)) return Number(text) * MIB;
  throw new RolewrightError("RW649", `\`${AUDIT_RESERVE}\` is no size: \`${text}\``, {
    help: "give it a whole number of MiB; 0 keeps no room",
  });
}

/** What could not be written to the log beside this manifest, and waits for it. */
export function spoolsBeside(manifest: string | null, context: CliContext): SpoolStore {
  const folder = join(runsFolder(manifest, context), "spool");
  const memory = memoryFolder(context.env, homedir());
  return fileSpoolStore({ folder, memory, holder: holder(), now: () => context.clock.now() });
}

/** Whom a log is believed by, and where that comes from. */
export interface LogKeysFound {
  readonly keys: readonly TrustedKey[];
  readonly policy: Policy | null;
  readonly trust: Trust | null;
  /** `beside`: the key lies in the log's own folder, so it only shows that the log fits itself. */
  readonly from: "given" | "remembered" | "beside";
}

/** The keys to believe: those given with `--key` or `--policy`, else those remembered, else those that lie beside the log. Throws RW631 where there are none at all. */
export async function trustedKeys(place: LogPlace, context: CliContext, input: Input): Promise<LogKeysFound> {
  const policy = await readPolicy(context, input);
  const given = [...(policy?.logs ?? []), ...(await givenKeys(context, input))];
  const [first] = given;
  if (first !== undefined) {
    return { keys: trustAlways(given), policy, trust: await place.memory.recall(first.name), from: "given" };
  }
  const beside = await readPublicKeys(place.folder);
  const name = beside?.[0]?.key.name;
  if (beside === null || name === undefined) {
    if ((await place.store.get("checkpoint")) === null) throw noLog(place.folder);
    throw new RolewrightError("RW631", "there is no key to verify the log with", {
      help: "give it with `--key`, as the log's owner told you; for whoever writes the log, `rolewright audit keys` prints it",
    });
  }
  const trust = await place.memory.recall(name);
  return trust === null
    ? { keys: beside, policy, trust, from: "beside" }
    : { keys: trust.keys, policy, trust, from: "remembered" };
}

/** The log as it stands under its signed checkpoint, to be read. Nothing is read from it that is not under the root. */
export async function openLogForReading(
  context: CliContext,
  input: Input,
): Promise<LogView & { readonly place: LogPlace; readonly policy: Policy | null }> {
  const place = await logPlace(context, input);
  const { keys, policy } = await trustedKeys(place, context, input);
  const note = await requireHeadNote(place.store);
  const trusted = trustCheckpoint(note, { keys, witnesses: [] });
  return { ...(await openLogView(place.store, trusted)), place, policy };
}

/** The log, open for writing by whoever runs this command; made where there is none. What waits for it in spools is taken over first. What was written is remembered when it is closed. */
export async function openLogForWriting(
  place: LogPlace,
  context: CliContext,
  giveUp?: { readonly reason: string },
): Promise<AuditLog> {
  const { signers, all } = await openLogKeys(place.folder);
  const origin = signers[0].key.name;
  const known: Checkpoint[] = [];
  const trust = await place.memory.recall(origin);
  if (trust !== null) known.push(trust.checkpoint);
  const written = await place.memory.lastWritten(origin);
  if (written !== null) known.push(trustCheckpoint(written, { keys: all, witnesses: [] }).checkpoint);
  const log = await openAuditLog({
    store: place.store,
    signers,
    clock: context.clock,
    formerKeys: all.map(({ key }) => key),
    known,
    actor: ownActor(),
  });
  const close = async (): Promise<void> => {
    await log.close();
    const head = await log.head();
    if (head !== null) await place.memory.wrote(origin, head.note);
  };
  for (const text of (await place.store.warnings?.()) ?? []) {
    context.progress.clear();
    context.tell([{ kind: "line", label: "AUDIT STORE", tone: "warn", text: escapeLine(text) }]);
  }
  try {
    await takeOver(place, log, { context, giveUp });
  } catch (error) {
    await close();
    throw error;
  }
  return { ...log, close, [Symbol.asyncDispose]: close };
}

async function takeOver(
  { spools, store }: LogPlace,
  log: AuditLog,
  { context, giveUp }: { readonly context: CliContext; readonly giveUp: { readonly reason: string } | undefined },
): Promise<void> {
  if (spools === null || (await spools.list()).length === 0) return;
  const given = { log, store, spools, actor: ownActor(), now: () => context.clock.now() };
  for (const { name, records, given: up } of await absorbSpools({ ...given, ...(giveUp && { giveUp }) })) {
    context.progress.clear();
    const text = `${records} records that waited in the spool \`${name}\`${up === null ? "" : `; given up: ${up}`}`;
    context.tell([{ kind: "line", label: "TAKEN OVER", tone: "warn", text: escapeLine(text) }]);
  }
}

/** The checkpoint that this account wrote last to the log of this place, as its note; null where it is not known. */
export async function lastWrittenNote({ folder, memory }: LogPlace): Promise<string | null> {
  const origin = (await readPublicKeys(folder))?.[0]?.key.name;
  const note = origin === undefined ? null : await memory.lastWritten(origin);
  return note === null ? null : Buffer.from(note).toString("utf8");
}

/** Whoever runs this command. */
export function ownActor(): Actor {
  return { name: holder(), kind: "person", authn: "local" };
}

async function readPolicy(context: CliContext, input: Input): Promise<Policy | null> {
  const file = input.text("policy");
  if (file === null) return null;
  const policy = parsePolicy((await readBytes(file, context)).toString("utf8"));
  if (typeof policy !== "string") return policy;
  throw new RolewrightError("RW622", `\`${file}\` is no trust policy: ${policy}`);
}

/** `--key` takes the key itself, or a file that holds it. */
async function givenKeys(
  context: CliContext,
  input: Input,
): Promise<NonNullable<ReturnType<typeof parseVerifierKey>>[]> {
  const given = input.text("key");
  if (given === null) return [];
  const text = given.includes("+") ? given : (await readBytes(given, context)).toString("utf8").trim();
  const key = parseVerifierKey(text);
  if (key !== null) return [key];
  throw new RolewrightError("RW631", `\`${given}\` is no public key of a log`, {
    help: "a key is written as name+8 hexadecimal digits+base64",
  });
}

function noLog(folder: string): RolewrightError {
  return new RolewrightError("RW600", `there is no audit log in \`${folder}\``, {
    help: "the log begins with the first thing that is recorded; name another folder with `--log`",
  });
}
