import { type Resource, type ResourceKind, resourceKey, tableOf } from "../../../model/resource.ts";
import type { AccessIndex } from "../../access-index.ts";
import { EVERYBODY, type ResourceClass } from "../../resource-class.ts";
import type { Check, Hit } from "../check.ts";
import { type Granted, granted, revoking } from "../general/granted.ts";
import { revokeLines } from "../general/lines.ts";
import { what, words } from "../general/telling.ts";

/** LPV-02. */
export const publicRoutines: Check = {
  id: "LPV-02",
  title: "everybody may execute routines of applications",
  why: "PostgreSQL gives EXECUTE on every new routine to everybody. What runs with its owner's rights is then open to every login.",
  fix: "Take EXECUTE from everybody, grant it to the roles that call the routine, and say the same for routines to come.",
  example:
    'public:\n  revoke:\n    - execute on routines sales.*\n    - { privileges: [execute], on: { routines: "*.*" }, future: { creators: [app_owner], only: true } }',
  danger: "medium",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.5"],
  *find(context) {
    for (const given of toEverybody(context.index, (place) => (place.kind === "routine" ? ["EXECUTE"] : []))) {
      yield hitOf(given, `everybody may execute ${what(given.resources)}`, "and grant it to the roles that call them");
    }
  },
};

const EXPOSED: ReadonlySet<ResourceKind> = new Set([
  "table",
  "column",
  "sequence",
  "schema",
  "foreign-server",
  "foreign-data-wrapper",
  "large-object",
  "tablespace",
]);

/** LPV-03. */
export const publicThings: Check = {
  id: "LPV-03",
  title: "everybody holds privileges on tables, sequences, schemas, servers or large objects",
  why: "What everybody holds is held by every login there is and will be, and by no role that could lose it.",
  fix: "Grant it to the roles that need it, then take it from everybody.",
  example: "public:\n  revoke:\n    - select on tables sales.*",
  danger: "high",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.6"],
  *find({ index }) {
    const isJudged = ({ kind, path }: Resource): boolean => kind !== "schema" || path[1] !== STANDARD_SCHEMA;
    const all = toEverybody(index, ({ kind }) => (EXPOSED.has(kind) ? index.rules.privilegesOf(kind) : []), isJudged);
    for (const given of all) {
      const { privileges, resources } = given;
      yield hitOf(
        given,
        `everybody holds ${words(privileges)} on ${what(resources)}`,
        "and grant it to the roles that need it",
      );
    }
  },
};

/** Everybody's USAGE on it is the server's own first state; CREATE there is LPV-04. */
const STANDARD_SCHEMA = "public";

/** LPV-04. */
export const publicCreate: Check = {
  id: "LPV-04",
  title: "everybody may create things in the schema `public`",
  why: "Whoever gets in can make a function or a table there that others take for their own: `public` stands in the search path of nearly everybody (CVE-2018-1058).",
  fix: "Take CREATE on the schema from everybody. Clusters that were upgraded from 14 or older still have it.",
  example: "public:\n  revoke: [create on schema public]",
  danger: "medium",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.10"],
  *find({ index }) {
    const isStandard = ({ path }: Resource): boolean => path[1] === STANDARD_SCHEMA;
    for (const given of toEverybody(index, ({ kind }) => (kind === "schema" ? ["CREATE"] : []), isStandard)) {
      yield hitOf(
        given,
        `everybody may create things in ${what(given.resources)}`,
        "and grant it to the roles that make things there",
      );
    }
  },
};

function toEverybody(
  index: AccessIndex,
  wanted: (place: ResourceClass) => readonly string[],
  isJudged: (resource: Resource) => boolean = () => true,
): readonly Granted[] {
  return granted(
    index,
    (place, grantee, mask) => (grantee === EVERYBODY ? mask & index.bits.mask(place.kind, wanted(place)) : 0),
    (resource) => isJudged(resource) && isOwn(index, resource),
  );
}

/** Neither the server's nor an extension's: those are as they were delivered, or DRF-07 tells. */
export function isOwn({ catalog }: AccessIndex, resource: Resource): boolean {
  const entry = catalog.entries.get(resourceKey(resource.kind === "column" ? tableOf(resource) : resource));
  return entry?.system !== true && entry?.extension === undefined;
}

function hitOf(given: Granted, message: string, then: string): Hit {
  return {
    message,
    principals: [given.grantee],
    resources: given.resources,
    fix: {
      text: `take ${words(given.privileges)} on ${what(given.resources)} from everybody, ${then}`,
      manifest: revokeLines([given]),
      changes: revoking(given),
    },
  };
}
