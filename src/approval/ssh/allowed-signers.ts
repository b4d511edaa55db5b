import { RolewrightError } from "../../base/error.ts";
import type { Finding } from "../../model/finding.ts";
import { matchesList } from "./pattern-list.ts";
import { type PublicKey, readPublicKey } from "./public-key.ts";

/** One line of an allowed-signers file (ssh-keygen(1), ALLOWED SIGNERS): whose key it is, and what it may be used for. */
export interface AllowedSigner {
  /** Patterns, separated by commas. */
  readonly principals: string;
  readonly key: PublicKey;
  /** Null: any. */
  readonly namespaces: string | null;
  /** Both included; null: no bound. */
  readonly validAfter: Date | null;
  readonly validBefore: Date | null;
  readonly line: number;
}

export interface AllowedSigners {
  readonly signers: readonly AllowedSigner[];
  /** RW657, one for each line that cannot be used. Nothing may be decided by a file that has any. */
  readonly findings: readonly Finding[];
}

/** Reads an allowed-signers file in OpenSSH's format. `file` is how messages name it. */
export function parseAllowedSigners(text: string, file: string): AllowedSigners {
  const signers: AllowedSigner[] = [];
  const findings: Finding[] = [];
  for (const [index, raw] of text.split("\n").entries()) {
    const content = raw.replace(/^[ \t]+/, "").replace(/[ \t\r]+$/, "");
    if (content === "" || content.startsWith("#")) continue;
    try {
      signers.push(parseLine(content, index + 1));
    } catch (error) {
      if (!(error instanceof RolewrightError)) throw error;
      findings.push({
        code: "RW657",
        severity: "error",
        message: error.message,
        location: { file, line: index + 1, column: 1 },
        ...(error.help === undefined ? {} : { help: error.help }),
      });
    }
  }
  return { signers, findings };
}

/** Whether this line lets this principal sign with its key for this namespace at this time. */
export function allows(
  signer: AllowedSigner,
  { principal, namespace, at }: { readonly principal: string; readonly namespace: string; readonly at: Date },
): boolean {
  if (!matchesList(principal, signer.principals)) return false;
  return isFor(signer, { namespace, at });
}

/** Whether this line's key is for this namespace and valid at this time, whosever it is. */
export function isFor(
  signer: AllowedSigner,
  { namespace, at }: { readonly namespace: string; readonly at: Date },
): boolean {
  if (signer.namespaces !== null && !matchesList(namespace, signer.namespaces)) return false;
  if (signer.validAfter !== null && at < signer.validAfter) return false;
  return signer.validBefore === null || at <= signer.validBefore;
}

function parseLine(content: string, line: number): AllowedSigner {
  const principals = word(content);
  const afterPrincipals = principals.rest;
  if (afterPrincipals === "") throw noKey();
  const direct = keyOf(afterPrincipals);
  if (direct !== null) return { ...NO_OPTIONS, principals: principals.value, key: direct, line };
  const { text, rest } = optionWord(afterPrincipals);
  const options = readOptions(text);
  const key = keyOf(rest);
  if (key === null) throw noKey();
  return { ...options, principals: principals.value, key, line };
}

type Options = Pick<AllowedSigner, "namespaces" | "validAfter" | "validBefore">;
const NO_OPTIONS: Options = { namespaces: null, validAfter: null, validBefore: null };

/** The principals may stand in quotation marks. */
function word(text: string): { readonly value: string; readonly rest: string } {
  const found = /^(?:"([^"]*)"|([^" \t]+))(?:[ \t]+|$)/.exec(text);
  const value = found?.[1] ?? found?.[2] ?? "";
  if (found === null || value === "")
    throw bad("the principals cannot be read", "write `alice@example.com KEYTYPE KEY`");
  return { value, rest: text.slice(found[0].length) };
}

/** Up to the first blank outside quotation marks. */
function optionWord(text: string): { readonly text: string; readonly rest: string } {
  const found = /^(?:[^" \t]|"(?:\\"|[^"])*")+/.exec(text);
  if (found === null) throw bad("the options cannot be read", 'write `namespaces="rolewright-plan"`');
  return { text: found[0], rest: text.slice(found[0].length).replace(/^[ \t]+/, "") };
}

function readOptions(text: string): Options {
  let options: Options = NO_OPTIONS;
  const seen = new Set<string>();
  let rest = text;
  while (rest !== "") {
    const found = /^([A-Za-z-]+)(?:="((?:\\"|[^"])*)")?(?:,|$)/.exec(rest);
    const name = found?.[1]?.toLowerCase() ?? "";
    if (found === null)
      throw bad(`the options \`${text}\` cannot be read`, 'write `namespaces="..."`, with commas between');
    if (rest.endsWith(",") && rest.length === found[0].length) throw bad("the options end with a comma", "take it out");
    if (seen.has(name)) throw bad(`\`${name}\` stands there twice`, "write it once");
    seen.add(name);
    options = { ...options, ...readOption(name, found[2]?.replaceAll('\\"', '"') ?? null) };
    rest = rest.slice(found[0].length);
  }
  return options;
}

function readOption(name: string, value: string | null): Partial<Options> {
  if (name === "cert-authority") {
    throw bad("certificate authorities are not taken", "list the keys of the people themselves");
  }
  if (name !== "namespaces" && name !== "valid-after" && name !== "valid-before") {
    throw bad(`there is no option \`${name}\``, "there are namespaces, valid-after and valid-before");
  }
  if (value === null || value === "") throw bad(`\`${name}\` has no value`, `write \`${name}="..."\``);
  if (name === "namespaces") return { namespaces: value };
  return name === "valid-after" ? { validAfter: readTime(value) } : { validBefore: readTime(value) };
}

/** `YYYYMMDD[HHMM[SS]]Z`. Without the Z it would mean another moment on each machine. */
function readTime(text: string): Date {
  const found = /^(\d{4})(\d{2})(\d{2})(?:(\d{2})(\d{2})(\d{2})?)?Z$/.exec(text);
  if (found === null) {
    throw bad(
      `\`${text}\` is no time that means the same everywhere`,
      "write it in UTC: `20270131Z` or `202701312359Z`",
    );
  }
  const [, year = "", month = "", day = "", hour = "00", minute = "00", second = "00"] = found;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}Z`;
  const time = new Date(iso);
  if (Number.isNaN(time.getTime()) || !time.toISOString().startsWith(iso.slice(0, -1))) {
    throw bad(`\`${text}\` is no time`, "write it in UTC: `20270131Z` or `202701312359Z`");
  }
  return time;
}

/** The key that a text begins with, `ssh-ed25519 AAAA...`; null where it does not begin with one. */
function keyOf(text: string): PublicKey | null {
  const found = /^([a-z0-9@.-]+)[ \t]+([A-Za-z0-9+/]+=*)(?:[ \t]|$)/.exec(text);
  const [, type = "", base64 = ""] = found ?? [];
  const bytes = Buffer.from(base64, "base64");
  if (found === null || bytes.toString("base64") !== base64) return null;
  const key = readPublicKey(bytes);
  if (key.type !== type)
    throw bad(`the key says \`${type}\` and is \`${key.type}\``, "copy the line of the public key again");
  return key;
}

/** Reads a public key file: `KEYTYPE KEY [COMMENT]`. Throws RW652 or RW655. */
export function parsePublicKey(text: string): PublicKey {
  const key = keyOf(text.trim());
  if (key === null)
    throw new RolewrightError("RW652", "this is no public key of SSH", { help: "give the file that ends in .pub" });
  return key;
}

function noKey(): RolewrightError {
  return bad("there is no public key after the principals", "write `PRINCIPAL [OPTIONS] KEYTYPE KEY`");
}

function bad(message: string, help: string): RolewrightError {
  return new RolewrightError("RW657", message, { help });
}
