import { describeName, describeResource } from "../../../model/resource.ts";
import { PUBLIC } from "../../../model/role.ts";
import type { ForeignServerFacts, UserMappingFacts } from "../../../model/posture/postgresql.ts";
import { resourceKey } from "../../../model/resource.ts";
import type { Check, CheckContext, Gap, Hit } from "../check.ts";
import { givenOn, isJudged, placesOf, what, who } from "./given.ts";

/** PGE-25. */
export const foreignUsers: Check = {
  id: "PGE-25",
  title: "ordinary roles choose whom they are on another server",
  why: "Who holds USAGE on a foreign server maps itself to any remote user whose password it knows or guesses; who uses a mapping for everybody, or one that asks for no password, is that remote user. Reading foreign tables needs neither.",
  fix: "Revoke USAGE, and make one mapping for each role that reads there, to a remote user who may do only that.",
  danger: "high",
  principles: ["least privilege"],
  engines: ["postgresql"],
  *find(context) {
    for (const given of givenOn(context, placesOf(context, "foreign-server"), ["USAGE"])) {
      yield {
        message: `${who(given.grantee)} may map itself to any user of ${what(given.resources)}`,
        principals: [given.grantee],
        resources: given.resources,
        fix: { text: `revoke usage on it from ${who(given.grantee)}`, changes: given.revoking },
      };
    }
    for (const given of givenOn(context, placesOf(context, "foreign-data-wrapper"), ["USAGE"])) {
      yield {
        message: `${who(given.grantee)} may make foreign servers of ${what(given.resources)}, with any address`,
        principals: [given.grantee],
        resources: given.resources,
        fix: { text: `revoke usage on it from ${who(given.grantee)}`, changes: given.revoking },
      };
    }
    yield* mappings(context);
  },
};

function* mappings(context: CheckContext): Generator<Hit | Gap> {
  const { userMappings = null, foreignServers = null } = context.posture?.postgresql ?? {};
  if (userMappings === null || foreignServers === null) {
    return yield { unknown: "foreign servers and their user mappings were not read" };
  }
  const byKey = new Map(foreignServers.map((each) => [resourceKey(each.server), each]));
  for (const mapping of userMappings) {
    if (!isJudged(context, mapping.role)) continue;
    const { server, role } = mapping;
    if (mapping.options === null) {
      yield { unknown: `the mapping of ${who(role)} on \`${describeResource(server)}\` may not be read` };
      continue;
    }
    const local = isLoopback(byKey.get(resourceKey(server)));
    const target = local ? "this server itself" : `\`${describeName(server.path[1] ?? "")}\``;
    if (role === PUBLIC && mapping.hasPassword !== false) {
      yield found(context, mapping, local, `everybody uses ${what([server])} as one and the same remote user`);
    }
    if (mapping.passwordRequired === false) {
      yield found(context, mapping, local, `${who(role)} gets to ${target} without a password of its own`);
    }
  }
}

function found({ dialect }: CheckContext, { server, role }: UserMappingFacts, local: boolean, message: string): Hit {
  const whom = role === PUBLIC ? "public" : dialect.quoteIdentifier(role);
  const without = message.includes("without a password");
  return {
    message,
    principals: [role],
    resources: [server],
    about: `mapping\0${resourceKey(server)}\0${without ? "no password" : "everybody"}`,
    ...(local && without ? { danger: "critical" as const } : {}),
    fix: {
      text: "drop that mapping, and make one for each role that needs it, with a password",
      sql: [`drop user mapping for ${whom} server ${dialect.quoteIdentifier(server.path[1] ?? "")}`],
    },
  };
}

/** Whether it leads back to this machine: no host at all, a socket, or its own address. */
function isLoopback(facts: ForeignServerFacts | undefined): boolean {
  if (facts === undefined || facts.wrapper !== "postgres_fdw") return false;
  const host = facts.options.get("hostaddr") ?? facts.options.get("host") ?? "";
  return host === "" || host.startsWith("/") || /^(localhost$|127\.|::1$|0\.0\.0\.0$)/u.test(host);
}
