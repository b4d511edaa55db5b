import { compareBy, sorted } from "../../base/order.ts";
import type { NodeFacts, NodeSettings, CopyFacts } from "../../model/posture/cassandra.ts";
import type { SessionFacts } from "../../model/posture.ts";
import type { RoleName } from "../../model/role.ts";
import type { Unknown } from "../../model/snapshot.ts";
import type { Session } from "./client.ts";
import { describePlace, type Place } from "./dsn.ts";
import { CODE, isServerError, isTooFewNodes } from "./errors.ts";
import { CLIENTS, type ClientRow } from "./queries.ts";
import * as sql from "./queries-posture.ts";
import { copiesOf } from "./replication.ts";
import { cacheValidityMs, classOfSetting, readSettings, type Settings } from "./settings.ts";

/** How the nodes are reached. */
export interface NodesToAsk {
  /** With any node: it knows of all. */
  readonly session: Session;
  /** A session with this node alone. Throws where it cannot be had. */
  readonly at: (place: Place) => Promise<Session>;
  /** Whom we are logged in as: our own sessions are left out. */
  readonly actor: RoleName;
}

/** What every node says of itself. */
export interface NodesFound {
  readonly nodes: readonly NodeFacts[];
  /** The settings of the node that we are connected to. */
  readonly settings: Settings;
  readonly sessions: readonly SessionFacts[] | null;
  readonly unknowns: readonly Unknown[];
}

/** Asks each node for its settings and its sessions, two queries a node: each knows its own only. */
export async function readNodes(asking: NodesToAsk): Promise<NodesFound> {
  const known = await knownNodes(asking.session);
  const answers = await Promise.all(known.map((each) => askNode(each, asking)));
  const unknowns: Unknown[] = answers.flatMap(({ facts, clients }): Unknown[] => {
    if (!facts.reached) return [{ subject: `node ${facts.node}`, reason: "it could not be connected to" }];
    const hidden = [facts.settings === null ? "settings" : "", clients === null ? "sessions" : ""].filter((x) => x);
    return hidden.map((what) => ({ subject: `${what} of node ${facts.node}`, reason: HIDDEN, help: HELP }));
  });
  const all = answers.map(({ clients }) => clients);
  return {
    nodes: sorted(
      answers.map(({ facts }) => facts),
      compareBy(({ node }) => node),
    ),
    settings: answers.find(({ isOurs }) => isOurs)?.settings ?? new Map(),
    sessions: all.includes(null)
      ? null
      : sessionsOf(
          all.flatMap((rows) => rows ?? []),
          asking.actor,
        ),
    unknowns,
  };
}

const HIDDEN = "we may not read `system_views`";
const HELP = "have a superuser run: grant select on keyspace system_views to us";

/** How many copies of `system_auth` there are in each data center, by its replication. */
export function copiesBy(
  replication: Readonly<Record<string, string>>,
  nodes: readonly NodeFacts[],
): readonly CopyFacts[] {
  return copiesOf(
    replication,
    nodes.map(({ dataCenter }) => dataCenter),
  );
}

interface KnownNode {
  readonly place: Place;
  readonly isOurs: boolean;
  readonly dataCenter: string;
  readonly release: string;
  readonly schema: string;
}

const DEFAULT_PORT = 9042;
const HERE = { consistency: "localOne" } as const;

async function knownNodes(session: Session): Promise<readonly KnownNode[]> {
  const ours = await session.rows<sql.ThisNodeRow>(sql.THIS_NODE, HERE);
  const others = await session.rows<sql.OtherNodeRow>(sql.OTHER_NODES, HERE);
  return [
    ...ours.map(([host, port, dataCenter, release, schema]) => ({
      place: { host, port: port ?? DEFAULT_PORT },
      isOurs: true,
      dataCenter,
      release,
      schema,
    })),
    ...others.flatMap(([id, host, port, dataCenter, release, schema]) => {
      if (id === null || host === null) return [];
      const place = { host, port: port ?? DEFAULT_PORT };
      return [{ place, isOurs: false, dataCenter: dataCenter ?? "", release: release ?? "", schema: schema ?? "" }];
    }),
  ];
}

interface Answer {
  readonly facts: NodeFacts;
  readonly isOurs: boolean;
  readonly settings: Settings | null;
  readonly clients: readonly ClientRow[] | null;
}

async function askNode({ place, isOurs, ...known }: KnownNode, { session, at }: NodesToAsk): Promise<Answer> {
  const node = describePlace(place);
  if (isOurs) return await answer(session);
  let own: Session;
  try {
    own = await at(place);
  } catch {
    const facts = { node, ...known, reached: false, settings: null };
    return { facts, isOurs, settings: null, clients: null };
  }
  await using _ = own;
  return await answer(own);

  async function answer(from: Session): Promise<Answer> {
    const settings = await readSettings(from);
    const facts = { node, ...known, reached: true, settings: settings === null ? null : nodeSettings(settings) };
    return { facts, isOurs, settings, clients: await readClients(from) };
  }
}

async function readClients(session: Session): Promise<readonly ClientRow[] | null> {
  try {
    return await session.rows<ClientRow>(CLIENTS, HERE);
  } catch (error) {
    if (isServerError(error, [CODE.unauthorized]) && !isTooFewNodes(error)) return null;
    throw error;
  }
}

/** What decides about access among the settings of a node. */
export function nodeSettings(settings: Settings): NodeSettings {
  const isOn = (...names: readonly string[]): boolean => names.some((name) => settings.get(name) === "true");
  // Given as 4.1 names it, then as 5.0 does.
  const threads =
    settings.get("enable_user_defined_functions_threads") ?? settings.get("user_defined_functions_threads_enabled");
  return {
    authenticator: classOfSetting(settings, "authenticator"),
    authorizer: classOfSetting(settings, "authorizer"),
    roleManager: classOfSetting(settings, "role_manager"),
    networkAuthorizer: classOfSetting(settings, "network_authorizer"),
    cidrAuthorizer: classOfSetting(settings, "cidr_authorizer"),
    cidrMonitors: /cidr_authorizer_mode=MONITOR/iu.test(settings.get("cidr_authorizer.parameters") ?? ""),
    cacheMs: cacheValidityMs(settings),
    userFunctions: isOn("user_defined_functions_enabled", "enable_user_defined_functions"),
    looseFunctions: isOn("allow_insecure_udfs", "allow_extra_insecure_udfs") || threads === "false",
  };
}

/** Without our own: they end when we do. The server does not say since when. */
function sessionsOf(rows: readonly ClientRow[], actor: RoleName): readonly SessionFacts[] {
  return rows.flatMap(([, , login, , options]) => {
    const isOurs = login === actor && options?.["APPLICATION_NAME"] === "rolewright";
    return login === null || isOurs ? [] : [{ login, current: null, since: "" }];
  });
}
