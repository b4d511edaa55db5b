import { describeName } from "../../../model/resource.ts";
import { EVERYBODY } from "../../resource-class.ts";
import type { Check } from "../check.ts";
import { granted, revoking } from "../general/granted.ts";
import { revokeLines } from "../general/lines.ts";
import { words } from "../general/telling.ts";

const WANTED = ["CONNECT", "TEMPORARY"];

/** LPV-01. */
export const publicDatabase: Check = {
  id: "LPV-01",
  title: "everybody may connect to a database, or make temporary tables in it",
  why: "Every login of the cluster, present and future, gets in. Temporary tables take precedence over others of their name, which code that runs with its owner's rights can fall for.",
  fix: "Grant CONNECT to the roles that need it, then take it and TEMPORARY from everybody.",
  example: "public:\n  revoke:\n    - connect, temporary on database shop",
  danger: "medium",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.10", "CIS PostgreSQL 5.10"],
  *find({ index }) {
    const { bits, catalog } = index;
    const wanted = bits.mask("database", WANTED);
    const read = new Set(catalog.databases);
    const all = granted(
      index,
      (place, grantee, mask) => (place.kind === "database" && grantee === EVERYBODY ? mask & wanted : 0),
      ({ path: [name = ""] }) => read.has(name),
    );
    for (const given of all) {
      for (const resource of given.resources) {
        const one = {
          ...given,
          resources: [resource],
          parts: given.parts.map((each) => ({ ...each, resources: each.resources.filter((r) => r === resource) })),
        };
        const name = describeName(resource.path[0] ?? "");
        yield {
          message: `everybody holds ${words(given.privileges)} on database \`${name}\``,
          principals: [given.grantee],
          resources: [resource],
          fix: {
            text: `grant connect on \`${name}\` to the roles that need it, then take ${words(given.privileges)} from everybody`,
            manifest: revokeLines([one]),
            changes: revoking(one),
          },
        };
      }
    }
  },
};
