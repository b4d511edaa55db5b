import { describeResource, describeTyped, type Resource, resourceKey } from "../../../model/resource.ts";
import { systemRelations } from "../../escalation/postgresql-server.ts";
import type { Check, CheckContext, Gap, Hit } from "../check.ts";
import { givenOn, membersOf, type Place, what, who } from "./given.ts";
import { said } from "./strength.ts";

/** System relations that hold secrets, the columns that do, and what they are. */
const SECRETS: ReadonlyMap<string, { readonly column: string; readonly what: string }> = new Map([
  ["pg_authid", { column: "rolpassword", what: "the hashes of all passwords" }],
  ["pg_shadow", { column: "passwd", what: "the hashes of all passwords" }],
  ["pg_subscription", { column: "subconninfo", what: "the passwords for publishers" }],
  ["pg_user_mapping", { column: "umoptions", what: "the passwords for foreign servers" }],
]);

/** PGE-04. */
export const secretReaders: Check = {
  id: "PGE-04",
  title: "ordinary roles can read password hashes or stored passwords",
  why: "A hash can be guessed at leisure, an MD5 one logs in as it is, and the passwords for other servers stand there in clear text. Superusers' are among them.",
  fix: "Revoke SELECT on the catalog, or on the view over it. Who needs the names of roles reads pg_roles; who needs to read all tables is given its schemas instead of pg_read_all_data.",
  example: "revoke select on pg_catalog.pg_authid from monitoring;",
  danger: "critical",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.6"],
  *find(context) {
    for (const given of givenOn(context, secretPlaces(context), ["SELECT"])) {
      for (const resource of given.resources) {
        yield {
          message: `${who(given.grantee)} reads ${secretOf(resource)?.what ?? "secrets"} in ${what([resource])}`,
          principals: [given.grantee],
          resources: [resource],
          fix: {
            text: `revoke select on it from ${who(given.grantee)}`,
            changes: given.revoking.map((each) => ({ ...each, resources: [resource] })),
          },
        };
      }
    }
    for (const { member, removing } of membersOf(context, "pg_read_all_data")) {
      yield {
        message: `${said(member)} reads the hashes of all passwords: it is a member of \`pg_read_all_data\``,
        principals: [member],
        about: "pg_read_all_data",
        path: [`${said(member)} is a member of \`pg_read_all_data\``, "`pg_read_all_data` reads `pg_authid`"],
        fix: { text: `revoke \`pg_read_all_data\` from ${said(member)}`, changes: removing },
      };
    }
    yield* throughViews(context);
  },
};

function secretOf({ path }: Resource): { readonly column: string; readonly what: string } | undefined {
  const [, schema, relation = "", column] = path;
  const secret = schema === "pg_catalog" ? SECRETS.get(relation) : undefined;
  return column === undefined || column === secret?.column ? secret : undefined;
}

const COLUMNS: ReadonlyMap<string, string> = new Map([...SECRETS].map(([name, { column }]) => [name, column]));

function secretPlaces({ index }: CheckContext): readonly Place[] {
  return systemRelations(index, COLUMNS).flatMap((resource) => {
    const place = index.classes.of(resourceKey(resource));
    return place === undefined ? [] : [{ class: place, resources: [resource] }];
  });
}

function* throughViews(context: CheckContext): Generator<Hit | Gap> {
  const views = context.posture?.postgresql?.views ?? null;
  if (views === null) return yield { unknown: "what views read was not read" };
  const { index } = context;
  for (const { view, reads } of views) {
    const secret = reads.find((each) => secretOf(each) !== undefined);
    const place = index.classOf(view);
    if (secret === undefined || place === null) continue;
    if (index.catalog.entries.get(resourceKey(view))?.securityInvoker === true) continue;
    const kind = secretOf(secret)?.what ?? "secrets";
    for (const given of givenOn(context, [{ class: place, resources: [view] }], ["SELECT"])) {
      yield {
        message: `${who(given.grantee)} may read ${kind} through \`${describeTyped(view)}\``,
        principals: [given.grantee],
        resources: [view],
        path: [
          `${who(given.grantee)} reads \`${describeTyped(view)}\``,
          `the view reads \`${describeResource(secret)}\` with the rights of its owner ${said(place.owner ?? "")}`,
        ],
        fix: { text: `revoke select on the view from ${who(given.grantee)}`, changes: given.revoking },
      };
    }
  }
}
