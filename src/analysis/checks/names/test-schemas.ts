import { sorted } from "../../../base/order.ts";
import { compareResources, type Resource } from "../../../model/resource.ts";
import { type Grantee, PUBLIC } from "../../../model/role.ts";
import { givenTo } from "../../escalation/mysql-held.ts";
import type { Check } from "../check.ts";
import { revoke, saidPlaces } from "../mysql/principals.ts";

/** Whether a grant is one of those on `test` and its like that a new server makes for everybody. */
export function isTestSchema({ kind, path }: Resource): boolean {
  return (kind === "schema" && path[1] === "test") || (kind === "schema-pattern" && /^test\\?_%$/u.test(path[1] ?? ""));
}

/** Whether a grant is one that a new server makes for everybody: other checks leave it to HID-06. */
export function isOfNewServer(grantee: Grantee, place: Resource): boolean {
  return grantee === PUBLIC && isTestSchema(place);
}

/** HID-06. */
export const testSchemas: Check = {
  id: "HID-06",
  title: "everybody may use the schema test, and all that begin with test_",
  why: "A new server grants nearly everything on `test` and on `test\\_%` to PUBLIC: whatever is put there by mistake is everybody's to read and change.",
  fix: "Revoke it from PUBLIC, and drop the schema `test`.",
  danger: "medium",
  principles: ["least privilege"],
  engines: ["mariadb"],
  cis: ["CIS MySQL 4.2"],
  *find({ index }) {
    const found = (givenTo(index).get(PUBLIC) ?? []).flatMap(({ resources, privileges }) =>
      resources.filter(isTestSchema).map((place) => ({ place, privileges: [...privileges] })),
    );
    if (found.length === 0) return;
    const places = sorted(
      found.map(({ place }) => place),
      compareResources,
    );
    yield {
      message: `everybody may read and change what is in ${saidPlaces(places)}`,
      principals: [PUBLIC],
      resources: places,
      fix: {
        text: `revoke everything on ${saidPlaces(places)} from PUBLIC, and drop the schema \`test\``,
        changes: found.map(({ place, privileges }) => revoke(PUBLIC, [place], privileges)),
        sql: ["drop database if exists test"],
      },
    };
  },
};
