import { isIP } from "node:net";
import { RolewrightError } from "../../base/error.ts";
import { Secret } from "../../base/secret.ts";

export type TlsMode = "disable" | "prefer" | "require" | "verify-ca" | "verify-full";

const TLS_MODES: readonly string[] = ["disable", "prefer", "require", "verify-ca", "verify-full"];

/** The options that a URL may carry. An unknown one is an error: it may have been meant to protect the connection. */
const OPTIONS: readonly string[] = ["socket", "tls", "tls-ca", "tls-cert", "tls-key"];

/** A connection URL in its parts. */
export interface Dsn {
  readonly scheme: "mariadb" | "mysql";
  /** A name or an address; for a socket only what the URL says. */
  readonly host: string;
  readonly port: number;
  /** The file of a Unix socket; null: TCP. */
  readonly socket: string | null;
  readonly user: string;
  readonly password: Secret | null;
  readonly tls: TlsMode;
  /** Files with certificates. `system` as authority: those that the machine trusts. */
  readonly tlsCa: string | null;
  readonly tlsCert: string | null;
  readonly tlsKey: string | null;
}

const SHAPE = /^(mariadb|mysql):\/\/(?:([^@/?#]*)@)?([^@/?#]*)(?:\/[^?#]*)?(?:\?([^#]*))?$/u;

/** Takes a connection URL apart. Throws RW513, without repeating the URL, since it may hold a password. A path is left out: everything is named with its schema. */
export function parseDsn(url: Secret): Dsn {
  const match = SHAPE.exec(url.reveal());
  if (match === null) throw malformed("it does not have the form `mariadb://user@host:port/`");
  const [, scheme = "", login = "", place = "", query = ""] = match;
  const options = parseOptions(query);
  const [user, password] = splitOnce(login, ":");
  const { host, port = "3306" } = parsePlace(place);
  if (!/^\d{1,5}$/u.test(port) || Number(port) > 65_535) throw malformed(`\`${port}\` is not a port`);
  const socket = options.get("socket") ?? (host.startsWith("/") ? host : null);
  const tls = options.get("tls") ?? "prefer";
  if (!TLS_MODES.includes(tls)) throw malformed(`\`${tls}\` is not a value of \`tls\`: ${TLS_MODES.join(", ")}`);
  const name = host === "" || host.startsWith("/") ? "localhost" : host;
  if (tls === "verify-full" && (socket !== null || isIP(name) !== 0)) {
    throw malformed("`tls=verify-full` checks the server's name, and the URL has none: use the name, or `verify-ca`");
  }
  return {
    scheme: scheme as Dsn["scheme"],
    host: name,
    port: Number(port),
    socket,
    user: decode(user) || process.env["USER"] || "root",
    password: password === undefined || password === "" ? null : new Secret(decode(password)),
    tls: tls as TlsMode,
    tlsCa: options.get("tls-ca") ?? null,
    tlsCert: options.get("tls-cert") ?? null,
    tlsKey: options.get("tls-key") ?? null,
  };
}

/** The address as people read it, without the password. */
export function describeDsn(dsn: Dsn): string {
  const who = `${dsn.scheme}://${encodeURIComponent(dsn.user)}@`;
  if (dsn.socket !== null) return `${who}${dsn.host}/?socket=${encodeURI(dsn.socket)}`;
  return `${who}${dsn.host.includes(":") ? `[${dsn.host}]` : encodeURI(dsn.host)}:${dsn.port}/`;
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

function parsePlace(place: string): { readonly host: string; readonly port?: string } {
  if (place.includes(",")) throw malformed("several hosts in one URL are not supported: name the primary");
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/u.exec(place);
  const [host, port] = bracketed === null ? splitOnce(place, ":") : [bracketed[1] ?? "", bracketed[2]];
  return { host: decode(host), ...(port === undefined ? {} : { port }) };
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
    help: "write `mariadb://user@host:port/?tls=verify-full` and percent-encode special characters",
  });
}
