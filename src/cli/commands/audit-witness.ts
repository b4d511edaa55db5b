import { once } from "node:events";
import { formatVerifierKey, KEY_TYPE, parseVerifierKey, type VerifierKey } from "../../audit/note/verifier-key.ts";
import { createWitness, hexOf } from "../../audit/witness/witness.ts";
import { EXIT, RolewrightError } from "../../base/error.ts";
import { openWitnessKey } from "../../store/files/witness/key-file.ts";
import { witnessFiles } from "../../store/files/witness/witness-files.ts";
import { resolve } from "node:path";
import type { Action } from "../command-spec.ts";
import type { CliContext } from "../context.ts";
import { escapeLine } from "../output/escape.ts";
import { readBytes } from "../reading.ts";
import { usageError } from "../usage.ts";
import { serveWitness } from "../witness/serve.ts";

const DEFAULT_FOLDER = ".rolewright/witness";
const DEFAULT_LISTEN = "127.0.0.1:7380";

/** Runs a witness until it is interrupted. */
export const auditWitness: Action = async (context, input) => {
  const { host, port } = readListen(input.text("listen") ?? DEFAULT_LISTEN);
  const logs: VerifierKey[] = [];
  for (const given of input.list("log-key")) logs.push(...(await readLogKeys(given, context)));
  if (logs.length === 0) {
    throw usageError(
      "RW004",
      "give the public key of at least one log with `--log-key`",
      "`rolewright audit keys` prints it",
    );
  }
  const folder = resolve(context.cwd, input.text("state") ?? DEFAULT_FOLDER);
  const signer = await openWitnessKey(folder, input.text("name"));
  const warn = (text: string): void =>
    context.tell([{ kind: "line", label: "WITNESS", tone: "bad", text: escapeLine(text) }]);
  const witness = createWitness({
    signer,
    logs,
    store: witnessFiles({ folder }),
    clock: context.clock,
    onFork: (origin, size) =>
      warn(`the log ${origin} signed two roots for ${size} entries; both are kept in ${folder}`),
  });
  await using served = await serveWitness(witness, {
    host,
    port,
    onError: (error) => warn(error instanceof Error ? error.message : String(error)),
  });
  const key = formatVerifierKey(signer.key);
  context.progress.clear();
  context.show(
    [
      { kind: "line", label: "WITNESS", tone: "good", text: `${served.url} signs as ${key}` },
      ...logs.map(
        ({ name }) =>
          ({
            kind: "line",
            label: "LOG",
            text: `${escapeLine(name)}: ${served.url}/${hexOf(name)}/checkpoint`,
          }) as const,
      ),
    ],
    () => ({ url: served.url, key, logs: logs.map(formatVerifierKey) }),
  );
  if (!context.signal.aborted) await once(context.signal, "abort");
  return EXIT.done;
};

function readListen(text: string): { readonly host: string; readonly port: number } {
  const found = /^(?:\[([0-9a-fA-F:.]+)\]|([^:[\]]+)):(\d{1,5})$/u.exec(text);
  const port = Number(found?.[3]);
  if (found === null || port > 65_535)
    throw usageError("RW004", `option \`--listen\` takes HOST:PORT, not \`${text}\``);
  return { host: found[1] ?? found[2] ?? "", port };
}

/** A key, or a file with one on each line. */
async function readLogKeys(given: string, context: CliContext): Promise<readonly VerifierKey[]> {
  const text = given.includes("+") ? given : (await readBytes(given, context)).toString("utf8");
  const lines = text
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  return lines.map((line) => {
    const key = parseVerifierKey(line);
    if (key !== null && key.type === KEY_TYPE.ed25519) return key;
    throw new RolewrightError("RW631", `\`${line}\` is no public key of a log`, {
      help: "a key is written as name+8 hexadecimal digits+base64",
    });
  });
}
