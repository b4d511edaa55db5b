import type { Identity } from "../../../model/identity.ts";
import { describeName } from "../../../model/resource.ts";
import type { Role } from "../../../model/role.ts";
import type { Check, CheckContext, Hit } from "../check.ts";

const COMMON = { principles: ["least privilege"], engines: "all" } as const satisfies Partial<Check>;

const DAY_MS = 86_400_000;

/** ACC-01. */
export const neverEnds: Check = {
  ...COMMON,
  id: "ACC-01",
  title: "the login of a person never ends",
  why: "Access that ends by itself is looked at again. Access that does not outlives the reason for it.",
  fix: "Give the login an end, or the person a last day in the manifest.",
  example: "people:\n  ann: { until: 2027-06-30, logins: { shop-prod: ann } }",
  danger: "medium",
  cis: ["CIS PostgreSQL 4.4"],
  *find({ logins, people }) {
    for (const role of logins) {
      const identity = people.of(role.name);
      if (hasEnd(role, identity) || (identity !== null && identity.kind !== "person")) continue;
      const named = describeName(role.name);
      yield {
        message: `the login \`${named}\` never ends`,
        principals: [role.name],
        fix: {
          text: `give \`${named}\` an end`,
          ...(identity === null ? {} : { manifest: [`people:`, `  ${identity.name}:`, `    until: 2027-06-30`] }),
          ...("valid_until" in role.attributes ? { changes: [ending(role)] } : {}),
        },
      };
    }
  },
};

function hasEnd({ attributes }: Role, identity: Identity | null): boolean {
  if (identity?.until !== undefined) return true;
  if (typeof attributes["valid_until"] === "string") return true;
  // The server makes passwords end: after so many days, or as it does by default.
  const days = attributes["password_days"];
  return days !== undefined && days !== 0;
}

function ending(role: Role): NonNullable<Hit["fix"]["changes"]>[number] {
  const after = "2027-06-30T00:00:00.000000Z";
  return { kind: "alter-role", role: role.name, attributes: [{ name: "valid_until", before: null, after }] };
}

/** ACC-02. */
export const endedButWorks: Check = {
  ...COMMON,
  id: "ACC-02",
  title: "the end of a login has passed, and it still works",
  why: "VALID UNTIL ends the password alone. Other ways in (`trust`, `peer`, certificates) go on, and so do open sessions.",
  fix: "Take LOGIN away and end its sessions.",
  danger: "medium",
  engines: ["postgresql"],
  cis: ["CIS PostgreSQL 4.4"],
  needs: ["posture"],
  *find(context) {
    const { posture, logins, now } = context;
    for (const role of logins) {
      const until = role.attributes["valid_until"];
      if (typeof until !== "string" || Date.parse(until) > Date.parse(now)) continue;
      const ways = waysAround(context, role);
      const open = posture?.sessions?.filter((session) => session.login === role.name).length ?? 0;
      if (ways === null && open === 0)
        yield { unknown: `it is not known how \`${describeName(role.name)}\` can log in` };
      const how = [...(ways ?? []), ...(open > 0 ? [`${open} open session${open > 1 ? "s" : ""}`] : [])];
      if (how.length === 0) continue;
      yield {
        message: `\`${describeName(role.name)}\` ended on ${until.slice(0, 10)} and still works: ${how.join(", ")}`,
        principals: [role.name],
        fix: {
          text: `take LOGIN from \`${describeName(role.name)}\` and end its sessions`,
          changes: [
            { kind: "alter-role", role: role.name, attributes: [{ name: "login", before: true, after: false }] },
          ],
        },
      };
    }
  },
};

const BY_PASSWORD: ReadonlySet<string> = new Set(["password", "md5", "scram-sha-256", "reject"]);

/** The ways in of pg_hba.conf that ask for no password and may fit the login; null: the file could not be read. */
function waysAround({ posture }: CheckContext, { name }: Role): readonly string[] | null {
  const rules = posture?.postgresql?.hba ?? null;
  if (rules === null) return null;
  const fits = (user: string): boolean => user === "all" || user === name || user.startsWith("/");
  const methods = rules
    .filter((rule) => rule.error === null && !BY_PASSWORD.has(rule.method) && rule.users.some(fits))
    .map((rule) => `\`${rule.method}\` by line ${rule.line} of pg_hba.conf`);
  return [...new Set(methods)];
}

/** ACC-08. */
export const endsSoon: Check = {
  ...COMMON,
  id: "ACC-08",
  title: "access ends soon",
  why: "A login that ends without a successor stops a service at midnight.",
  fix: "Renew it, or make sure that nobody needs it after that day.",
  danger: "low",
  principles: ["availability"],
  *find({ logins, people, declared, now }) {
    const days = declared?.limits.expiryDays ?? 14;
    for (const role of logins) {
      const identity = people.of(role.name);
      const until = role.attributes["valid_until"];
      const end = typeof until === "string" ? until : identity?.until;
      if (end === undefined) continue;
      const left = (Date.parse(end) - Date.parse(now)) / DAY_MS;
      if (left < 0 || left > days) continue;
      yield {
        message: `\`${describeName(role.name)}\` ends on ${end.slice(0, 10)}`,
        principals: [role.name],
        fix: { text: `renew \`${describeName(role.name)}\`, or make sure that nobody needs it after that` },
      };
    }
  },
};
