import type { Capabilities } from "../../src/engine/capabilities.ts";
import { markdownTable } from "./markdown.ts";

const yes = (value: boolean): string => (value ? "yes" : "no");

const GRANT_OPTION: Readonly<Record<Capabilities["grantOption"], string>> = {
  each: "with each privilege",
  level: "a privilege of its own, for all that is held at that place and below",
  none: "another privilege is for that",
};

/** What each capability is called on a page, and what it says. A new one does not compile until it is here. */
const ROWS: Readonly<Record<Exclude<keyof Capabilities, "limits">, (capabilities: Capabilities) => [string, string]>> =
  {
    verifiedOn: ({ verifiedOn }) => [
      "verified against live servers",
      verifiedOn.length === 0 ? "**no: not verified against a live server**" : verifiedOn.join(", "),
    ],
    transactionalGrants: (each) => ["a stage of a plan is all or nothing", yes(each.transactionalGrants)],
    columnGrants: (each) => ["privileges on single columns", yes(each.columnGrants)],
    ownership: (each) => ["resources have owners with rights of their own", yes(each.ownership)],
    defaultPrivileges: (each) => ["access of future objects can be set", yes(each.defaultPrivileges)],
    rowPolicies: (each) => ["row policies", yes(each.rowPolicies)],
    membershipOptions: (each) => ["memberships have options of their own", yes(each.membershipOptions)],
    grantors: (each) => ["every grant remembers who gave it", yes(each.grantors)],
    publicGrantee: (each) => ["grants to everybody", yes(each.publicGrantee)],
    databases: ({ databases }) => ["databases above schemas", databases === "many" ? "several" : "none"],
    grantOption: ({ grantOption }) => ["how the right to pass on is kept", GRANT_OPTION[grantOption]],
    applierLock: (each) => ["the server keeps a second applier away", yes(each.applierLock)],
    privilegeFunctions: (each) => [
      "a stage is checked against the server's own functions",
      yes(each.privilegeFunctions),
    ],
    endsSessions: (each) => ["sessions of others can be ended", yes(each.endsSessions)],
  };

/** What an engine can do and what it cannot, as it says itself. */
export function capabilityTable(capabilities: Capabilities): string {
  return markdownTable(
    ["capability", ""],
    Object.values(ROWS).map((row) => row(capabilities)),
  );
}

/** What an engine cannot do or cannot be trusted with. */
export function limitList({ limits }: Capabilities): string {
  return limits.map((limit) => `- ${limit}`).join("\n");
}
