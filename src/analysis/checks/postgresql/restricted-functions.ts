import type { Danger } from "../../../model/check-finding.ts";
import type { ChangedList } from "../../../model/posture/postgresql.ts";
import { type Resource, resourceKey } from "../../../model/resource.ts";
import { PUBLIC } from "../../../model/role.ts";
import { FILE_FUNCTIONS } from "../../escalation/postgresql-server.ts";
import type { ResourceClass } from "../../resource-class.ts";
import type { Check } from "../check.ts";
import { givenOn, what, who } from "./given.ts";

/** PGE-05. */
export const restrictedFunctions: Check = {
  id: "PGE-05",
  title: "built-in functions that the server keeps for superusers were given to others",
  why: "The server takes EXECUTE on some of its functions from everybody when it is set up: they read and write its files, reload, promote or log. Who is given them has the server's files, or its running, in hand.",
  fix: "Revoke EXECUTE. What monitoring needs comes with pg_monitor; what must be done to files is done by a function of an administrator that takes no path.",
  example: "revoke execute on function pg_read_file(text) from app;",
  danger: "critical",
  principles: ["least privilege"],
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.5"],
  needs: ["posture"],
  *find(context) {
    const changed = context.posture?.postgresql?.changedLists ?? null;
    if (changed === null)
      return yield { unknown: "the first access lists of the server's own functions were not read" };
    const restricted = new Set(changed.filter(isRestricted).map((each) => resourceKey(each.resource)));
    const places = new Map<ResourceClass, Resource[]>();
    for (const { resource } of changed) {
      const place = restricted.has(resourceKey(resource)) ? context.index.classOf(resource) : null;
      if (place !== null) places.set(place, [...(places.get(place) ?? []), resource]);
    }
    const at = [...places].map(([place, resources]) => ({ class: place, resources }));
    for (const given of givenOn(context, at, ["EXECUTE"])) {
      for (const resource of given.resources) {
        yield {
          message: `${who(given.grantee)} may execute ${what([resource])}, which ${doing(resource)}`,
          principals: [given.grantee],
          resources: [resource],
          danger: dangerOf(resource),
          fix: {
            text: `revoke execute on it from ${who(given.grantee)}`,
            changes: given.revoking.map((each) => ({ ...each, resources: [resource] })),
          },
        };
      }
    }
  },
};

/** Whether the server took it from everybody. */
function isRestricted({ resource, extension, initial }: ChangedList): boolean {
  if (resource.kind !== "routine" || (extension !== null && extension !== "adminpack")) return false;
  return !initial.some((each) => each.grantee === PUBLIC);
}

function doing({ path }: Resource): string {
  const does = FILE_FUNCTIONS.get(path[2] ?? "");
  return does === undefined ? "the server keeps for superusers" : `${does}s files as the account of the server`;
}

/** Statistics and lists of files show; the others do. */
function dangerOf({ path }: Resource): Danger {
  const name = path[2] ?? "";
  if (FILE_FUNCTIONS.has(name)) return "critical";
  return /^pg_(?:stat|ls|show|get|current|control|config)_?/u.test(name) ? "medium" : "high";
}
