import { quoteLiteral } from "./quote.ts";

const DEMAND =
  /^(subject|issuer|cipher)\s+'((?:[^'\\]|''|\\[\s\S])*)'(?:\s+and\s+|\s*$|\s+(?=subject|issuer|cipher))/iu;

const WORDS: Readonly<Record<string, string>> = { none: "none", any: "ssl", x509: "x509" };

/** What stands behind REQUIRE for the attribute `tls`. The text of demands is taken apart and put together anew, so that nothing else can be in it. Throws where it is none. */
export function tlsText(tls: string): string {
  const word = WORDS[tls];
  if (word !== undefined) return word;
  const demands = tlsDemands(tls);
  if (demands === null) throw new TypeError(`${tls} is no demand on TLS`);
  return demands.map(([kind, value]) => `${kind} ${quoteLiteral(value)}`).join(" and ");
}

/** The demands that a text makes, as in `SUBJECT '/CN=app' AND ISSUER '/CN=ca'`; null where it is none. */
export function tlsDemands(text: string): readonly (readonly [kind: string, value: string])[] | null {
  const demands: (readonly [string, string])[] = [];
  let rest = text.trim();
  while (rest !== "") {
    const found = DEMAND.exec(rest);
    if (found === null) return null;
    const [whole, kind = "", value = ""] = found;
    if (demands.some(([known]) => known === kind.toLowerCase())) return null;
    demands.push([kind.toLowerCase(), value.replaceAll("''", "'").replaceAll(/\\([\s\S])/gu, "$1")]);
    rest = rest.slice(whole.length);
    if (rest === "" && /and\s+$/iu.test(whole)) return null;
  }
  return demands.length === 0 ? null : demands;
}
