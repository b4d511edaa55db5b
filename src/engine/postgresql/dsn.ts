import { RolewrightError } from "../../base/error.ts";
import { Secret } from "../../base/secret.ts";

export type SslMode = "disable" | "allow" | "prefer" | "require" | "verify-ca" | "verify-full";

const SSL_MODES: readonly string[] = ["disable", "allow", "prefer", "require", "verify-ca", "verify-full"];

/** A connection URL in its parts, with libpq's meaning and libpq's defaults. */
export interface Dsn {
  /** A name, an address, or the folder of a Unix socket when it begins with `/`. */
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: Secret | null;
  readonly database: string;
  readonly sslMode: SslMode;
  /** Files with certificates. `system` as root: the authorities that the machine trusts. */
  readonly sslRootCert: string | null;
  readonly sslCert: string | null;
  readonly sslKey: string | null;
}

const SHAPE = /^postgres(?:ql)?:\/\/(?:([^@/?#]*)@)?([^@/?#]*)(?:\/([^?#]*))?(?:\?([^#]*))?$/u;

/** Takes a connection URL apart. Throws RW513, without repeating the URL, since it may hold a password. */
export function parseDsn(url: Secret): Dsn {
  const match = SHAPE.exec(url.reveal());
  if (match === null) throw malformed("it does not have the form `postgresql://user@host:port/database`");
  const [, login = "", place = "", path = "", query = ""] = match;
  const options = parseOptions(query);
  const [user, password] = splitOnce(login, ":");
  const { host, port } = parsePlace(place);
  const portText = options.get("port") ?? port ?? process.env["PGPORT"] ?? "5432";
  if (!/^\d{1,5}$/.test(portText) || Number(portText) > 65_535) throw malformed(`\`${portText}\` is not a port`);
  const mode = options.get("sslmode") ?? process.env["PGSSLMODE"] ?? "prefer";
  if (!SSL_MODES.includes(mode)) throw malformed(`\`${mode}\` is not an \`sslmode\`: ${SSL_MODES.join(", ")}`);
  const name = decode(user) || options.get("user") || process.env["PGUSER"] || process.env["USER"] || "postgres";
  const secret = password === undefined ? (options.get("password") ?? process.env["PGPASSWORD"]) : decode(password);
  return {
    host: options.get("host") ?? (decode(host) || process.env["PGHOST"] || "localhost"),
    port: Number(portText),
    user: name,
    password: secret === undefined || secret === "" ? null : new Secret(secret),
    database: decode(path) || options.get("dbname") || process.env["PGDATABASE"] || name,
    sslMode: mode as SslMode,
    sslRootCert: options.get("sslrootcert") ?? process.env["PGSSLROOTCERT"] ?? null,
    sslCert: options.get("sslcert") ?? null,
    sslKey: options.get("sslkey") ?? null,
  };
}

/** The address as people read it, without the password. */
export function describeDsn(dsn: Dsn, database: string = dsn.database): string {
  const host = dsn.host.includes(":") ? `[${dsn.host}]` : encodeURI(dsn.host);
  return `postgresql://${encodeURIComponent(dsn.user)}@${host}:${dsn.port}/${encodeURIComponent(database)}`;
}

function parseOptions(query: string): ReadonlyMap<string, string> {
  const pairs = query.split("&").filter((pair) => pair !== "");
  return new Map(
    pairs.map((pair) => {
      const [key, value = ""] = splitOnce(pair, "=");
      return [decode(key), decode(value)];
    }),
  );
}

function parsePlace(place: string): { readonly host: string; readonly port: string | undefined } {
  if (place.includes(",")) throw malformed("several hosts in one URL are not supported: name the primary");
  const bracketed = /^\[([^\]]*)\](?::(.*))?$/.exec(place);
  if (bracketed !== null) return { host: bracketed[1] ?? "", port: bracketed[2] };
  const [host, port] = splitOnce(place, ":");
  return { host, port };
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
    help: "write `postgresql://user@host:port/database?sslmode=verify-full` and percent-encode special characters",
  });
}
