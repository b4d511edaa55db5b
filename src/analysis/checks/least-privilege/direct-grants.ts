import { describeName } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import { addBit, hasBit } from "../../bits.ts";
import type { Check } from "../check.ts";
import { granted, revoking } from "../general/granted.ts";
import { revokeLines } from "../general/lines.ts";
import { bitsOf } from "../general/roles.ts";
import { joined, what } from "../general/telling.ts";

/** LPV-08. */
export const directGrants: Check = {
  id: "LPV-08",
  title: "rights were granted to a login instead of a role",
  why: "What hangs on one login cannot be given to a second one, reviewed with the others of its kind, or taken away as a whole; and it dies with the login.",
  fix: "Grant it to a role that cannot log in, and make the login a member of it.",
  example: "roles:\n  app_rw: { grants: [insert on table sales.orders] }\n  app: { login: true, member_of: [app_rw] }",
  danger: "low",
  principles: ["inheritance control"],
  engines: "all",
  *find(context) {
    const { index, logins, people } = context;
    const judged = bitsOf(index, []);
    for (const { name } of logins) if (!people.administers(name)) addBit(judged, index.graph.idOf(name));
    const all = granted(index, (_, id, mask) => (id >= 0 && hasBit(judged, id) ? mask : 0));
    const places = Map.groupBy(all, (each) => [each.grantee, each.database ?? "", each.schema ?? ""].join("\0"));
    for (const mine of places.values()) {
      const [{ grantee, database, schema } = { grantee: "", database: null, schema: null }] = mine;
      const kinds = Map.groupBy(mine, (each) => each.kind);
      const on = [...kinds.values()].map((each) => what(each.flatMap((given) => given.resources)));
      const name = describeName(grantee satisfies RoleName);
      yield {
        message: `the login \`${name}\` holds privileges of its own on ${joined(on)}`,
        principals: [grantee],
        resources: mine.flatMap((each) => each.resources),
        about: `${database ?? ""}\0${schema ?? ""}`,
        fix: {
          text: `grant them to a role, and make \`${name}\` a member of it`,
          manifest: revokeLines(mine),
          changes: mine.flatMap((each) => revoking(each)),
        },
      };
    }
  },
};
