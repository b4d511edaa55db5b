import { describeName } from "../../model/resource.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { HealthFact } from "../engine.ts";
import { CAPABILITIES } from "./capabilities.ts";
import type { Session, Transport } from "./client.ts";
import type { Dsn } from "./dsn.ts";
import { accountFacts } from "./health-account.ts";
import { readSettings } from "./introspect.ts";
import type { Product } from "./product.ts";
import { runningFact } from "./running.ts";
import { supportFact } from "./version.ts";

/** How far apart the clocks may be before the times in plans, runs and drift mislead. */
const MAX_SKEW_MS = 5000;

/** The server's clock, in milliseconds. */
export const CLOCK = "select cast(unix_timestamp(now(3)) * 1000 as unsigned)";

export interface Examination {
  readonly session: Session;
  readonly dsn: Dsn;
  readonly product: Product;
}

/** Looks at the server, the way to it and our account, and says of each how it is and what would fix it. A server without its grant tables was refused before, by `connect`. */
export async function examine(live: Snapshot, { session, dsn, product }: Examination): Promise<readonly HealthFact[]> {
  const sent = Date.now();
  const [clock] = await session.rows<readonly [string | number]>(CLOCK);
  const received = Date.now();
  const settings = await readSettings(session);
  return [
    verifiedFact(live, product),
    supportFact(live.version, product, new Date(received).toISOString().slice(0, 10)),
    clockFact({ sent, received, server: Number(clock?.[0]) }),
    transportFact(session.transport, dsn),
    primaryFact(settings),
    ...settingFacts(settings, product),
    await runningFact(live, session, product),
    ...accountFacts(live, product),
    definerFact(live),
  ];
}

/** Whether this series was ever tried. */
function verifiedFact({ version }: Snapshot, product: Product): HealthFact {
  const name = "verified";
  const { verifiedOn } = CAPABILITIES[product.engine];
  const series = `${version.major}.${version.minor}`;
  if (verifiedOn.length === 0) {
    const text = `${product.title} is supported by its manual and was not verified against a live server`;
    return { name, result: "warn", text, fix: "try every plan on a copy first" };
  }
  if (verifiedOn.includes(series)) return { name, result: "ok", text: `tested on ${product.title} ${series}` };
  const text = `tested on ${product.title} ${verifiedOn.join(", ")}, and not on ${series}`;
  return { name, result: "warn", text, fix: "try plans on a copy first" };
}

/** Three moments in milliseconds: when we asked, when the server answered by its own clock, and when we had the answer. What the way took is in doubt, and not held against it. */
function clockFact(moments: { readonly sent: number; readonly received: number; readonly server: number }): HealthFact {
  const { sent, received, server } = moments;
  const ahead = server - (sent + received) / 2;
  if (Math.abs(ahead) - (received - sent) / 2 <= MAX_SKEW_MS) {
    return { name: "clock", result: "ok", text: "the server's clock and ours are within 5 seconds" };
  }
  const text = `the server's clock is ${Math.round(Math.abs(ahead) / 1000)} seconds ${ahead > 0 ? "ahead of" : "behind"} ours`;
  return {
    name: "clock",
    result: "warn",
    text,
    fix: "set both clocks by NTP: the times in plans and runs are of both",
  };
}

/** How what we send travels, and whether the server has proved who it is. */
export function transportFact({ address, tls }: Transport, dsn: Pick<Dsn, "tls" | "socket">): HealthFact {
  const name = "tls";
  if (dsn.socket !== null || address === null) return { name, result: "ok", text: "none, over the server's socket" };
  const here = /^(?:::ffff:)?127\.|^::1$/iu.test(address);
  if (tls === null) {
    if (here) return { name, result: "ok", text: `none, and ${address} is this machine` };
    const text = `none: what we send to ${address} can be read and changed on the way`;
    return { name, result: "warn", text, fix: `${VERIFY}; the server needs a certificate` };
  }
  if (dsn.tls === "verify-full") return { name, result: "ok", text: `${tls}, and the server has proved its name` };
  if (dsn.tls === "verify-ca") {
    return { name, result: "ok", text: `${tls}; the certificate is checked, the name in it is not` };
  }
  const text = `${tls}, but nothing proves who the server is (\`tls=${dsn.tls}\`)`;
  return here ? { name, result: "ok", text } : { name, result: "warn", text, fix: VERIFY };
}

const VERIFY = "set `tls=verify-full` in the target's URL, and `tls-ca=FILE` where the authority is your own";

function primaryFact(settings: ReadonlyMap<string, string>): HealthFact {
  const name = "primary";
  const isOn = (setting: string): boolean => /^(?:ON|1)$/u.test(settings.get(setting) ?? "");
  if (!isOn("read_only") && !isOn("super_read_only")) return { name, result: "ok", text: "the server takes changes" };
  const text =
    "the server is read-only, as replicas are: what is granted here alone is lost when it follows its primary";
  return { name, result: "warn", text, fix: "point the target at the primary" };
}

/** Settings that make grants mean more, or mean something else, than they say. */
function settingFacts(settings: ReadonlyMap<string, string>, product: Product): HealthFact[] {
  const facts: HealthFact[] = [];
  const warn = (name: string, text: string, fix: string): void => void facts.push({ name, result: "warn", text, fix });
  if (product.engine === "mariadb" && !settings.get("sql_mode")?.includes("NO_AUTO_CREATE_USER")) {
    warn(
      "sql_mode",
      "without NO_AUTO_CREATE_USER a GRANT to a name that is misspelled makes that account, and anybody may log in as it",
      "add NO_AUTO_CREATE_USER to `sql_mode` of the server",
    );
  }
  const folder = settings.get("secure_file_priv");
  if (folder === "") {
    warn(
      "files",
      "`secure_file_priv` is not set: whoever has FILE reads and writes every file that the server can",
      "set `secure_file_priv` to a folder for that",
    );
  }
  if (settings.get("automatic_sp_privileges") === "OFF") {
    warn(
      "routines",
      "`automatic_sp_privileges` is off: grants on a routine stay when it is dropped, and hold for the next one of its name",
      "set `automatic_sp_privileges = on`",
    );
  }
  return facts;
}

/** Code whose definer is gone fails for everybody, and runs again as whoever is given that name. */
function definerFact({ catalog, access }: Snapshot): HealthFact {
  const name = "definers";
  const definers = [...catalog.entries.values(), ...(catalog.definedCode ?? [])].flatMap(
    ({ definer }) => definer ?? [],
  );
  const gone = definers.filter((definer) => !access.roles.has(definer));
  if (gone.length === 0) return { name, result: "ok", text: "every definer exists" };
  const who = [...new Set(gone)].sort().slice(0, 5).map(describeName).join(", ");
  return {
    name,
    result: "warn",
    text: `${gone.length} views, routines, triggers or events run as accounts that do not exist: ${who}`,
    fix: "define them anew with an account that exists: whoever makes one of that name decides what they do",
  };
}
