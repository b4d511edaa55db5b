import type { Change } from "../../../model/change.ts";
import { DEFAULT_LIMITS } from "../../../model/declared.ts";
import { describeName } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import type { Snapshot } from "../../../model/snapshot.ts";
import type { AccessIndex } from "../../access-index.ts";
import { administrators } from "../../administrators.ts";
import { lockoutFindings } from "../../lockout.ts";
import type { Check } from "../check.ts";
import { allAdministrators } from "./administrators-left.ts";

const COMMON = { principles: ["lock-out safety"], engines: "all", needs: ["plan"] } as const satisfies Partial<Check>;

/** What the guard of apply finds, which no acceptance and no severity of the manifest waives. */
function guarded(own: Pick<Check, "id" | "title" | "why" | "fix" | "danger"> & Partial<Check>): Check {
  return {
    ...COMMON,
    ...own,
    *find({ change, index, live, declared }) {
      if (change === null) return;
      const { plan, delta, before } = change;
      const managed = new Set(declared?.roles.keys());
      const found = change.guarded ?? lockoutFindings({ plan, live, before, after: index, delta, managed });
      for (const finding of found) {
        if (finding.code !== own.id) continue;
        yield {
          message: finding.message,
          principals: [],
          about: finding.message,
          danger: finding.severity === "error" ? own.danger : "medium",
          ...(finding.location === undefined ? {} : { location: finding.location }),
          fix: { text: finding.help ?? own.fix },
        };
      }
    },
  };
}

/** LCK-02. */
export const ownRights: Check = guarded({
  id: "LCK-02",
  title: "the plan takes from its own connection what taking it back would need",
  why: "Then a failure in the middle, or a revert, could not be carried out by whoever applied it.",
  fix: "Plan it with another administrator's connection.",
  danger: "critical",
});

/** LCK-05. */
export const closedDoors: Check = guarded({
  id: "LCK-05",
  title: "taking CONNECT or USAGE from everybody shuts logins out that have it in no other way",
  why: "What everybody had, nobody noticed needing.",
  fix: "Grant it to those who need it first.",
  danger: "high",
  engines: ["postgresql"],
});

/** LCK-10. */
export const lastAdminOfRole: Check = guarded({
  id: "LCK-10",
  title: "nobody can manage who is in a role any more",
  why: "Without a holder of the admin option, only superusers can add and remove members.",
  fix: "Keep one membership with the admin option.",
  danger: "high",
  engines: ["postgresql"],
});

/** LCK-12. */
export const ownAccount: Check = guarded({
  id: "LCK-12",
  title: "the plan changes the account that applies it, or its way in",
  why: "It would saw off the branch it sits on: what follows could not be verified, nor taken back.",
  fix: "Plan it with another administrator's connection.",
  danger: "high",
});

/** LCK-06. */
export const otherAccountMatches: Check = {
  ...COMMON,
  id: "LCK-06",
  title: "clients that are connected today match another account after the plan",
  why: "The server picks the account by the narrowest host that fits. A new narrower one takes clients from a wider one, and a dropped one leaves them to it, with other rights and another password.",
  fix: "Give the new account what the old one has first, and try it from the clients' hosts.",
  danger: "high",
  engines: ["mariadb", "mysql"],
  *find({ change, index }) {
    if (change === null) return;
    const accounts = [...new Set([...change.before.recorded.roles.keys(), ...index.recorded.roles.keys()])].filter(
      isAccount,
    );
    const seen = new Set<RoleName>();
    for (const name of change.plan.changes.flatMap((each) => movedAccounts(each.change))) {
      const beside = accounts.filter((other) => other !== name && userOf(other) === userOf(name));
      if (!isAccount(name) || seen.has(name) || beside.length === 0) continue;
      seen.add(name);
      const appears = index.recorded.roles.has(name);
      const others = beside.map((each) => `\`${describeName(each)}\``).join(", ");
      yield {
        message: appears
          ? `the new account \`${describeName(name)}\` can take clients from ${others}`
          : `without \`${describeName(name)}\` its clients fall to ${others}, or are refused`,
        principals: [name, ...beside],
        about: name,
        fix: {
          text: `look which hosts \`${describeName(userOf(name))}\` connects from, and try both accounts from there`,
        },
      };
    }
  },
};

function isAccount(name: RoleName): boolean {
  return name.includes("@");
}

function userOf(name: RoleName): string {
  return name.slice(0, name.lastIndexOf("@"));
}

function movedAccounts(change: Change): readonly RoleName[] {
  if (change.kind === "create-role" || change.kind === "drop-role") return [change.role.name];
  return change.kind === "rename-role" ? [change.from, change.to] : [];
}

/** The superuser that every Cassandra cluster begins with. */
const DEFAULT_SUPERUSER = "cassandra";

/** LCK-07. */
export const untriedSuperuser: Check = {
  ...COMMON,
  id: "LCK-07",
  title: "the default superuser goes before another one was seen to log in",
  why: "If the new superuser's password or its way in is wrong, nobody can administer the cluster.",
  fix: "Apply the plan connected as the other superuser: that proves it.",
  danger: "critical",
  engines: ["cassandra"],
  *find({ change, index, live }) {
    if (change === null || !works(change.before, DEFAULT_SUPERUSER) || works(index, DEFAULT_SUPERUSER)) return;
    if (live.actor.superuser && live.actor.role !== DEFAULT_SUPERUSER) return;
    yield {
      message: "the plan ends the default superuser `cassandra`, and no other superuser was seen to log in",
      principals: [DEFAULT_SUPERUSER],
      fix: { text: "connect as the other superuser and apply the plan with that" },
    };
  },
};

function works({ state }: AccessIndex, name: RoleName): boolean {
  const attributes = state.roles.get(name)?.attributes;
  return attributes?.["login"] === true && attributes["superuser"] === true;
}

/** Being a member of one of these changes how a login signs in: its password stops working. */
const SIGNS_IN_OTHERWISE: ReadonlySet<string> = new Set([
  "rds_iam",
  "rds_ad",
  "cloudsqliamuser",
  "cloudsqliamserviceaccount",
  "aad_auth",
  "azure_ad_user",
]);

/** LCK-08. */
export const otherWayIn: Check = {
  ...COMMON,
  id: "LCK-08",
  title: "a membership changes how a login signs in",
  why: "Members of the provider's sign-in roles can no longer use their passwords, from the moment of the grant.",
  fix: "Try the new way in with another login first, and keep an administrator with a password.",
  danger: "critical",
  engines: ["postgresql"],
  *find(context) {
    const admins = new Set(allAdministrators(context));
    for (const { change } of context.change?.plan.changes ?? []) {
      if (change.kind !== "add-membership" || !SIGNS_IN_OTHERWISE.has(change.membership.role)) continue;
      const { role, member } = change.membership;
      const danger = admins.has(member) ? {} : { danger: "medium" as const };
      yield {
        message: `\`${describeName(member)}\` can no longer log in by password as a member of \`${describeName(role)}\``,
        principals: [member],
        about: role,
        ...danger,
        fix: { text: "try the new way in with another login first" },
      };
    }
  },
};

const PROTECTING = ["SYSTEM_USER", "ROLE_ADMIN"] as const;

/** LCK-11. */
export const lastProtector: Check = {
  ...COMMON,
  id: "LCK-11",
  title: "nobody holds SYSTEM_USER or ROLE_ADMIN any more",
  why: "Accounts with SYSTEM_USER can then be changed by nobody, and roles be managed by nobody who does not hold them.",
  fix: "Give it to another administrator first.",
  danger: "high",
  engines: ["mysql"],
  *find({ change, index, live }) {
    if (change === null) return;
    for (const name of PROTECTING) {
      if (!someLoginHas(change.before, live, name) || someLoginHas(index, live, name)) continue;
      yield {
        message: `the plan takes ${name} from the last login that has it`,
        principals: [],
        about: name,
        fix: { text: `give ${name} to another administrator first` },
      };
    }
  },
};

function someLoginHas(index: AccessIndex, live: Snapshot, name: string): boolean {
  const working = new Set(administrators(index, live).working);
  const holders = index.whoCan("USAGE", { kind: "dynamic-privilege", path: [name] })?.roles ?? [];
  return holders.some((role) => working.has(role));
}

/** LCK-09. */
export const untriedBreakGlass: Check = {
  ...COMMON,
  id: "LCK-09",
  title: "break-glass access was not tried for a long time",
  why: "Emergency access that was never used may not work when it must.",
  fix: "Try it on a day without an emergency, and record that.",
  danger: "medium",
  needs: ["declared", "usage"],
  *find({ declared, usage, target, index }) {
    const days = declared?.limits.drillDays ?? DEFAULT_LIMITS.drillDays;
    for (const identity of declared?.identities ?? []) {
      const logins = (identity.logins.get(target) ?? []).filter((login) => index.recorded.roles.has(login));
      if (identity.breakGlass !== true || logins.length === 0 || usage === null) continue;
      if (logins.some((login) => usage.lastSeen.has(login))) continue;
      if (usage.days < days) {
        yield {
          unknown: `\`${describeName(identity.name)}\` was not seen in ${usage.days} days, and it takes ${days} to say more`,
        };
        continue;
      }
      yield {
        message: `\`${describeName(identity.name)}\` was not seen on the server in ${usage.days} days`,
        principals: logins,
        identities: [identity.name],
        ...(identity.location === undefined ? {} : { location: identity.location }),
        fix: { text: "log in with it on a day without an emergency" },
      };
    }
  },
};
