import { isIP } from "node:net";
import { RolewrightError } from "../../base/error.ts";
import { Secret } from "../../base/secret.ts";

export type TlsMode = "disable" | "prefer" | "require" | "verify-ca" | "verify-full";

const TLS_MODES: readonly string[] = ["disable", "prefer", "require", "verify-ca", "verify-full"];

/** The options that a URL may carry. An unknown one is an error: it may have been meant to protect the connection. */
const OPTIONS: readonly string[] = ["dc", "tls", "tls-ca", "tls-cert", "tls-key"];

/** Where one node listens. */
export interface Place {
  /** A name or an address. */
  readonly host: string;
  readonly port: number;
}

/** A connection URL in its parts. */
export interface Dsn {
  /** Nodes to try, in this order. */
  readonly places: readonly Place[];
  readonly user: string;
  readonly password: Secret | null;
  /** The data center that the nodes must be in; null: whichever they are in. */
  readonly dataCenter: string | null;
  readonly tls: TlsMode;
  /** Files with certificates. `system` as authority: those that the machine trusts. */
  readonly tlsCa: string | null;
  readonly tlsCert: string | null;
  readonly tlsKey: string | null;
}

const SHAPE = /^cassandra:\/\/(?:([^@/?#]*)@)?([^@/?#]*)(?:\/[^?#]*)?(?:\?([^#]*))?$/u;
const DEFAULT_PORT = "9042";

/** Takes a connection URL apart. Throws RW513, without repeating the URL, since it may hold a password. A path is left out: everything is named with its keyspace. */
export function parseDsn(url: Secret): Dsn {
  const match = SHAPE.exec(url.reveal());
  if (match === null) throw malformed("it does not have the form `cassandra://user@host:port,host2/`");
  const [, login = "", places = "", query = ""] = match;
  const options = parseOptions(query);
  const [user, password] = splitOnce(login, ":");
  const tls = options.get("tls") ?? "prefer";
  if (!TLS_MODES.includes(tls)) throw malformed(`\`${tls}\` is not a value of \`tls\`: ${TLS_MODES.join(", ")}`);
  const found = places.split(",").map(parsePlace);
  if (tls === "verify-full" && found.some(({ host }) => isIP(host) !== 0)) {
    throw malformed("`tls=verify-full` checks the server's name, and the URL has an address: use `verify-ca`");
  }
  return {
    places: found,
    user: decode(user) || "cassandra",
    password: password === undefined || password === "" ? null : new Secret(decode(password)),
    dataCenter: options.get("dc") ?? null,
    tls: tls as TlsMode,
    tlsCa: options.get("tls-ca") ?? null,
    tlsCert: options.get("tls-cert") ?? null,
    tlsKey: options.get("tls-key") ?? null,
  };
}

/** The address as people read it, without the password. */
export function describeDsn({ user, places }: Pick<Dsn, "user" | "places">): string {
  return `cassandra://${encodeURIComponent(user)}@${places.map(describePlace).join(",")}/`;
}

/** `127.0.0.1:9042`, `[::1]:9042`. */
export function describePlace({ host, port }: Place): string {
  return `${host.includes(":") ? `[${host}]` : host}:${port}`;
}

function parseOptions(query: string): ReadonlyMap<string, string> {
  const options = new Map<string, string>();
  for (const pair of query.split("&").filter((each) => each !== "")) {
    const [key, value = ""] = splitOnce(pair, "=");
    const name = decode(key);
    if (!OPTIONS.includes(name)) throw malformed(`there is no option \`${name}\`, only ${OPTIONS.join(", ")}`);
    options.set(name, decode(value));
  }
  return options;
}

function parsePlace(text: string): Place {
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/u.exec(text);
  const [host, port = DEFAULT_PORT] = bracketed === null ? splitOnce(text, ":") : [bracketed[1] ?? "", bracketed[2]];
  if (!/^\d{1,5}$/u.test(port) || Number(port) > 65_535) throw malformed(`\`${port}\` is not a port`);
  return { host: decode(host) || "localhost", port: Number(port) };
}

function splitOnce(text: string, separator: string): [string, string | undefined] {
  const at = text.indexOf(separator);
  return at < 0 ? [text, undefined] : [text.slice(0, at), text.slice(at + separator.length)];
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    throw malformed("it has a `%` that is not followed by two hexadecimal digits");
  }
}

function malformed(what: string): RolewrightError {
  return new RolewrightError("RW513", `the connection URL cannot be understood: ${what}`, {
    help: "write `cassandra://user@host:port,host2/?dc=NAME&tls=verify-full` and percent-encode special characters",
  });
}
