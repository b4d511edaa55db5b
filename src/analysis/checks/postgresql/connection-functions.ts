import { resourceKey } from "../../../model/resource.ts";
import { PUBLIC } from "../../../model/role.ts";
import type { Check, CheckContext } from "../check.ts";
import { distinct, givenOn, type Place, placesOf, who } from "./given.ts";

/** PGE-26. */
export const connectionFunctions: Check = {
  id: "PGE-26",
  title: "functions that open connections may be called by ordinary roles",
  why: "The server itself connects to wherever the caller says: back to itself, past the rules for the network, or out to the internet with what was read.",
  fix: "Revoke EXECUTE from everybody, and grant it to the one role that needs it, behind a function with fixed addresses.",
  danger: "high",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.5"],
  *find(context) {
    const byKey = Map.groupBy(
      givenOn(context, connecting(context), ["EXECUTE"]),
      (each) => `${each.grantee}\0${each.database ?? ""}`,
    );
    for (const all of byKey.values()) {
      const grantee = all[0]?.grantee ?? PUBLIC;
      const resources = distinct(all.flatMap((each) => each.resources));
      const extensions = [...new Set(resources.map((each) => extensionOf(context, each)))].sort();
      const named = extensions.map((each) => `\`${each}\``).join(", ");
      const unchecked = resources.some(({ path }) => path[2] === "dblink_connect_u");
      const extra = unchecked ? ", one of them without asking for a password" : "";
      yield {
        message: `${who(grantee)} may make the server open connections, by ${resources.length === 1 ? "a function" : `${resources.length} functions`} of ${named}${extra}`,
        principals: [grantee],
        resources,
        about: `execute ${extensions.join()} in ${all[0]?.database ?? ""}`,
        ...(unchecked ? { danger: "critical" as const } : {}),
        fix: { text: `revoke execute on them from ${who(grantee)}`, changes: all.flatMap((each) => each.revoking) },
      };
    }
  },
};

/** By extension: which of its functions open connections. */
const OPENS: ReadonlyMap<string, RegExp> = new Map([
  ["dblink", /^dblink(_connect|_connect_u|_exec|_open|_send_query)?$/u],
  ["http", /^http/u],
  ["pg_net", /^http_/u],
  ["pgsql_http", /^http/u],
  ["aws_lambda", /^invoke$/u],
  ["aws_s3", /^(query_export_to_s3|table_import_from_s3)$/u],
  ["pg_curl", /^curl_/u],
  ["plproxy", /./u],
]);

function connecting(context: CheckContext): readonly Place[] {
  return placesOf(context, "routine")
    .map((place) => ({
      class: place.class,
      resources: place.resources.filter(
        (each) => OPENS.get(extensionOf(context, each))?.test(each.path[2] ?? "") === true,
      ),
    }))
    .filter((place) => place.resources.length > 0);
}

function extensionOf({ index }: CheckContext, resource: Parameters<typeof resourceKey>[0]): string {
  return index.catalog.entries.get(resourceKey(resource))?.extension ?? "";
}
