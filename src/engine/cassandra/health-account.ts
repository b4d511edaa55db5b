import { describeName, resourceKey } from "../../model/resource.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { HealthFact } from "../engine.ts";
import { isSuperuser } from "./introspect.ts";
import { BOOTSTRAP } from "./normalize.ts";
import { quoteIdentifier } from "./quote.ts";

/** What our account may do, and what the server's own superuser still is. */
export function accountFacts(live: Snapshot): HealthFact[] {
  return [ownFact(live), defaultFact(live)];
}

function ownFact({ actor, access }: Snapshot): HealthFact {
  const name = "rights";
  const who = describeName(actor.role);
  if (actor.superuser) return { name, result: "ok", text: `${who} is a superuser, and may change everything` };
  const roles = access.holdings.get(resourceKey({ kind: "all-roles", path: [] }))?.list.entries ?? [];
  const held = roles.find(({ grantee }) => grantee === actor.role)?.privileges ?? [];
  const text = `${who} is no superuser: it changes what it holds with AUTHORIZE, and no restriction to data centers`;
  if (held.includes("AUTHORIZE")) return { name, result: "ok", text };
  const fix = `have a superuser run: alter role ${quoteIdentifier(actor.role)} with superuser = true, or grant it what a plan asks for`;
  return { name, result: "warn", text, fix };
}

/** Everybody knows its name, many its first password, and it reads and writes roles with more copies than others do. */
function defaultFact({ actor, access }: Snapshot): HealthFact {
  const name = "default";
  const role = access.roles.get(BOOTSTRAP);
  if (role === undefined) return { name, result: "ok", text: `the server's own \`${BOOTSTRAP}\` is gone` };
  const login = role.attributes["login"] === true;
  const superuser = isSuperuser(BOOTSTRAP, access);
  if (!login && !superuser) return { name, result: "ok", text: `the server's own \`${BOOTSTRAP}\` is out of use` };
  const is = superuser ? "is still a superuser" : "may still log in";
  const own = actor.role === BOOTSTRAP ? ", and we log in as it" : "";
  const fix = `make a superuser of your own, log in as that, and run: alter role ${BOOTSTRAP} with superuser = false and login = false`;
  return { name, result: "warn", text: `the server's own \`${BOOTSTRAP}\` ${is}${own}`, fix };
}
