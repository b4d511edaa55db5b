import { LEFT_TO_RIGHT, MAPPED_TO_NOTHING, NON_ASCII_SPACE, PROHIBITED, RIGHT_TO_LEFT } from "./saslprep-tables.ts";

/**
 * A password as PostgreSQL prepares it before it is hashed: SASLprep (RFC 4013), and the password as it is where SASLprep refuses it. ASCII stays as it is, control characters too.
 * See pg_saslprep in PostgreSQL's src/common/saslprep.c, which the server and libpq share.
 */
export function saslprep(password: string): string {
  // oxlint-disable-next-line no-control-regex -- exactly ASCII, from its first character to its last
  if (/^[\u0000-\u007f]*$/.test(password)) return password;
  const mapped = Array.from(password)
    .map((char) => (isIn("space", char) ? " " : char))
    .filter((char) => !isIn("nothing", char));
  // The RFC checks the normalized text. PostgreSQL checks the text before that, and being equal to PostgreSQL is what counts.
  if (mapped.length === 0 || mapped.some((char) => isIn("prohibited", char))) return password;
  return isBidirectionallySound(mapped) ? mapped.join("").normalize("NFKC") : password;
}

// RFC 3454, section 6: text with right-to-left characters has no left-to-right ones, and begins and ends with the former.
function isBidirectionallySound(chars: readonly string[]): boolean {
  if (!chars.some((char) => isIn("rightToLeft", char))) return true;
  if (chars.some((char) => isIn("leftToRight", char))) return false;
  return isIn("rightToLeft", chars[0] ?? "") && isIn("rightToLeft", chars.at(-1) ?? "");
}

const ENCODED = {
  space: NON_ASCII_SPACE,
  nothing: MAPPED_TO_NOTHING,
  prohibited: PROHIBITED,
  rightToLeft: RIGHT_TO_LEFT,
  leftToRight: LEFT_TO_RIGHT,
} as const;

const decoded = new Map<keyof typeof ENCODED, readonly (readonly [number, number])[]>();

function isIn(table: keyof typeof ENCODED, char: string): boolean {
  const code = char.codePointAt(0) ?? 0;
  const ranges = decoded.get(table) ?? decode(ENCODED[table]);
  decoded.set(table, ranges);
  return ranges.some(([first, last]) => code >= first && code <= last);
}

function decode(text: string): readonly (readonly [number, number])[] {
  let end = 0;
  return text.split(" ").map((range) => {
    const [distance = "0", length = "0"] = range.split(".");
    const first = end + Number.parseInt(distance, 36);
    end = first + Number.parseInt(length, 36);
    return [first, end];
  });
}
