import { describeName } from "../../model/resource.ts";
import type { Obstacle, Unit } from "../../simulation/advise/advice.ts";
import { escapeLine } from "../output/escape.ts";
import { counted, describePrivileges, describeResources } from "./words.ts";

/** `delete on sales.orders from app`; `ana in readers`. */
export function unitText({ what }: Pick<Unit, "what">): string {
  if (what.kind === "membership") return `${names(what.members)} in ${describeName(what.role)}`;
  return `${describePrivileges(what.privileges)} on ${describeResources(what.resources, { most: 3 })} from ${names(what.grantees)}`;
}

/** Why nothing is advised, as people are told. */
export function obstacleText(obstacle: Obstacle): string {
  switch (obstacle.kind) {
    case "purpose":
      return `${describeName(obstacle.role)} is for ${obstacle.purpose.replace("-", " ")}, and could need it`;
    case "break-glass":
      return `${describeName(obstacle.role)} is the way in for emergencies (${escapeLine(obstacle.identity)})`;
    case "eligible":
      return `${escapeLine(obstacle.identity)} may ask for ${describeName(obstacle.role)} for a time`;
    case "owner":
      return `${describeName(obstacle.role)} owns things`;
    case "attribute":
      return `${describeName(obstacle.role)} has ${obstacle.attribute}`;
    case "no-evidence":
      return obstacle.roles.length === 0
        ? "nobody gets to it, so nothing was seen of it"
        : `nothing was seen of ${names(obstacle.roles)}: that is not the same as unused`;
    case "coverage":
      return `of ${describeName(obstacle.role)} only ${obstacle.decided} of ${counted(obstacle.observed, "statement")} could be decided`;
    case "unknown":
      return `${describeName(obstacle.role)} runs something that could need anything: ${escapeLine(obstacle.reason)}`;
    case "young":
      return `${describeName(obstacle.role)} is there since ${obstacle.since.slice(0, 10)}, less than a third of the time`;
    case "age":
      return `watched for ${counted(obstacle.days, "day")}, it takes ${obstacle.needed}${obstacle.why === "" ? "" : `: ${escapeLine(obstacle.why)}`}`;
    case "no-month-end":
      return "no end of a month was watched";
    case "no-quarter-end":
      return "no end of a quarter was watched";
    case "admin":
      return "the membership is for passing on";
    case "row-policy":
      return `row policies ask for it: ${obstacle.policies.map(describeName).join(", ")}`;
    case "built-in":
      return "the server gives the role a meaning that no statement shows";
    case "test":
      return `an access test of ${escapeLine(obstacle.as)} needs it`;
    case "not-managed":
      return "the manifest does not declare the role";
    case "written-so":
      return escapeLine(obstacle.text);
  }
}

/** Up to five names, then a count. */
export function names(all: readonly string[]): string {
  const shown = all.slice(0, 5).map(describeName).join(", ");
  return all.length > 5 ? `${shown} and ${all.length - 5} more` : shown;
}
