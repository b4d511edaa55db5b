import type { Finding, SourceLocation } from "../model/finding.ts";
import type { Manifest, Reference } from "./manifest.ts";
import type { ManifestPath, TextRange } from "./source-file.ts";

/** A piece of text with references in it. */
export type ReferencePart =
  | { readonly kind: "text"; readonly text: string }
  | { readonly kind: "env"; readonly name: string; readonly range: TextRange };

export type ReferenceText =
  | { readonly ok: true; readonly parts: readonly ReferencePart[] }
  | { readonly ok: false; readonly message: string; readonly range: TextRange };

/** Splits text at `${NAME}`; `$$` is a dollar sign, and a dollar sign before anything else is itself. */
export function parseReferenceText(text: string): ReferenceText {
  const parts: ReferencePart[] = [];
  let plain = "";
  let at = 0;
  while (at < text.length) {
    if (text.startsWith("$$", at)) {
      plain += "$";
      at += 2;
    } else if (text.startsWith("${", at)) {
      const match = /^\$\{([A-Za-z_][A-Za-z0-9_]*)\}/u.exec(text.slice(at));
      if (match === null) {
        const message = "expected the name of an environment variable, as in `${SHOP_PROD_URL}`";
        return { ok: false, message, range: { offset: at, length: 2 } };
      }
      if (plain !== "") parts.push({ kind: "text", text: plain });
      plain = "";
      parts.push({ kind: "env", name: match[1] ?? "", range: { offset: at, length: match[0].length } });
      at += match[0].length;
    } else {
      plain += text[at];
      at++;
    }
  }
  if (plain !== "") parts.push({ kind: "text", text: plain });
  return { ok: true, parts };
}

/** Where a password comes from, as it is written into plans: `env:NAME` or `file:PATH`; null when the reference is not exactly one place. */
export function passwordSource(reference: Reference): string | null {
  if (typeof reference !== "string") return "env" in reference ? `env:${reference.env}` : `file:${reference.file}`;
  const text = parseReferenceText(reference);
  const only = text.ok && text.parts.length === 1 ? text.parts[0] : undefined;
  return only?.kind === "env" ? `env:${only.name}` : null;
}

/** Secrets that stand in the files, and references that cannot be read. */
export function referenceFindings(
  manifest: Manifest,
  locate: (path: ManifestPath, range?: TextRange) => SourceLocation | undefined,
): readonly Finding[] {
  const findings: Finding[] = [];
  const report = (code: string, message: string, help: string, path: ManifestPath, range?: TextRange): void => {
    const location = locate(path, range);
    findings.push({ code, severity: "error", message, help, ...(location === undefined ? {} : { location }) });
  };
  for (const [name, target] of Object.entries(manifest.targets ?? {})) {
    const urls: readonly (readonly [ManifestPath, Reference | undefined])[] = [
      [["targets", name, "url"], target.url],
      [["targets", name, "shadow", "url"], target.shadow?.url],
    ];
    for (const [path, reference] of urls) {
      if (typeof reference !== "string") continue;
      const text = parseReferenceText(reference);
      if (!text.ok) report("RW113", text.message, "write `$$` for a dollar sign before a brace", path, text.range);
      else if (holdsPassword(text.parts)) report("RW110", "a password stands in this URL", URL_HELP, path);
    }
  }
  for (const [name, role] of Object.entries(manifest.roles ?? {})) {
    if (role.password === undefined || passwordSource(role.password) !== null) continue;
    report("RW110", "a password stands in this file", PASSWORD_HELP, ["roles", name, "password"]);
  }
  return findings;
}

const URL_HELP =
  "put the whole URL into an environment variable: `url: ${SHOP_PROD_URL}`, or only the password: `postgresql://app:${SHOP_PASSWORD}@host/shop`; and change the password, since it was in a file";
const PASSWORD_HELP =
  "say where it is: `password: ${APP_PASSWORD}` or `password: { file: secrets/app }`; and change the password, since it was in a file";

/** A password is literal when any plain text stands between the colon and the `@`, or in a parameter that is one. */
function holdsPassword(parts: readonly ReferencePart[]): boolean {
  // A reference becomes a sign that cannot stand in a URL, so that plain text around it is seen.
  const text = parts.map((part) => (part.kind === "env" ? "\u0001" : part.text)).join("");
  const authority = /^[a-z][a-z0-9+.-]*:\/\/([^/?#]*)/iu.exec(text)?.[1] ?? "";
  const user = authority.includes("@") ? authority.slice(0, authority.lastIndexOf("@")) : "";
  const inUser = user.includes(":") ? user.slice(user.indexOf(":") + 1) : "";
  const inQuery = [...text.matchAll(/[?&\s](?:ssl)?password\s*=\s*([^&\s]*)/giu)].map((match) => match[1] ?? "");
  return [inUser, ...inQuery].some((value) => value.replaceAll("\u0001", "") !== "");
}

/** Text with its references filled in. A value that is one part of a URL is percent-encoded, so that a password with `@` in it works. */
export function fillReferences(
  parts: readonly ReferencePart[],
  env: Readonly<Record<string, string | undefined>>,
): { readonly text: string } | { readonly missing: string; readonly range: TextRange } {
  let text = "";
  for (const part of parts) {
    if (part.kind === "text") {
      text += part.text;
      continue;
    }
    const value = env[part.name];
    if (value === undefined || value === "") return { missing: part.name, range: part.range };
    text += parts.length === 1 ? value : encodeURIComponent(value);
  }
  return { text };
}
