import { describeName } from "../../../model/resource.ts";
import type { Check } from "../check.ts";
import { joined } from "../general/telling.ts";

/** LPV-11. */
export const environmentsMixed: Check = {
  id: "LPV-11",
  title: "a program of another environment logs in to production",
  why: "Where tests run, credentials are seen by many. Who gets one of them is in production.",
  fix: "Give the program an identity of its own in each environment.",
  example:
    "services:\n  billing: { logins: { shop-prod: svc_billing } }\n  billing-test: { logins: { shop-test: svc_billing } }",
  danger: "high",
  principles: ["separation of duties"],
  engines: "all",
  needs: ["declared"],
  *find({ declared, production, target, others }) {
    if (!production) return;
    const known = new Map(others.map((each) => [each.target, each.production]));
    const unread = new Set<string>();
    for (const { kind, name, logins, location } of declared?.identities ?? []) {
      const here = logins.get(target) ?? [];
      if (kind === "person" || here.length === 0) continue;
      const elsewhere = [...logins]
        .filter(([other, names]) => other !== target && names.length > 0)
        .map(([other]) => other);
      const lower = elsewhere.filter((other) => known.get(other) === false).sort();
      for (const other of elsewhere) if (!known.has(other)) unread.add(other);
      if (lower.length === 0) continue;
      const named = joined(lower.map((each) => `\`${describeName(each)}\``));
      yield {
        message: `the ${kind} \`${describeName(name)}\` logs in to production and to ${named}`,
        principals: here,
        identities: [name],
        about: lower.join("\0"),
        ...(location === undefined ? {} : { location }),
        fix: { text: `give \`${describeName(name)}\` an identity of its own for ${named}` },
      };
    }
    if (unread.size === 0) return;
    const named = joined([...unread].sort().map((each) => `\`${describeName(each)}\``));
    yield {
      unknown: `programs log in to ${named} too, of which the environment is not known here`,
      help: "check all targets in one run",
    };
  },
};
