import { describeName } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import type { AccessIndex } from "../../access-index.ts";
import { type Bits, hasBit, removeBits } from "../../bits.ts";
import type { Check } from "../check.ts";
import { bySchema, granted, recordedClasses, revoking } from "../general/granted.ts";
import { revokeLines } from "../general/lines.ts";
import { almighty, bitsOf } from "../general/roles.ts";
import { joined, what } from "../general/telling.ts";

/** Up to here the things are named; a login that holds more of its own is one finding, or 500 logins on 50,000 tables would be 25 million lines. */
const MOST_NAMED = 1000;

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
    const judged = bitsOf(
      index,
      logins.filter(({ name }) => !people.administers(name)),
    );
    removeBits(judged, almighty(context));
    const held = thingsOf(index, judged);
    for (const [id, { things, schemas }] of held) {
      if (things <= MOST_NAMED) continue;
      const name = index.graph.names[id] ?? "";
      yield {
        message: `the login \`${describeName(name)}\` holds privileges of its own on ${things} things in ${schemas.size} schemas`,
        principals: [name],
        about: "everywhere",
        fix: { text: `grant them to a role, and make \`${describeName(name)}\` a member of it` },
      };
    }
    const few = (id: number): boolean => (held.get(id)?.things ?? 0) <= MOST_NAMED;
    const all = granted(index, (_, id, mask) => (hasBit(judged, id) && few(id) ? mask : 0));
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

/** On how many things each of these roles was given something, and in which schemas, by its id. */
function thingsOf(index: AccessIndex, judged: Bits): ReadonlyMap<number, Count> {
  const held = new Map<number, Count>();
  for (const place of recordedClasses(index)) {
    const { grantees, owner } = place.compiled;
    for (let at = 0; at < grantees.length; at++) {
      const id = grantees[at] as number;
      if (id === owner || !hasBit(judged, id)) continue;
      const count = held.get(id) ?? { things: 0, schemas: new Set() };
      held.set(id, count);
      count.things += place.resources.length;
      for (const schema of bySchema(place).keys()) if (schema !== null) count.schemas.add(schema);
    }
  }
  return held;
}

interface Count {
  things: number;
  readonly schemas: Set<string>;
}
