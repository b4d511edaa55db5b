import type { AskWitness } from "../../audit/witness/client.ts";
import { RolewrightError } from "../../base/error.ts";

const TIMEOUT_MS = 15_000;
/** Signatures are short; what is longer is no answer. */
const MAX_ANSWER_BYTES = 64 * 1024;

/** Asks the witness at a URL, to which `/add-checkpoint` is added. Throws RW640 where nobody answers in time. */
export function askOver(url: string, signal: AbortSignal): AskWitness {
  const address = `${url.replace(/\/+$/u, "")}/add-checkpoint`;
  if (!/^https?:\/\//u.test(url) || !URL.canParse(address)) {
    throw new RolewrightError("RW640", `\`${url}\` is no address of a witness`, {
      help: "it begins with https:// or http://",
    });
  }
  return async (body) => {
    try {
      const response = await fetch(address, {
        method: "POST",
        body: Buffer.from(body),
        redirect: "error",
        signal: AbortSignal.any([signal, AbortSignal.timeout(TIMEOUT_MS)]),
      });
      return { status: response.status, body: await readAtMost(response) };
    } catch (cause) {
      if (cause instanceof RolewrightError) throw cause;
      throw new RolewrightError("RW640", `the witness at \`${url}\` does not answer: ${reason(cause)}`, { cause });
    }
  };
}

async function readAtMost(response: Response): Promise<Uint8Array> {
  const parts: Uint8Array[] = [];
  let length = 0;
  for await (const part of response.body ?? []) {
    length += part.length;
    if (length > MAX_ANSWER_BYTES) throw new RolewrightError("RW640", "the witness's answer is too long");
    parts.push(part);
  }
  return Buffer.concat(parts);
}

function reason(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  return error.cause instanceof Error ? error.cause.message : error.message;
}
