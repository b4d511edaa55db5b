import { compareText, sorted } from "../../../base/order.ts";
import { describeName } from "../../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../../model/role.ts";
import { hasBit } from "../../bits.ts";
import type { Check, CheckContext, Hit } from "../check.ts";
import { distinct, givenOn, isJudged, placesOf, what, words } from "./given.ts";

/** PGE-31. */
export const largeObjects: Check = {
  id: "PGE-31",
  title: "large objects are open to everybody, or belong to logins",
  why: "They lie in no schema and no table, so that nobody looks at who reads or writes them: a channel for data past everything that is granted on tables.",
  fix: "Turn `lo_compat_privileges` off, revoke what everybody holds, and let one role that cannot log in own them.",
  danger: "medium",
  principles: ["least privilege"],
  engines: ["postgresql"],
  *find(context) {
    const settings = context.posture?.postgresql?.settings;
    const compat = settings?.get("lo_compat_privileges");
    if (compat === undefined) yield { unknown: "the setting `lo_compat_privileges` was not read" };
    if (compat === "on") {
      yield {
        message: "everybody reads and writes all large objects, since `lo_compat_privileges` is on",
        principals: [PUBLIC],
        about: "lo_compat_privileges",
        fix: { text: "turn lo_compat_privileges off", sql: ["alter system set lo_compat_privileges = off"] },
      };
    }
    for (const given of givenOn(context, placesOf(context, "large-object"), ["SELECT", "UPDATE"])) {
      if (given.grantee !== PUBLIC) continue;
      yield {
        message: `everybody holds ${words(given.privileges)} on ${what(given.resources)}`,
        principals: [PUBLIC],
        resources: given.resources,
        about: `${words(given.privileges)} in ${given.database ?? ""}`,
        fix: { text: `revoke ${words(given.privileges)} from everybody`, changes: given.revoking },
      };
    }
    yield* ownedByLogins(context);
  },
};

function* ownedByLogins(context: CheckContext): Generator<Hit> {
  const { graph } = context.index;
  const places = placesOf(context, "large-object").filter(({ class: { owner } }) => {
    return owner !== null && isJudged(context, owner) && hasBit(graph.logins, graph.idOf(owner));
  });
  const byOwner = Map.groupBy(places, ({ class: place }) => `${place.owner ?? ""}\0${place.database ?? ""}`);
  for (const [, all] of sorted(byOwner, ([a], [b]) => compareText(a, b))) {
    const owner = all[0]?.class.owner as RoleName;
    const resources = distinct(all.flatMap((each) => each.resources));
    yield {
      message: `the login \`${describeName(owner)}\` owns ${what(resources)}`,
      principals: [owner],
      resources,
      about: `owner in ${all[0]?.class.database ?? ""}`,
      danger: "low",
      fix: { text: "let a role that cannot log in own them, and grant select and update on each that the login needs" },
    };
  }
}
