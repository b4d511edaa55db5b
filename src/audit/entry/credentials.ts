/** Forms that credentials have. What is written can never be removed, so an entry with one of them is not written at all. */
const FORMS: readonly (readonly [what: string, form: RegExp])[] = [
  ["a SCRAM verifier", /SCRAM-SHA-\d+\$\d+:/],
  ["an MD5 password hash", /\bmd5[0-9a-f]{32}\b/],
  ["a bcrypt hash", /\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}/],
  ["a crypt hash", /\$(?:5|6|A|y)\$[^\s']{20,}/],
  ["a private key", /PRIVATE\+KEY\+|-----BEGIN [A-Z ]*PRIVATE KEY-----/],
  ["a password in a URL", /[a-z][a-z0-9+.-]{0,30}:\/\/[^\s/:@]{1,200}:[^\s/@]{1,200}@/i],
  ["a password in a statement", /\b(?:password|identified\s+by)\s*=?\s*'(?!\$secret')[^']/i],
  ["a bearer token", /\bBearer\s+[A-Za-z0-9._~+/-]{16,}/],
];

/** What credential a text holds, in words; null where it has the form of none. */
export function credentialIn(text: string): string | null {
  return FORMS.find(([, form]) => form.test(text))?.[0] ?? null;
}
