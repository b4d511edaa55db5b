import { RolewrightError } from "../../base/error.ts";
import { sortedText } from "../../base/order.ts";
import { didYouMean } from "../../config/did-you-mean.ts";
import type { Identity } from "../../model/identity.ts";
import { describeName } from "../../model/resource.ts";
import { PUBLIC, type Grantee } from "../../model/role.ts";
import { escapeLine } from "../output/escape.ts";
import type { AccessSource } from "./source.ts";

/** Whom a question is about: a person, service or agent with all its logins here, or one role, or everybody. */
export interface Who {
  readonly title: string;
  readonly identity: Identity | null;
  readonly roles: readonly Grantee[];
}

/** The identity or role of this name; an identity wins, `role:NAME` says the role. Throws RW820 for a name that is neither. */
export function findWho(source: AccessSource, text: string): Who {
  const { roles } = source.snapshot.access;
  const identity = source.identities.find((each) => each.name === text || each.email === text);
  if (identity !== undefined) {
    const logins = identity.logins.get(source.target) ?? [];
    const existing = logins.filter((login) => roles.has(login));
    if (existing.length === 0) {
      throw new RolewrightError("RW820", `\`${escapeLine(text)}\` has no login on ${source.title}`, {
        help:
          logins.length === 0
            ? `give it one under \`logins\``
            : `the manifest names ${logins.map(describeName).join(", ")}, which does not exist`,
      });
    }
    return { title: identity.title, identity, roles: existing };
  }
  const name = text.startsWith("role:") && !roles.has(text) ? text.slice("role:".length) : text;
  if (roles.has(name)) return { title: describeName(name), identity: null, roles: [name] };
  if (name.toLowerCase() === "public") return { title: "everybody (public)", identity: null, roles: [PUBLIC] };
  const accounts = sortedText([...roles.keys()].filter((each) => each.startsWith(`${name}@`)));
  throw new RolewrightError(
    "RW820",
    `there is no person, service, agent or role \`${escapeLine(text)}\` on ${source.title}`,
    {
      help:
        (accounts.length === 0 ? null : `there is ${accounts.slice(0, 5).map(describeName).join(", ")}`) ??
        didYouMean(name, sortedText([...roles.keys(), ...source.identities.map((each) => each.name)])) ??
        "names are written as the database holds them",
    },
  );
}

/** Whose login a role is, by title; null for nobody the manifest knows. */
export function ownerOfLogin(source: AccessSource, role: Grantee): Identity | null {
  return source.identities.find((each) => each.logins.get(source.target)?.includes(role)) ?? null;
}
