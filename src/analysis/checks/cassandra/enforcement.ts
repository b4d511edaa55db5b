import { DEFAULT_LIMITS } from "../../../model/declared.ts";
import { PUBLIC } from "../../../model/role.ts";
import type { Check } from "../check.ts";
import { attributeLines } from "../general/lines.ts";
import { several } from "../general/telling.ts";
import { allowsAll, type ToldNode, toldNodes, untold, whichNodes } from "./nodes.ts";

/** CSE-01. */
export const notEnforced: Check = {
  id: "CSE-01",
  title: "a node lets everybody do everything",
  why: "With AllowAllAuthenticator nobody is asked for a password and everybody is a superuser; with AllowAllAuthorizer everybody reads and writes all data. Settings are each node's own: one such node is enough.",
  fix: "Set PasswordAuthenticator and CassandraAuthorizer in cassandra.yaml of every node, and restart them one after the other.",
  example: "authenticator: PasswordAuthenticator\nauthorizer: CassandraAuthorizer",
  danger: "critical",
  principles: ["least privilege"],
  engines: ["cassandra"],
  cis: ["CIS Cassandra authentication is enabled", "CIS Cassandra authorization is enabled"],
  needs: ["posture"],
  *find(context) {
    yield* untold(context);
    for (const [setting, own, harm, instead] of ENFORCING) {
      const open = toldNodes(context).filter(({ settings }) => settings[own].startsWith("AllowAll"));
      const [first] = open;
      if (first === undefined) continue;
      yield {
        message: `on ${whichNodes(context, open)} ${harm}: \`${setting}\` is ${first.settings[own]}`,
        principals: [PUBLIC],
        about: setting,
        fix: {
          text: `set \`${setting}: ${instead}\` in cassandra.yaml of ${whichNodes(context, open)}, and restart one after the other`,
        },
      };
    }
  },
};

const ENFORCING = [
  [
    "authenticator",
    "authenticator",
    "nobody is asked for a password, and everybody is a superuser",
    "PasswordAuthenticator",
  ],
  ["authorizer", "authorizer", "everybody may read and change all data", "CassandraAuthorizer"],
] as const;

/** CSE-15. */
export const limitsNotEnforced: Check = {
  id: "CSE-15",
  title: "limits of where a role may log in are stored and not enforced",
  why: "Data centers and networks of a role are checked by the network authorizer and the CIDR authorizer. Where a node has none, the role logs in from everywhere, and the files say something else.",
  fix: "Set CassandraNetworkAuthorizer and CassandraCIDRAuthorizer in cassandra.yaml of every node, or take the limits away.",
  example: "network_authorizer: CassandraNetworkAuthorizer",
  danger: "medium",
  principles: ["least privilege"],
  engines: ["cassandra"],
  cis: ["CIS Cassandra datacenter authorizer is enabled"],
  needs: ["posture"],
  *find(context) {
    for (const [attribute, setting, instead, isOff] of LIMITING) {
      const limited = context.roles.filter((role) => (role.attributes[attribute] ?? null) !== null);
      if (limited.length === 0) continue;
      yield* untold(context);
      const off = toldNodes(context).filter(isOff);
      if (off.length === 0) continue;
      const names = limited.map(({ name }) => name);
      yield {
        message: `${several(names)} ${names.length === 1 ? "is" : "are"} limited by \`${attribute}\`, which is not enforced on ${whichNodes(context, off)}`,
        principals: names,
        about: attribute,
        fix: {
          text: `set \`${setting}: ${instead}\` in cassandra.yaml of ${whichNodes(context, off)}`,
          manifest: names.flatMap((name) => attributeLines(name, { [attribute]: null })),
        },
      };
    }
  },
};

const LIMITING: readonly (readonly [string, string, string, (node: ToldNode) => boolean])[] = [
  [
    "datacenters",
    "network_authorizer",
    "CassandraNetworkAuthorizer",
    ({ settings }) => allowsAll(settings.networkAuthorizer),
  ],
  [
    "cidr_groups",
    "cidr_authorizer",
    "CassandraCIDRAuthorizer",
    ({ settings }) => allowsAll(settings.cidrAuthorizer) || settings.cidrMonitors,
  ],
];

/** CSE-16. */
export const longCaches: Check = {
  id: "CSE-16",
  title: "nodes believe for too long, or not equally long, what they read about rights",
  why: "What is revoked goes on working on a node until its caches expire; where nodes differ, access ends here and goes on there.",
  fix: "Lower `roles_validity`, `permissions_validity` and `credentials_validity` in cassandra.yaml, to the same on every node.",
  example: "roles_validity: 2s\npermissions_validity: 2s\ncredentials_validity: 2s",
  danger: "medium",
  principles: ["availability", "least privilege"],
  engines: ["cassandra"],
  needs: ["posture"],
  *find(context) {
    yield* untold(context);
    const limit = (context.declared?.limits ?? DEFAULT_LIMITS).cacheSeconds;
    const nodes = toldNodes(context);
    const long = nodes.filter(({ settings }) => settings.cacheMs > limit * 1000);
    const longest = Math.max(...long.map(({ settings }) => settings.cacheMs));
    if (long.length > 0) {
      yield {
        message: `on ${whichNodes(context, long)} what was revoked works on for up to ${longest / 1000} seconds, more than ${limit}`,
        principals: [],
        about: "long",
        fix: {
          text: `set \`roles_validity\`, \`permissions_validity\` and \`credentials_validity\` to ${limit} seconds or less in cassandra.yaml`,
        },
      };
    }
    const times = [...new Set(nodes.map(({ settings }) => settings.cacheMs))].toSorted((a, b) => a - b);
    if (times.length < 2) return;
    yield {
      message: `what was revoked works on for different times on different nodes: ${times.map((ms) => ms / 1000).join(", ")} seconds`,
      principals: [],
      about: "different",
      fix: { text: "set the validity of the caches to the same in cassandra.yaml of every node" },
    };
  },
};
