import { mkdir, readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import type { ApprovalStore } from "../../approval/approval-store.ts";
import type { ReviewObligation } from "../../approval/review.ts";
import type { Signed } from "../../approval/signed-by.ts";
import { type Digest, digestText } from "../../base/digest.ts";
import { RolewrightError } from "../../base/error.ts";
import { compareText } from "../../base/order.ts";
import { reasonOf, writeFileDurably } from "./write-durably.ts";

/** A signed document as a file: the exact text that was signed, and the signature as ssh-keygen writes it. */
interface SignedFile extends Signed {
  readonly format_version: "1.0";
}

/**
 * Keeps approvals as files that can be sent, copied and committed: `approvals/DIGEST/NAME.json`, and for emergency changes `reviews/DIGEST/NAME.obligation.json` and `reviews/DIGEST/NAME.review.json`. Names follow from the content, so that two people
 * never overwrite each other.
 */
export function fileApprovalStore(options: {
  /** The folder that holds both; made when missing. By convention `.rolewright`. */
  readonly folder: string;
}): ApprovalStore {
  const approvals = join(options.folder, "approvals");
  const reviews = join(options.folder, "reviews");
  return {
    save: async (plan, signed) => keep(join(approvals, hexadecimal(plan)), ".json", signedText(signed)),
    list: async (plan) => readSigned(join(approvals, hexadecimal(plan)), ".json"),
    oblige: async (obligation) =>
      keep(
        join(reviews, hexadecimal(obligation.plan_digest)),
        ".obligation.json",
        `${JSON.stringify(obligation, null, 1)}\n`,
      ),
    review: async (plan, signed) => keep(join(reviews, hexadecimal(plan)), ".review.json", signedText(signed)),
    async reviews() {
      const folders = (await names(reviews)).map((name) => join(reviews, name));
      const obligations = await Promise.all(folders.map(readObligations));
      const signed = await Promise.all(folders.map((folder) => readSigned(folder, ".review.json")));
      return { obligations: obligations.flat(), reviews: signed.flat() };
    },
  };
}

async function keep(folder: string, ending: string, text: string): Promise<string> {
  const file = join(folder, `${digestText(text).slice("sha256:".length, "sha256:".length + 16)}${ending}`);
  try {
    await mkdir(folder, { recursive: true });
  } catch (cause) {
    throw new RolewrightError("RW420", `the folder \`${folder}\` could not be made: ${reasonOf(cause)}`, {
      cause,
      help: "correct the path or its rights, and run it again",
    });
  }
  await writeFileDurably(file, text);
  return file;
}

async function readSigned(folder: string, ending: string): Promise<readonly (Signed & { readonly file: string })[]> {
  return await Promise.all(
    (await filesIn(folder, ending)).map(async (file) => {
      const value = await readJson(file);
      const { format_version, document, signature } = value as Partial<SignedFile>;
      if (format_version !== "1.0" || typeof document !== "string" || typeof signature !== "string") {
        throw unusable(file, "it holds no signed document");
      }
      return { document, signature, file };
    }),
  );
}

async function readObligations(folder: string): Promise<readonly ReviewObligation[]> {
  return await Promise.all(
    (await filesIn(folder, ".obligation.json")).map(async (file) => {
      const value = (await readJson(file)) as Partial<ReviewObligation>;
      const { plan_digest, at, person, target, reason, reviewers, authors, missing } = value;
      const texts = [plan_digest, at, person, target, reason];
      const lists = [reviewers, authors, missing];
      if (!texts.every((each) => typeof each === "string") || !lists.every((each) => Array.isArray(each))) {
        throw unusable(file, "it holds no emergency change");
      }
      return value as ReviewObligation;
    }),
  );
}

async function filesIn(folder: string, ending: string): Promise<readonly string[]> {
  return (await names(folder)).filter((name) => name.endsWith(ending)).map((name) => join(folder, name));
}

async function names(folder: string): Promise<readonly string[]> {
  try {
    // What begins with a dot is being written.
    return (await readdir(folder)).filter((name) => !name.startsWith(".")).sort(compareText);
  } catch (error) {
    const code = error instanceof Error && "code" in error ? error.code : "";
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw error;
  }
}

async function readJson(file: string): Promise<object> {
  try {
    const value = JSON.parse(await readFile(file, "utf8")) as unknown;
    if (typeof value === "object" && value !== null) return value;
  } catch (cause) {
    throw unusable(file, "it holds no JSON, or cannot be read", cause);
  }
  throw unusable(file, "it holds no document");
}

function signedText({ document, signature }: Signed): string {
  return `${JSON.stringify({ format_version: "1.0", document, signature } satisfies SignedFile, null, 1)}\n`;
}

/** The digest becomes a folder's name, so nothing but a digest may pass. */
function hexadecimal(digest: Digest): string {
  const found = /^sha256:([0-9a-f]{64})$/.exec(digest);
  if (found?.[1] === undefined) throw new RolewrightError("RW669", `\`${digest}\` is not the digest of a plan`);
  return found[1];
}

function unusable(file: string, why: string, cause?: unknown): RolewrightError {
  return new RolewrightError("RW669", `\`${file}\` cannot be used: ${why}`, {
    ...(cause === undefined ? {} : { cause }),
    help: "move it away, and ask for it again",
    details: { file },
  });
}
