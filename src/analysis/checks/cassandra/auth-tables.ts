import type { Resource } from "../../../model/resource.ts";
import {
  ANY_IDENTITY,
  AUTH_WRITES,
  DECIDING_TABLES,
  HASH_TABLES,
  OWN_LIMITS,
  openRelease,
  reachesAuth,
} from "../../escalation/cassandra-held.ts";
import type { Check } from "../check.ts";
import { several, what, who } from "../general/telling.ts";
import { grantsOf, taking } from "./judged.ts";

const DATA = ["all-schemas", "schema", "schema-tables", "table"] as const;

/** CSE-04. */
export const writesRoles: Check = {
  id: "CSE-04",
  title: "somebody may write who is a superuser",
  why: "Before 4.1.8 and 5.0.3 MODIFY on all keyspaces, or on `system_auth`, writes the tables of roles and grants: one UPDATE makes a superuser (CVE-2025-23015).",
  fix: "Upgrade every node, and grant on each keyspace that is needed.",
  example: "revoke modify on all keyspaces from app;\ngrant modify on keyspace shop to app;",
  danger: "critical",
  principles: ["least privilege"],
  engines: ["cassandra"],
  cis: ["CIS Cassandra no excessive roles"],
  *find(context) {
    const release = openRelease(context, AUTH_WRITES);
    if (release === null) return;
    const keep = (resource: Resource): boolean => reachesAuth(resource, DECIDING_TABLES, { everywhere: true });
    for (const given of grantsOf(context, { kinds: DATA, privileges: ["MODIFY"], keep })) {
      yield {
        message: `${who(given.grantee)} may make itself a superuser on ${release}: it holds MODIFY on ${what(given.resources)}`,
        principals: [given.grantee],
        resources: given.resources,
        path: [`${who(given.grantee)} writes \`is_superuser\` in \`system_auth.roles\``],
        over: "escalable",
        // No release that is open was ever tried.
        confidence: "documented",
        fix: taking(given, ", and upgrade every node to 4.1.8, 5.0.3 or later"),
      };
    }
  },
};

/** CSE-05. */
export const readsHashes: Check = {
  id: "CSE-05",
  title: "somebody may read what is stored for passwords",
  why: "`system_auth.roles` holds the bcrypt hash of every password, superusers' too: who has them tries passwords at leisure. Before 4.1.8 and 5.0.3 SELECT on all keyspaces reads it as well.",
  fix: "Grant on each keyspace that is needed, and leave `system_auth` to those who administer roles.",
  example: "revoke select on keyspace system_auth from app;",
  danger: "high",
  principles: ["least privilege"],
  engines: ["cassandra"],
  *find(context) {
    const everywhere = openRelease(context, AUTH_WRITES) !== null;
    const keep = (resource: Resource): boolean => reachesAuth(resource, HASH_TABLES, { everywhere });
    for (const given of grantsOf(context, { kinds: DATA, privileges: ["SELECT"], keep })) {
      yield {
        message: `${who(given.grantee)} may read the hashes of all passwords: it holds SELECT on ${what(given.resources)}`,
        principals: [given.grantee],
        resources: given.resources,
        over: "escalable",
        confidence: given.kind === "all-schemas" ? "documented" : "certain",
        fix: taking(given),
      };
    }
  },
};

/** CSE-06. */
export const liftsOwnLimits: Check = {
  id: "CSE-06",
  title: "a role may lift the limits of where it may log in",
  why: "Before 4.1.8 and 5.0.3 a role takes its own data centers and networks away by ALTER ROLE (CVE-2025-24860): its limits bind only who keeps to them.",
  fix: "Upgrade every node.",
  example: "nodetool version",
  danger: "medium",
  principles: ["least privilege"],
  engines: ["cassandra"],
  *find(context) {
    const release = openRelease(context, OWN_LIMITS);
    if (release === null) return;
    const isLimited = (value: unknown): boolean => value !== null && value !== undefined;
    const limited = context.logins.filter(
      ({ attributes }) =>
        attributes["superuser"] !== true &&
        (isLimited(attributes["datacenters"]) || isLimited(attributes["cidr_groups"])),
    );
    if (limited.length === 0) return;
    const names = limited.map(({ name }) => name);
    yield {
      message: `${several(names)} may lift the limits of where ${names.length === 1 ? "it logs" : "they log"} in on ${release}`,
      principals: names,
      about: "own limits",
      confidence: "documented",
      fix: { text: "upgrade every node to 4.1.8, 5.0.3 or later" },
    };
  },
};

/** CSE-07. */
export const anyIdentity: Check = {
  id: "CSE-07",
  title: "somebody may add its own certificate to any role",
  why: "Before 5.0.7 CREATE on all roles is enough to add an identity to any role, a superuser's too (CVE-2026-27314): whoever shows that certificate is that role.",
  fix: "Upgrade every node to 5.0.7 or later, and revoke CREATE on all roles from those who do not make roles.",
  example: "revoke create on all roles from app;",
  danger: "high",
  principles: ["least privilege"],
  engines: ["cassandra"],
  *find(context) {
    const release = openRelease(context, ANY_IDENTITY);
    if (release === null) return;
    for (const given of grantsOf(context, { kinds: ["all-roles"], privileges: ["CREATE"] })) {
      yield {
        message: `${who(given.grantee)} may add an identity to any role on ${release}: it holds CREATE on all roles`,
        principals: [given.grantee],
        resources: given.resources,
        path: [
          `${who(given.grantee)} adds the identity of its own certificate to a superuser`,
          "it logs in with that certificate",
        ],
        over: "escalable",
        confidence: "documented",
        fix: taking(given, ", and upgrade every node to 5.0.7 or later"),
      };
    }
  },
};
