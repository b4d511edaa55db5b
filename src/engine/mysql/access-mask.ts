import type { Privilege } from "../../model/access-list.ts";
import type { Privileges } from "./privileges.ts";

/** What a row of `mysql.global_priv` gives. */
export interface GlobalAccess {
  readonly privileges: readonly Privilege[];
  /** Why the server gives nothing although bits are set; empty otherwise. */
  readonly rejected: string;
}

/** The installation writes its own administrators like this; the server takes it for everything that it knows. */
const ALL_ONES = 2n ** 64n - 1n;

const bits = (...numbers: readonly number[]): bigint => numbers.reduce((mask, bit) => mask | (1n << BigInt(bit)), 0n);
const upTo = (bit: number): bigint => (1n << BigInt(bit + 1)) - 1n;

const SUPER = bits(15);
const REPLICATION_SLAVE = bits(19);
const BINLOG_MONITOR = bits(20);
const READ_ONLY_ADMIN = bits(33);
const REPLICATION_SLAVE_ADMIN = bits(34);
const SLAVE_MONITOR = bits(38);
/** What was part of SUPER until 10.5.1 and has a bit of its own since. */
const SPLIT_FROM_SUPER = bits(30, 31, 32, 34, 36, 37);

/**
 * What the server makes of a row that some version of it wrote: old rows lack the bits of privileges that were split later, and a row with bits that its version did not have gives nothing at all. Each case was seen
 * on MariaDB 10.11.19.
 */
export function globalAccess(
  access: string | null,
  versionId: string | null,
  server: { readonly privileges: Privileges; readonly series: number; readonly newer: boolean },
): GlobalAccess {
  const stored = BigInt.asUintN(64, BigInt(access ?? "0"));
  const all = server.privileges.all.reduce((mask, each) => mask | bits(each.mariadb?.bit ?? 0), 0n);
  if (stored === ALL_ONES) return { privileges: namesOf(all, server.privileges), rejected: "" };
  const version = Number(versionId ?? "0");
  if (version < 0 || version > 999_999 || (version > 0 && version < 100_400)) {
    return { privileges: [], rejected: stored === 0n ? "" : `its \`version_id\` is ${versionId ?? ""}` };
  }
  const possible = version < 100_502 ? upTo(29) : version < 100_508 ? upTo(37) : server.newer ? ALL_ONES : all;
  if ((stored & ~possible) !== 0n) {
    return { privileges: [], rejected: `its \`access\` is ${stored}, which its version did not have` };
  }
  return { privileges: namesOf(adjusted(stored, version, server.series), server.privileges), rejected: "" };
}

function adjusted(stored: bigint, version: number, series: number): bigint {
  let mask = stored;
  const has = (bit: bigint): boolean => (stored & bit) !== 0n;
  if (version < 101_100 && series >= 1011 && has(SUPER)) mask |= READ_ONLY_ADMIN;
  if (version < 100_502) {
    if (has(SUPER)) mask |= SPLIT_FROM_SUPER;
    if (has(REPLICATION_SLAVE) || has(BINLOG_MONITOR)) mask |= SLAVE_MONITOR;
  } else if (version < 100_509 && has(REPLICATION_SLAVE_ADMIN)) {
    mask |= SLAVE_MONITOR;
  }
  return mask;
}

/** A bit that has no name here is called by its number. */
function namesOf(mask: bigint, privileges: Privileges): readonly Privilege[] {
  const names: Privilege[] = [];
  for (let bit = 0; bit < 64; bit++) {
    if ((mask & bits(bit)) === 0n) continue;
    names.push(privileges.all.find((each) => each.mariadb?.bit === bit)?.name ?? `BIT ${bit}`);
  }
  return names.sort();
}
