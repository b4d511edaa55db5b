import { randomBytes } from "node:crypto";
import { RolewrightError } from "../../../../base/error.ts";
import { Secret } from "../../../../base/secret.ts";
import { compareText } from "../../../../base/order.ts";
import { describeName, describeTyped } from "../../../../model/resource.ts";
import type { RoleAttributes, RoleName } from "../../../../model/role.ts";
import type { Snapshot } from "../../../../model/snapshot.ts";
import type { Shadow, ShadowGap, ShadowOptions, ShadowStatement } from "../../../simulation.ts";
import { openSession, type Session } from "../../client.ts";
import { parseDsn } from "../../dsn.ts";
import { introspect } from "../../introspect.ts";
import { accountName, accountOf } from "../../names.ts";
import { type MariadbServer, startMariadb } from "../../local/server.ts";
import { PRODUCTS } from "../../product.ts";
import { quoteLiteral } from "../../quote.ts";
import { seriesOf } from "../../version.ts";
import { type Builder, type GrantRows, mightyAccounts, nativeHash, readGrants, writeGrants } from "./accounts.ts";
import { signIn, type SignInPlace } from "./sign-in.ts";
import { copyStructure } from "./structure.ts";
import { refuseUntried } from "../untried.ts";

/** Nothing of it is durable, nothing runs by itself, and it believes where clients say that they come from. */
const SETTINGS: Readonly<Record<string, string>> = {
  "skip-name-resolve": "1",
  "proxy-protocol-networks": "127.0.0.1",
  "log-bin-trust-function-creators": "1",
  "event-scheduler": "OFF",
};

/** Builds a shadow of a MariaDB: its structure without rows, and its grants as they stand, each account with a credential of ours. The target is only read. */
export async function startShadow(options: ShadowOptions): Promise<Shadow> {
  const { live, signal } = options;
  refuseOthers(options);
  const folding = live.limits["lower_case_table_names"] ?? 0;
  const password = new Secret(randomBytes(24).toString("base64url"));
  const server = await startMariadb({
    password,
    settings: { ...SETTINGS, "lower-case-table-names": String(folding) },
  });
  try {
    const builder: Builder = { user: `rolewright-${randomBytes(4).toString("hex")}`, host: "127.0.0.1", password };
    await using target = await openSession(parseDsn(options.url), connecting(signal));
    const grants = await readGrants(target);
    const gaps = await build(server, target, { options, grants, builder });
    const shadow = new MariadbShadow(server, { grants, builder, live, gaps, signal });
    await shadow.open();
    return shadow;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

function refuseOthers({ live, staging }: ShadowOptions): void {
  refuseUntried(live);
  if (staging === undefined) return;
  throw new RolewrightError(
    "RW598",
    "a shadow of MariaDB is built on a server of our own, and not on a staging server",
    {
      help: "take `shadow` out of the target",
    },
  );
}

async function build(
  server: MariadbServer,
  target: Session,
  {
    options,
    grants,
    builder,
  }: { readonly options: ShadowOptions; readonly grants: GrantRows; readonly builder: Builder },
): Promise<readonly ShadowGap[]> {
  const { live, onProgress, signal } = options;
  const first = new Secret(server.url({ user: "root", password: builder.password }));
  await using own = await openSession(parseDsn(first), connecting(signal));
  // A view is looked at with the rights of its definer when it is made, whoever that is by now.
  await writeGrants(own, mightyAccounts(definersOf(live)), builder);
  const gaps = await copyStructure(target, own, { live, onProgress, signal });
  // Last, since making code grants its maker rights on it.
  await writeGrants(own, grants, builder);
  onProgress?.("accounts, roles and grants");
  const rows =
    options.rows === undefined ? [] : [{ name: "rows", reason: "rows are not loaded into a shadow of MariaDB" }];
  return [
    ...gaps,
    ...rows,
    ...live.unknowns.map(({ subject, reason }) => ({ name: subject.replaceAll("`", ""), reason })),
  ];
}

function definersOf({ catalog }: Snapshot): ReadonlySet<RoleName> {
  const code = (catalog.definedCode ?? []).map(({ definer }) => definer);
  return new Set([
    ...code,
    ...Array.from(catalog.entries.values(), ({ definer }) => definer ?? "").filter((name) => name !== ""),
  ]);
}

interface Built {
  readonly grants: GrantRows;
  readonly builder: Builder;
  readonly live: Snapshot;
  readonly gaps: readonly ShadowGap[];
  readonly signal: AbortSignal | undefined;
}

/** A running shadow. What signs in and how is not mirrored: for what a plan leaves alone the target's own attributes are shown. */
export class MariadbShadow implements Shadow {
  readonly #server: MariadbServer;
  readonly #built: Built;
  #attributes: ReadonlyMap<string, RoleAttributes> = new Map();
  #snapshot: Snapshot | null = null;
  #gaps: readonly ShadowGap[];
  /** Every account that it has now. */
  #accounts: readonly RoleName[] = [];

  constructor(server: MariadbServer, built: Built) {
    this.#server = server;
    this.#built = built;
    this.#gaps = built.gaps;
  }

  get url(): Secret {
    const { user, password } = this.#built.builder;
    return new Secret(this.#server.url({ user, password }));
  }

  get otherMajor(): boolean {
    const [major = 0, minor = 0] = this.#server.version.split(".").map(Number);
    return seriesOf({ major, minor }) !== seriesOf(this.#built.live.version);
  }

  get gaps(): readonly ShadowGap[] {
    return this.#gaps;
  }

  get snapshot(): Snapshot {
    if (this.#snapshot === null) throw new TypeError("the shadow is not open");
    return this.#snapshot;
  }

  /** How accounts are signed in to. */
  place(): SignInPlace {
    const { builder } = this.#built;
    const own = accountName(builder.user, builder.host);
    const accounts = this.#accounts.filter((name) => accountOf(name) !== null);
    return {
      port: this.#server.port,
      socket: this.#server.socket,
      password: builder.password,
      accounts: [...accounts, own],
    };
  }

  async open(): Promise<void> {
    const first = await this.#readRaw();
    this.#attributes = new Map(Array.from(first.access.roles.values(), ({ name, attributes }) => [name, attributes]));
    this.#snapshot = this.#asTarget(first);
    const found = differences(this.#built.live, this.#snapshot);
    this.#gaps = [...this.#built.gaps, ...found].sort((a, b) => compareText(a.name, b.name));
  }

  /** Runs the statements as the account that will apply the plan. */
  async run(statements: readonly ShadowStatement[]): Promise<Snapshot> {
    const { live, builder } = this.#built;
    const actor = live.actor.role;
    const connection = await signIn(actor, this.place());
    if (connection === null) {
      throw new RolewrightError(
        "RW597",
        `the plan cannot be rehearsed as \`${describeName(actor)}\`: nobody can come from its host`,
        {
          help: "connect to the target as an account of an address or a pattern",
        },
      );
    }
    try {
      await connection.query("set session sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_CREATE_USER'");
      for (const { text, secret } of statements) {
        const complete =
          secret === true ? text.replaceAll(/\$secret\b/gu, () => quoteLiteral(nativeHash(builder.password))) : text;
        try {
          await connection.query(complete);
        } catch (cause) {
          throw new RolewrightError("RW597", `the plan fails on its shadow: ${(cause as Error).message}: ${text}`, {
            help: "what the shadow refuses the target would refuse too: see what the account that applies plans may do",
            cause,
          });
        }
      }
    } finally {
      await connection.end().catch(() => connection.destroy());
    }
    return this.#asTarget(await this.#readRaw());
  }

  async reset(): Promise<void> {
    const { grants, builder, signal } = this.#built;
    await using session = await openSession(parseDsn(this.url), connecting(signal));
    await writeGrants(session, grants, builder);
    await this.#readRaw();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#server.stop();
  }

  async #readRaw(): Promise<Snapshot> {
    await using session = await openSession(parseDsn(this.url), connecting(this.#built.signal));
    const read = await introspect(session, { product: PRODUCTS.mariadb, address: `127.0.0.1:${this.#server.port}` });
    this.#accounts = [...read.access.roles.keys()];
    return read;
  }

  /** Without the builder, and with the target's attributes where they are still what the shadow was built with. */
  #asTarget(read: Snapshot): Snapshot {
    const { builder, live } = this.#built;
    const own = accountName(builder.user, builder.host);
    const roles = new Map(read.access.roles);
    roles.delete(own);
    for (const [name, role] of roles) {
      const was = this.#attributes.get(name);
      const theirs = live.access.roles.get(name);
      if (was === undefined || theirs === undefined) continue;
      const attributes = Object.fromEntries(
        Object.entries(role.attributes).map(([key, value]) => [
          key,
          value === was[key] ? (theirs.attributes[key] ?? value) : value,
        ]),
      );
      roles.set(name, { ...role, attributes, origin: theirs.origin });
    }
    const holdings = new Map(
      Array.from(read.access.holdings, ([key, holding]) => {
        const entries = holding.list.entries.filter(({ grantee }) => grantee !== own);
        // The target's own list where it is the same: lists are compared by their ids.
        const theirs = live.access.holdings.get(key)?.list;
        if (entries.length === holding.list.entries.length) return [key, holding] as const;
        return [
          key,
          {
            ...holding,
            list: theirs !== undefined && sameEntries(theirs.entries, entries) ? theirs : { ...holding.list, entries },
          },
        ] as const;
      }),
    );
    return { ...read, actor: live.actor, access: { ...read.access, roles, holdings } };
  }
}

function sameEntries(a: readonly unknown[], b: readonly unknown[]): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Where the shadow does not grant what the target grants. */
function differences(live: Snapshot, shadow: Snapshot): readonly ShadowGap[] {
  const gaps: ShadowGap[] = [];
  for (const [key, { resource, list }] of live.access.holdings) {
    const own = shadow.access.holdings.get(key)?.list;
    if (own?.id === list.id || (own === undefined && list.entries.length === 0)) continue;
    gaps.push({ name: describeTyped(resource), reason: "who holds what on it is not the same on the shadow" });
  }
  for (const name of live.access.roles.keys()) {
    if (!shadow.access.roles.has(name))
      gaps.push({ name: `role ${describeName(name)}`, reason: "it is not on the shadow" });
  }
  for (const [key, { role, member }] of live.access.memberships) {
    if (!shadow.access.memberships.has(key)) {
      gaps.push({
        name: `role ${describeName(role)}`,
        reason: `\`${describeName(member)}\` is no member of it on the shadow`,
      });
    }
  }
  return gaps;
}

function connecting(signal: AbortSignal | undefined) {
  return { applicationName: "rolewright", connectTimeoutSeconds: 10, ...(signal === undefined ? {} : { signal }) };
}
