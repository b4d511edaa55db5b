import type { Effect } from "./effects.ts";

/** Who a session acts as. null: what it began with; undefined: not known. */
interface Acting {
  readonly role: string | null | undefined;
  readonly authorization: string | null | undefined;
  readonly path: readonly string[] | null | undefined;
}

const BEGINNING: Acting = { role: null, authorization: null, path: null };
const UNKNOWN: Acting = { role: undefined, authorization: undefined, path: undefined };

interface OpenTransaction {
  /** What COMMIT leaves. */
  kept: Acting;
  /** With what SET LOCAL said. */
  current: Acting;
  readonly savepoints: { readonly name: string; readonly kept: Acting; readonly current: Acting }[];
  failed: boolean;
}

/** Follows one session through its statements: SET ROLE, SET SESSION AUTHORIZATION and search_path, as transactions keep them or take them back. */
export class SessionState {
  readonly login: string | null;
  /** Its first line was read, so what it acted as is known from the beginning. */
  readonly startSeen: boolean;
  #outer: Acting;
  #transaction: OpenTransaction | null = null;

  constructor(login: string | null, startSeen: boolean) {
    this.login = login;
    this.startSeen = startSeen;
    this.#outer = startSeen ? BEGINNING : UNKNOWN;
  }

  /** The role whose privileges count now. Null: not known. */
  get role(): string | null {
    const { role, authorization } = this.#acting;
    if (role === undefined || authorization === undefined) return role ?? null;
    return role ?? authorization ?? this.login;
  }

  /** Null: not known, or what the settings of the role and the database say. */
  get searchPath(): readonly string[] | null {
    return this.#acting.path ?? null;
  }

  /** A statement that was carried out. */
  apply(effect: Effect): void {
    const open = this.#transaction;
    switch (effect.kind) {
      case "set":
        return this.#set(effect);
      case "reset-all":
        return this.#set({ kind: "set", what: "path", value: null, local: false });
      case "discard-all":
        this.#outer = BEGINNING;
        this.#transaction = null;
        return;
      case "begin":
        this.#transaction ??= { kept: this.#outer, current: this.#outer, savepoints: [], failed: false };
        return;
      case "commit":
        if (open === null) return this.#endUnseen();
        if (!open.failed) this.#outer = open.kept;
        return this.#end(effect.chain);
      case "rollback":
        if (open === null) return this.#endUnseen();
        return this.#end(effect.chain);
      case "savepoint":
        open?.savepoints.push({ name: effect.name, kept: open.kept, current: open.current });
        return;
      case "release":
        if (open !== null) open.savepoints.length = Math.max(0, savepointIndex(open, effect.name));
        return;
      case "rollback-to":
        return this.#rollBackTo(effect.name);
    }
  }

  /** A statement that failed: in a transaction nothing but its end is carried out from now on. */
  fail(): void {
    if (this.#transaction !== null) this.#transaction.failed = true;
  }

  /** Something happened that cannot be told. */
  forget(): void {
    this.#outer = UNKNOWN;
    this.#transaction = null;
  }

  get inTransaction(): boolean {
    return this.#transaction !== null;
  }

  get #acting(): Acting {
    return this.#transaction?.current ?? this.#outer;
  }

  #set(effect: Extract<Effect, { readonly kind: "set" }>): void {
    const change = (acting: Acting): Acting => {
      if (effect.what === "path") return { ...acting, path: effect.value };
      // SET SESSION AUTHORIZATION also ends what SET ROLE began.
      return effect.what === "role"
        ? { ...acting, role: effect.value }
        : { ...acting, authorization: effect.value, role: null };
    };
    const open = this.#transaction;
    if (open !== null) {
      open.current = change(open.current);
      if (!effect.local) open.kept = change(open.kept);
    } else if (!effect.local || !this.startSeen) {
      this.#outer = change(this.#outer); // LOCAL: it may be in a transaction whose begin was not seen; its end makes all unknown.
    }
  }

  #end(chain: boolean): void {
    this.#transaction = null;
    if (chain) this.apply({ kind: "begin" });
  }

  /** The end of a transaction whose beginning was not seen may take back what was set in it. */
  #endUnseen(): void {
    if (!this.startSeen) this.#outer = UNKNOWN;
  }

  #rollBackTo(name: string): void {
    const open = this.#transaction;
    if (open === null) return;
    const index = savepointIndex(open, name);
    const savepoint = open.savepoints[index];
    if (savepoint === undefined) return;
    open.kept = savepoint.kept;
    open.current = savepoint.current;
    open.failed = false;
    open.savepoints.length = index + 1;
  }
}

function savepointIndex(open: OpenTransaction, name: string): number {
  return open.savepoints.findLastIndex((savepoint) => savepoint.name === name);
}
