import { describeName, type Resource, type ResourceKind } from "../../../model/resource.ts";
import { givenTo } from "../../escalation/mysql-held.ts";
import type { Check } from "../check.ts";
import { isOfNewServer } from "../names/test-schemas.ts";
import { concerned, ENGINES, isFor, revoking, said, saidPlaces, sure } from "./principals.ts";

/** MYE-13. */
export const events: Check = {
  id: "MYE-13",
  title: "somebody who is no administrator may make events",
  why: "An event goes on running as its definer after the session has ended, the account was locked and its password changed; it stops when its definer loses EVENT or what it does.",
  fix: "Revoke EVENT and look through the events that are there; have schedules run by an account of their own.",
  danger: "medium",
  principles: ["traceability"],
  engines: ENGINES,
  *find(context) {
    const code = context.index.catalog.definedCode ?? [];
    for (const [grantee, given] of givenTo(context.index)) {
      if (!concerned(context, grantee) || isFor(context, grantee, ["scheduler", "migration"])) continue;
      const own = code.filter(({ form, definer }) => form === "event" && definer === grantee);
      const byKind = new Map<ResourceKind, Resource[]>();
      for (const { kind, privileges, resources } of given) {
        const places = privileges.has("EVENT") ? resources.filter((each) => !isOfNewServer(grantee, each)) : [];
        if (places.length > 0) byKind.set(kind, [...(byKind.get(kind) ?? []), ...places]);
      }
      for (const resources of byKind.values()) {
        yield {
          message: `${said(grantee)} may make events in ${saidPlaces(resources)}, which go on when it is locked`,
          principals: [grantee],
          resources,
          path: own.map(
            ({ path }) => `the event \`${path.slice(1).map(describeName).join(".")}\` runs as ${said(grantee)}`,
          ),
          fix: revoking(grantee, resources, ["EVENT"], own.length > 0 ? ", and drop its events" : ""),
          ...sure(context),
        };
      }
    }
  },
};
