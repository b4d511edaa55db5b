import type { RunStore } from "../apply/outcome.ts";
import type { Secret } from "../base/secret.ts";
import type { Engine } from "../engine/engine.ts";
import type { Privilege } from "../model/access-list.ts";
import type { Resource } from "../model/resource.ts";
import type { RoleName } from "../model/role.ts";

/** A live server to try an engine on, and names that may be used there. */
export interface ConformanceTarget {
  readonly engine: Engine;
  /** The way in for an administrator who may do everything. */
  readonly url: Secret;
  /** The same server and account, with a password that is not the account's. */
  readonly wrongUrl: Secret;
  /** A role that does not exist, with as hostile a name as the engine takes: quotes, spaces, dots. */
  readonly role: RoleName;
  /** A login that does not exist. */
  readonly login: RoleName;
  /** A resource that exists, nobody but administrators holds anything on, and `privilege` can be granted on. */
  readonly table: Resource;
  readonly privilege: Privilege;
  /** An empty store of runs. */
  readonly runs: () => RunStore;
}

export interface ConformanceCase {
  /** A sentence about what must hold. */
  readonly name: string;
  /** Throws when it does not. */
  readonly run: () => Promise<void>;
}
