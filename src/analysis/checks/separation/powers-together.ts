import { describeName } from "../../../model/resource.ts";
import type { Check, CheckContext, Hit } from "../check.ts";
import { holdsOn } from "./holds.ts";
import { type Held, heldBy, persons, type Power } from "./powers.ts";

const COMMON = {
  principles: ["separation of duties"],
  engines: "all",
  needs: ["declared"],
} as const satisfies Partial<Check>;

/** SOD-07. */
export const dataAndTrail: Check = {
  ...COMMON,
  id: "SOD-07",
  title: "somebody can change data and erase the trail of it",
  why: "Who may switch logging off, or change what is logged, can change data unseen.",
  fix: "Keep the rights over logging and audit with people who cannot change data, and use them for a time only.",
  danger: "critical",
  principles: ["separation of duties", "traceability"],
  *find(context) {
    yield* together(context, "erases the trail", "changes data", "can erase the trail and change data");
  },
};

/** SOD-08. */
export const rolesAndBusiness: Check = {
  ...COMMON,
  id: "SOD-08",
  title: "somebody administers roles and has a business duty",
  why: "Who gives access can give it to themselves, and undo it afterwards.",
  fix: "Give role administration a login of its own, for a time only, or take the business duty away.",
  danger: "high",
  *find(context) {
    for (const identity of persons(context)) {
      const admin = heldBy(context, identity, "manages roles");
      if (admin === null) continue;
      // What only a superuser's power or an escalation gives is said by other checks.
      const duty = holdsOn(context).find((hold) => hold.identity === identity && isOwn(hold.by) && !isAll(hold.way));
      if (duty === undefined) continue;
      yield hit(context, [admin], {
        message: `\`${describeName(identity.name)}\` administers roles and has the duty \`${duty.duty}\``,
        about: `${identity.name}\0${duty.duty}`,
        path: [admin.way, ...duty.way],
      });
    }
  },
};

function isOwn(by: string): boolean {
  return by === "effective" || by === "reachable" || by === "eligible";
}

function isAll(way: readonly string[]): boolean {
  return way.some((step) => step.includes("superuser") || step.includes("may do everything"));
}

/** SOD-17: a shipped combination, besides the catalogue's. */
export const approvesAndChanges: Check = {
  ...COMMON,
  id: "SOD-17",
  title: "somebody approves changes of roles and can change data",
  why: "An approval is only worth something from somebody who does not gain by it.",
  fix: "Let people approve who cannot change data themselves, or take the access away.",
  danger: "medium",
  *find(context) {
    const approvers = new Set(context.declared?.approvers ?? []);
    for (const identity of persons(context)) {
      const held = approvers.has(identity.name) ? heldBy(context, identity, "changes data") : null;
      if (held === null) continue;
      yield hit(context, [held], {
        message: `\`${describeName(identity.name)}\` approves changes of roles and can change data`,
        about: identity.name,
        path: [held.way],
      });
    }
  },
};

/** SOD-18: a shipped combination, besides the catalogue's. */
export const backUpAndRestore: Check = {
  ...COMMON,
  id: "SOD-18",
  title: "somebody can take all data out here and put it up elsewhere",
  why: "Restored on another server, data is outside of everything that protects it here.",
  fix: "Let machines make backups, and other people restore them.",
  danger: "high",
  *find(context) {
    for (const identity of persons(context)) {
      const out = heldBy(context, identity, "takes all data out");
      if (out === null) continue;
      for (const place of [context, ...context.others]) {
        const into = heldBy(place, identity, "makes databases") ?? heldBy(place, identity, "manages roles");
        if (into === null || into.way === out.way) continue;
        const where = place === context ? "here" : `on ${describeName(place.target)}`;
        yield hit(context, [out], {
          message: `\`${describeName(identity.name)}\` can take all data out here and put it up ${where}`,
          about: `${identity.name}\0${place.target}`,
          path: [out.way, into.way],
        });
        break;
      }
    }
  },
};

function* together(context: CheckContext, first: Power, second: Power, text: string): Iterable<Hit> {
  for (const identity of persons(context)) {
    const [a, b] = [heldBy(context, identity, first), heldBy(context, identity, second)];
    if (a === null || b === null) continue;
    yield hit(context, [a, b], {
      message: `\`${describeName(identity.name)}\` ${text}`,
      about: identity.name,
      path: a.way === b.way ? [a.way] : [a.way, b.way],
    });
  }
}

function hit(
  { declared }: CheckContext,
  held: readonly Held[],
  text: Pick<Hit, "message" | "path"> & { readonly about: string },
): Hit {
  const [first] = held;
  const name = first?.identity.name ?? "";
  const location = declared?.identities.find((each) => each.name === name)?.location;
  return {
    ...text,
    principals: held.map((each) => each.login),
    identities: [name],
    over: "reachable",
    ...(location === undefined ? {} : { location }),
    fix: { text: `take one of the two from \`${describeName(name)}\`` },
  };
}
