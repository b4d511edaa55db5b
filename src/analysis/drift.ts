import { compareText } from "../base/order.ts";
import type { Change, Origin } from "../model/change.ts";
import type { SourceLocation } from "../model/finding.ts";
import type { RoleName } from "../model/role.ts";
import type { Snapshot, Unknown } from "../model/snapshot.ts";
import { adoption, type Adoption } from "./adoption.ts";
import { driftText } from "./drift-text.ts";

/** What differs between the files and the database, seen from the files: somebody changed the database, or a change of the files was never applied. */
export interface Drift {
  /** What the files say otherwise. Sorted. */
  readonly differences: readonly DriftItem[];
  /** What roles of the files hold beyond what any file claims. Not wrong as long as the scope is additive; nothing would change it. Sorted. */
  readonly unclaimed: readonly DriftItem[];
  /** What could not be compared: not the same as no drift. */
  readonly unknowns: readonly Unknown[];
}

/** One difference, and both ways out of it. */
export interface DriftItem {
  /** `extra`: the database has it and the files do not; `missing`: the reverse; `altered`: both have it, differently. */
  readonly kind: "extra" | "missing" | "altered";
  /** One sentence about the database as it is. */
  readonly text: string;
  /** The change that puts the database back to what the files say: part of the next plan, unless it is unclaimed. */
  readonly change: Change;
  /** The lines of the files that are concerned. */
  readonly locations: readonly SourceLocation[];
  /** The reason that the files give. */
  readonly because?: string;
  /** The edit of the files that makes the database right instead. */
  readonly adopt: Adoption;
  readonly record: DriftRecord;
}

/** What the server itself remembers about how it came to this. */
export interface DriftRecord {
  /** The role in whose name it was granted; null where none is kept. */
  readonly grantor: RoleName | null;
  /** When the server's own entry was last changed, by whatever change came last: RFC 3339 in UTC. The difference is as old or older. Null where the server does not know. */
  readonly at: string | null;
  /** Why there is not more, for people. */
  readonly note: string;
}

/** How changes are traced back to files: the part of a Resolution that drift needs. */
export interface ChangeOrigins {
  originOf(change: Change): Origin;
}

export interface DriftOptions {
  /** `diff(live, desired)` of the files as they are. */
  readonly changes: readonly Change[];
  /** What would change beyond `changes` if the files claimed everything about their roles: the removals among it are unclaimed. @default none: nothing is listed as unclaimed */
  readonly unclaimed?: readonly Change[];
  /** When the server's entry behind a change was last written; see `Connection.lastChanged`. @default the server does not know */
  readonly changedAt?: (change: Change) => string | null;
}

/** Says what differs, which side has it, what the server knows about it, and how to settle it either way. */
export function findDrift(live: Snapshot, origins: ChangeOrigins, options: DriftOptions): Drift {
  const unclaimed = (options.unclaimed ?? []).filter(removes);
  const at = (change: Change): string | null => {
    const time = options.changedAt?.(change) ?? null;
    // What was written after the reading says nothing about what was read.
    return time === null || time > live.takenAt ? null : time;
  };
  return {
    differences: options.changes.map((change) => itemOf(change, origins.originOf(change), at(change))).sort(inOrder),
    unclaimed: unclaimed
      .map((change) => itemOf(change, { locations: [], by: "authoritative" }, at(change)))
      .sort(inOrder),
    unknowns: live.unknowns,
  };
}

function itemOf(change: Change, origin: Origin, at: string | null): DriftItem {
  const { kind, text } = driftText(change, origin);
  return {
    kind,
    text,
    change,
    locations: origin.locations,
    ...(origin.because === undefined ? {} : { because: origin.because }),
    adopt: adoption(change, origin),
    record: recordOf(change, at),
  };
}

/** Something of the database would go: it is there, and no file says so. */
function removes(change: Change): boolean {
  switch (change.kind) {
    case "remove-grant":
    case "remove-grant-option":
    case "remove-default":
    case "remove-default-option":
    case "remove-membership":
    case "drop-policy":
    case "alter-membership":
    case "alter-role":
    case "set-role-setting":
      return true;
    case "create-role":
    case "drop-role":
    case "rename-role":
    case "set-password":
    case "add-membership":
    case "add-grant":
    case "add-grant-option":
    case "add-default":
    case "add-default-option":
    case "change-owner":
    case "create-policy":
    case "alter-policy":
    case "set-row-security":
      return false;
  }
}

const NOT_KEPT = "the server does not record who changed it, nor when; its log may, if it logs DDL";

function recordOf(change: Change, at: string | null): DriftRecord {
  // The empty name: the server keeps no grantor.
  const grantor = grantorOf(change) || null;
  const given = grantor === null ? "" : "granted in the name of this role; ";
  return { grantor, at, note: given + (at === null ? NOT_KEPT : lastWritten(change, at)) };
}

function lastWritten(change: Change, at: string): string {
  const entries = "resources" in change ? change.resources.length : 1;
  const what =
    entries === 1 ? "its entry in the catalog was last" : `the last of its ${entries} entries in the catalog was`;
  return `${what} changed ${at.replace("T", " ")} (by whatever change came last); the server does not record by whom; its log may, if it logs DDL`;
}

function grantorOf(change: Change): RoleName | null {
  switch (change.kind) {
    case "remove-grant":
    case "remove-grant-option":
      return change.grantor;
    case "remove-membership":
      return change.membership.grantor;
    case "alter-membership":
      return change.before.grantor;
    case "create-role":
    case "drop-role":
    case "rename-role":
    case "alter-role":
    case "set-role-setting":
    case "set-password":
    case "add-membership":
    case "add-grant":
    case "add-grant-option":
    case "add-default":
    case "remove-default":
    case "add-default-option":
    case "remove-default-option":
    case "change-owner":
    case "create-policy":
    case "drop-policy":
    case "alter-policy":
    case "set-row-security":
      return null;
  }
}

function inOrder(a: DriftItem, b: DriftItem): number {
  return compareText(a.text, b.text);
}
