import type { Privilege } from "../model/access-list.ts";
import type { ResourceKind } from "../model/resource.ts";
import type { StateRules } from "../model/state-rules.ts";

/** The privilege that lets its holder pass on all that is held at a place, on servers where that is a privilege of its own. */
export const GRANT_OPTION: Privilege = "GRANT OPTION";

/** Every privilege of a kind, as `all` means it: not the right to pass it on, and nothing that takes away (MySQL's partial revokes). */
export function wholeOf(kind: ResourceKind, rules: StateRules): readonly Privilege[] {
  return rules.privilegesOf(kind).filter((privilege) => privilege !== GRANT_OPTION && !privilege.startsWith("NOT "));
}

/**
 * How the right to pass something on is said at this kind of place: with each privilege, as a privilege beside it, or not at all. Where the server keeps it by level, a place that cannot hold it has the one
 * of a place above; what has no level at all (PROXY on an account, a dynamic privilege) keeps it with each privilege.
 */
export function grantOptionOn(kind: ResourceKind, rules: StateRules): "each" | "level" | "none" {
  if (rules.grantOption !== "level") return rules.grantOption;
  if (rules.privilegesOf(kind).includes(GRANT_OPTION)) return "level";
  return kind === "column" || kind === "server" ? "none" : "each";
}

/** What to write instead where `grantOptionOn` says `none`. */
export function grantOptionHelp(kind: ResourceKind, rules: StateRules): string {
  if (rules.grantOption === "none") return "who may pass privileges on holds `authorize` there: grant that";
  return kind === "column"
    ? "the right to pass on is held for the whole table: write `grant option on table` as a line of its own"
    : "the right to pass on is held for everything at once: write `grant option on all-schemas` as a line of its own";
}
