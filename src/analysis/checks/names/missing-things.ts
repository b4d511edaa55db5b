import type { Fix } from "../../../model/check-finding.ts";
import type { Resource, ResourceKey } from "../../../model/resource.ts";
import { resourceKey } from "../../../model/resource.ts";
import { PUBLIC } from "../../../model/role.ts";
import { givenTo } from "../../escalation/mysql-held.ts";
import type { Check, Gap, Hit } from "../check.ts";
import { revoking, said, saidPlaces } from "../mysql/principals.ts";
import { isOfNewServer } from "./test-schemas.ts";

/** HID-09. */
export const missingThings: Check = {
  id: "HID-09",
  title: "something is granted on what does not exist",
  why: "Grants outlive what they are on: whoever makes a schema, a table or an account of that name gives it to those who hold them, and does not know.",
  fix: "Revoke them; drop a thing's grants with the thing.",
  danger: "medium",
  principles: ["least privilege"],
  engines: ["mysql", "mariadb", "cassandra"],
  *find(context): Iterable<Hit | Gap> {
    const missing = new Set<ResourceKey>();
    for (const [key, entry] of context.index.catalog.entries) if (entry.missing === true) missing.add(key);
    if (missing.size > 0) {
      for (const [grantee, given] of givenTo(context.index)) {
        if (grantee !== PUBLIC && !context.inScope(grantee)) continue;
        const groups = new Map<string, { readonly privileges: readonly string[]; readonly places: Resource[] }>();
        for (const { kind, privileges, resources } of given) {
          const places = resources.filter((each) => missing.has(resourceKey(each)) && !isOfNewServer(grantee, each));
          if (places.length === 0) continue;
          const names = [...privileges].sort();
          const key = `${kind}\0${names.join()}`;
          const known = groups.get(key);
          if (known === undefined) groups.set(key, { privileges: names, places });
          else known.places.push(...places);
        }
        for (const { privileges, places } of groups.values()) {
          yield {
            message: `${said(grantee)} holds ${privileges.join(", ")} on what does not exist: ${saidPlaces(places)}`,
            principals: [grantee],
            resources: places,
            // Where there are no accounts, REVOKE too is refused on what is not there.
            fix: context.index.rules.accounts === undefined ? MAKE_ANEW : revoking(grantee, places, privileges),
          };
        }
      }
    }
    // What is not shown to us is not told from what is not there.
    for (const { subject, reason, help } of context.live.unknowns) {
      if (!SHOWN.has(subject)) continue;
      yield { unknown: `which ${subject} exist is not known: ${reason}`, ...(help === undefined ? {} : { help }) };
    }
  },
};

const MAKE_ANEW: Fix = {
  text: "make it again and revoke then, or drop the role: nothing can be revoked on what is not there",
};

const SHOWN: ReadonlySet<string> = new Set(["columns", "routines", "tables"]);
