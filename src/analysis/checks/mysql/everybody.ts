import type { Danger } from "../../../model/check-finding.ts";
import type { Resource } from "../../../model/resource.ts";
import { PUBLIC } from "../../../model/role.ts";
import { givenTo, GRANT_TABLES_IN } from "../../escalation/mysql-held.ts";
import type { Check, CheckContext, Hit } from "../check.ts";
import { isTestSchema } from "../names/test-schemas.ts";
import { isStrong, revoking, said, saidPlaces } from "./principals.ts";

/** MYE-17. */
export const everybody: Check = {
  id: "MYE-17",
  title: "everybody has a role or privileges through PUBLIC",
  why: "What PUBLIC has, and every role that was granted to it, is in force for every login there is and will be, without SET ROLE, and stands in nobody's own grants.",
  fix: "Revoke it from PUBLIC, and grant it to the roles that need it.",
  danger: "high",
  principles: ["inheritance control"],
  engines: ["mariadb"],
  cis: ["CIS MySQL 4.2"],
  *find(context) {
    yield* roles(context);
    yield* privileges(context);
  },
};

function* roles(context: CheckContext): Iterable<Hit> {
  for (const membership of context.index.recorded.memberships.values()) {
    if (membership.member !== PUBLIC) continue;
    const strong = isStrong(context, membership.role) ? "strong role" : "role";
    yield {
      message: `the ${strong} ${said(membership.role)} is granted to everybody`,
      principals: [PUBLIC],
      resources: [{ kind: "role", path: [membership.role] }],
      path: [`PUBLIC is a member of ${said(membership.role)}`],
      fix: {
        text: `revoke ${said(membership.role)} from PUBLIC`,
        changes: [{ kind: "remove-membership", membership }],
      },
    };
  }
}

/** Reading what is no secret is less than the rest. */
const HARMLESS: ReadonlySet<string> = new Set(["EXECUTE", "LOCK TABLES", "SELECT", "SHOW VIEW"]);
const WIDE: ReadonlySet<string> = new Set(["server", "all-schemas"]);

function* privileges(context: CheckContext): Iterable<Hit> {
  for (const { kind, privileges: held, resources } of givenTo(context.index).get(PUBLIC) ?? []) {
    const places = resources.filter((place) => !isTestSchema(place));
    if (places.length === 0) continue;
    const names = [...held].sort();
    const isMore = WIDE.has(kind) || places.some(isGrantSchema) || names.some((name) => !HARMLESS.has(name));
    const danger: Danger = isMore ? "high" : "medium";
    yield {
      message: `everybody holds ${names.join(", ")} on ${saidPlaces(places)}`,
      principals: [PUBLIC],
      resources: places,
      about: `${names.join()}\0${places.map(({ path }) => path.join("\0")).join("\0\0")}`,
      danger,
      fix: revoking(PUBLIC, places, names),
    };
  }
}

function isGrantSchema({ path }: Resource): boolean {
  return path[1] === GRANT_TABLES_IN;
}
