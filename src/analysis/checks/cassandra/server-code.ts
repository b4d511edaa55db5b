import { isPowerfulMbean, MBEAN_POWERS } from "../../escalation/cassandra-held.ts";
import type { Check } from "../check.ts";
import { what, who, words } from "../general/telling.ts";
import { grantsOf, isFor, taking } from "./judged.ts";
import { toldNodes, untold, whichNodes } from "./nodes.ts";

/** CSE-08. */
export const makesFunctions: Check = {
  id: "CSE-08",
  title: "somebody may run code of its own in the server",
  why: "Who may CREATE functions is granted EXECUTE on what it makes, and its code runs in the server's process: in a sandbox that has been broken before, or outside of it where the settings say so.",
  fix: "Revoke CREATE on functions, or set `user_defined_functions_enabled: false`.",
  example: "revoke create on all functions in keyspace shop from app;",
  danger: "high",
  principles: ["least privilege"],
  engines: ["cassandra"],
  needs: ["posture"],
  *find(context) {
    const all = grantsOf(context, {
      kinds: ["all-routines", "schema-routines"],
      privileges: ["CREATE"],
      holder: (name) => !isFor(context, name, ["migration"]),
    });
    if (all.length === 0) return;
    yield* untold(context);
    const on = toldNodes(context).filter(({ settings }) => settings.userFunctions);
    if (on.length === 0) return;
    const loose = on.some(({ settings }) => settings.looseFunctions);
    for (const given of all) {
      yield {
        message: `${who(given.grantee)} may run code of its own on ${whichNodes(context, on)}: it holds CREATE on ${what(given.resources)}${loose ? ", and functions run outside of the sandbox" : ""}`,
        principals: [given.grantee],
        resources: given.resources,
        over: "escalable",
        ...(loose ? { danger: "critical" as const } : {}),
        fix: taking(given),
      };
    }
  },
};

/** CSE-10. */
export const nodePower: Check = {
  id: "CSE-10",
  title: "somebody may act on the nodes themselves over JMX",
  why: "EXECUTE or MODIFY on all MBeans, or on those of the storage service, of diagnostics and of logging, changes how a node runs, writes files and starts programs (CVE-2023-30601 was one way). It counts where JMX is set up to use these roles.",
  fix: "Grant what is needed on single MBeans by name.",
  example:
    "revoke execute on all mbeans from app;\ngrant execute on mbean 'org.apache.cassandra.db:type=CompactionManager' to app;",
  danger: "critical",
  principles: ["least privilege"],
  engines: ["cassandra"],
  *find(context) {
    const keep = ({ kind, path }: { readonly kind: string; readonly path: readonly string[] }): boolean =>
      kind === "all-mbeans" || isPowerfulMbean(path[0] ?? "");
    for (const given of grantsOf(context, { kinds: ["all-mbeans", "mbean"], privileges: MBEAN_POWERS, keep })) {
      yield {
        message: `${who(given.grantee)} may act on the nodes themselves: it holds ${words(given.privileges)} on ${what(given.resources)}`,
        principals: [given.grantee],
        resources: given.resources,
        over: "escalable",
        confidence: "documented",
        fix: taking(given, ", and grant what it needs on single MBeans"),
      };
    }
  },
};
