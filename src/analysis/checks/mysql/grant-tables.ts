import { type Resource, resourceKey } from "../../../model/resource.ts";
import type { Grantee } from "../../../model/role.ts";
import { CODE_TABLES, type GrantTableRight, grantTableRights } from "../../escalation/mysql-held.ts";
import type { Check, CheckContext } from "../check.ts";
import { concerned, ENGINES, revoking, said, saidPlaces, sure } from "./principals.ts";

/** MYE-02. */
export const grantTables: Check = {
  id: "MYE-02",
  title: "the grant tables can be written",
  why: "UPDATE on the schema mysql sets any password at once; whatever is written into the grant tables is a privilege from the next FLUSH PRIVILEGES or restart on. `*.*` and patterns such as `%` cover that schema.",
  fix: "Grant data privileges schema by schema, never on the schema mysql or on a pattern that covers it.",
  danger: "critical",
  principles: ["least privilege", "traceability"],
  engines: ENGINES,
  cis: ["CIS MySQL 5 full access"],
  *find(context) {
    for (const [grantee, place, privileges] of byPlace(context, (right) => !isCode(right))) {
      const verb = privileges.includes("UPDATE") && isWide(place) ? "set any password" : "change the grant tables";
      yield {
        message: `${said(grantee)} can ${verb}: it holds ${privileges.join(", ")} on ${saidPlaces([place])}`,
        principals: [grantee],
        resources: [place],
        over: "escalable",
        fix: revoking(grantee, [place], privileges, ", and grant what is needed on single schemas"),
        ...sure(context),
      };
    }
  },
};

/** MYE-06. */
export const nativeCode: Check = {
  id: "MYE-06",
  title: "native code can be loaded into the server",
  why: "INSERT on the schema mysql makes functions of native code, and INSERT on `mysql.plugin` installs plugins: code of its own then runs as the account of the server.",
  fix: "Revoke it; have plugins installed by an administrator, or by the server's configuration.",
  danger: "critical",
  principles: ["least privilege"],
  engines: ENGINES,
  cis: ["CIS MySQL 5"],
  *find(context) {
    const loads = (right: GrantTableRight): boolean =>
      right.privilege === "INSERT" && (isWide(right.place) || isCode(right));
    for (const [grantee, place, privileges] of byPlace(context, loads)) {
      yield {
        message: `${said(grantee)} can load native code into the server: it holds ${privileges.join(", ")} on ${saidPlaces([place])}`,
        principals: [grantee],
        resources: [place],
        path: [
          `${said(grantee)} installs a library as a plugin or a function`,
          "the library runs as the account of the server",
        ],
        over: "escalable",
        // What the library is, and whether it gets into the folder of plugins, no grant decides.
        confidence: "documented",
        fix: revoking(grantee, [place], privileges),
      };
    }
  },
};

function isWide({ kind }: Resource): boolean {
  return kind !== "table" && kind !== "column";
}

function isCode({ place }: GrantTableRight): boolean {
  return CODE_TABLES.has(place.path[2] ?? "");
}

/** The rights of each grantee, by where they are recorded. */
function byPlace(
  context: CheckContext,
  fits: (right: GrantTableRight) => boolean,
): readonly (readonly [Grantee, Resource, string[]])[] {
  const found = new Map<string, readonly [Grantee, Resource, string[]]>();
  for (const right of grantTableRights(context.index)) {
    if (!fits(right) || !concerned(context, right.grantee)) continue;
    const key = `${right.grantee}\0${resourceKey(right.place)}`;
    const known = found.get(key);
    if (known === undefined) found.set(key, [right.grantee, right.place, [right.privilege]]);
    else known[2].push(right.privilege);
  }
  return [...found.values()];
}
