import { setTimeout as sleep } from "node:timers/promises";
import { RolewrightError } from "../../base/error.ts";
import { compareBy, sorted } from "../../base/order.ts";
import type { AccessState } from "../../model/access-state.ts";
import type { About, NodeReading } from "../engine.ts";
import { type Session, wordsOf } from "./client.ts";
import { describePlace, type Place } from "./dsn.ts";
import { PEERS, type PeerRow } from "./queries.ts";
import { cacheValidityMs, classOfSetting, readSettings, type Settings } from "./settings.ts";

/** How the nodes of a cluster are reached. */
export interface Ring {
  /** A session with any node: it knows of all. */
  readonly session: Session;
  /** A session with this node alone. Throws where it cannot be had. */
  at(place: Place): Promise<Session>;
  /** Reads the part that is asked for through one node. */
  read(session: Session, about: About): Promise<AccessState>;
  readonly signal?: AbortSignal;
}

const LOCAL = "select rpc_address, rpc_port from system.local where key = 'local'";
type LocalRow = readonly [address: string, port: number | null];

/** What a node remembers of roles and grants; there is none that could be emptied for CIDR groups. Emptied by TRUNCATE, each for itself. */
const CACHES: readonly string[] = ["roles", "permissions", "credentials", "network_permissions"];
/** A node refreshes in the background what is about to expire. */
const MARGIN_MS = 200;
/** Where the settings may not be read: the longest that is usual, the server's default being two seconds. */
const UNKNOWN_VALIDITY_MS = 2_000;

/**
 * Reads each node of the ring by itself, after it has forgotten what it remembered: it is told to, or, where we may not tell it, that time is waited out. A node that cannot be asked is an entry with the reason.
 */
export async function readEverywhere(about: About, ring: Ring): Promise<readonly NodeReading[]> {
  const begun = performance.now();
  const places = await nodesOf(ring.session);
  const readings = await Promise.all(
    places.map(async (place): Promise<NodeReading> => {
      const node = describePlace(place);
      try {
        await using session = await ring.at(place);
        const left = (await forget(session)) - (performance.now() - begun);
        if (left > 0) await sleep(left, undefined, ring.signal === undefined ? {} : { signal: ring.signal });
        return { node, state: await ring.read(session, about), reason: "" };
      } catch (error) {
        ring.signal?.throwIfAborted();
        return { node, state: null, reason: error instanceof RolewrightError ? error.message : wordsOf(error) };
      }
    }),
  );
  return sorted(
    readings,
    compareBy(({ node }) => node),
  );
}

async function nodesOf(session: Session): Promise<readonly Place[]> {
  const options = { consistency: "localOne" } as const;
  const local = await session.rows<LocalRow>(LOCAL, options);
  const peers = await session.rows<PeerRow>(PEERS, options);
  // A row without an id is of a node that is gone, or not there yet.
  const others = peers.flatMap(([id, , host, port]) => (id === null || host === null ? [] : [{ host, port }]));
  return [...local.map(([host, port]) => ({ host, port })), ...others].map(({ host, port }) => ({
    host,
    port: port ?? DEFAULT_PORT,
  }));
}

const DEFAULT_PORT = 9042;

/** Tells a node to forget. Answers how long to wait until it has, in milliseconds from the start. */
async function forget(session: Session): Promise<number> {
  const settings = await readSettings(session);
  const validity = settings === null ? UNKNOWN_VALIDITY_MS : cacheValidityMs(settings);
  if (validity === 0) return 0;
  const wait = validity + MARGIN_MS;
  try {
    for (const cache of CACHES) {
      await session.run(`truncate system_views.${cache}_cache_keys`, { consistency: "localOne" });
    }
  } catch {
    // Not allowed, or not there: time does it too.
    return wait;
  }
  return settings !== null && remembersAddresses(settings) ? wait : 0;
}

function remembersAddresses(settings: Settings): boolean {
  return !/^(?:AllowAll|$)/u.test(classOfSetting(settings, "cidr_authorizer"));
}
