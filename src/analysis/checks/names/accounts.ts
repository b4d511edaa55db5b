import { sortedText } from "../../../base/order.ts";
import type { Resource } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import { givenTo } from "../../escalation/mysql-held.ts";
import type { Check, CheckContext, Gap, Hit } from "../check.ts";
import { ENGINES, isStrong, said, sure } from "../mysql/principals.ts";

/** HID-05. */
export const anonymous: Check = {
  id: "HID-05",
  title: "an account without a name lets anybody in",
  why: "Whoever gives no known name, or any at all, logs in as it; where its host says more than that of a named account it is taken first, so that a person is locked out or gets other rights.",
  fix: "Drop it.",
  danger: "high",
  principles: ["least privilege", "availability"],
  engines: ENGINES,
  cis: ["CIS MySQL 7 anonymous"],
  *find(context) {
    for (const role of context.roles) {
      if (context.index.rules.accounts?.account(role.name)?.user !== "") continue;
      const open = context.posture?.logins.get(role.name)?.letInWithoutProof === true;
      yield {
        message: `${said(role.name)} is an account without a name${open ? ": anybody gets in by it without a password" : ""}`,
        principals: [role.name],
        fix: { text: `drop ${said(role.name)}`, changes: [{ kind: "drop-role", role }] },
        ...sure(context),
      };
    }
  },
};

/** HID-10. */
export const userAndRole: Check = {
  id: "HID-10",
  title: "a user and a role have the same name",
  why: "A statement that names no host means the role: GRANT and REVOKE then change another principal than the one that was meant, and ALTER USER changes nothing and says it did.",
  fix: "Rename one of them.",
  danger: "medium",
  principles: ["traceability"],
  engines: ["mariadb"],
  *find({ index, roles }) {
    const users = new Map<string, RoleName[]>();
    for (const { name } of roles) {
      const user = index.rules.accounts?.account(name)?.user;
      if (user !== undefined) users.set(user, [...(users.get(user) ?? []), name]);
    }
    for (const { name } of roles) {
      if (index.rules.accounts?.account(name) !== null) continue;
      const accounts = users.get(bare(name)) ?? [];
      if (accounts.length === 0) continue;
      yield {
        message: `${said(name)} is a role, and the user of ${accounts.map(said).join(", ")} too`,
        principals: [name, ...accounts],
        fix: {
          text: `make a role of another name with what ${said(name)} has, move its members to it, and drop ${said(name)}`,
        },
      };
    }
  },
};

/** A role whose name holds an @ has another one behind it. */
function bare(name: RoleName): string {
  return name.endsWith("@") ? name.slice(0, -1) : name;
}

/** HID-11. */
export const wideHosts: Check = {
  id: "HID-11",
  title: "a privileged account may come from anywhere",
  why: "A password that leaks is then enough: no host keeps anybody from using it.",
  fix: "Make it for the hosts that it is used from.",
  example: "rename user 'dba'@'%' to 'dba'@'10.1.2.3';",
  danger: "medium",
  principles: ["least privilege"],
  engines: ENGINES,
  cis: ["CIS MySQL 7 wildcard hosts", "CIS MySQL 9"],
  *find(context) {
    const rules = context.index.rules.accounts;
    for (const { name } of context.logins) {
      const account = rules?.account(name) ?? null;
      if (account === null || !isStrong(context, name)) continue;
      const width = rules?.hostWidth(account.host);
      if (width !== "any" && width !== "many") continue;
      yield {
        message: `${said(name)} is privileged, and may come from ${width === "any" ? "anywhere" : "many hosts"}`,
        principals: [name],
        about: width,
        danger: width === "any" ? "medium" : "low",
        fix: { text: `make it an account for the hosts that ${said(name)} is used from` },
        ...sure(context),
      };
    }
  },
};

/** HID-12. */
export const severalHosts: Check = {
  id: "HID-12",
  title: "the accounts of one user differ",
  why: "Which of them a client gets is decided by where it comes from: the same name then has another password, another way to sign in, or other rights, and nobody can say what the user may do.",
  fix: "Keep one account for each user name, or make them equal.",
  danger: "medium",
  principles: ["traceability"],
  engines: ENGINES,
  *find(context): Iterable<Hit | Gap> {
    const rules = context.index.rules.accounts;
    const byUser = new Map<string, RoleName[]>();
    for (const { name } of context.roles) {
      const user = rules?.account(name)?.user ?? "";
      if (user !== "") byUser.set(user, [...(byUser.get(user) ?? []), name]);
    }
    const passwords = context.posture?.mysql?.severalPasswords ?? null;
    for (const [user, names] of byUser) {
      if (names.length < 2) continue;
      const differences = [
        ...(differ(context, names, plugin) ? ["their way to sign in"] : []),
        ...(passwords?.includes(user) === true ? ["their passwords"] : []),
        ...(differ(context, names, rights) ? ["their rights"] : []),
      ];
      if (differences.length > 0) {
        yield {
          message: `the accounts ${names.map(said).join(", ")} of one user differ in ${differences.join(" and ")}`,
          principals: names,
          fix: { text: `make one account of ${names.map(said).join(" and ")}, or make them equal` },
          ...sure(context),
        };
      } else if (passwords === null) {
        yield { unknown: `whether ${names.map(said).join(" and ")} have the same password was not read` };
      }
    }
  },
};

function differ(
  context: CheckContext,
  names: readonly RoleName[],
  of: (context: CheckContext, name: RoleName) => string,
): boolean {
  return new Set(names.map((name) => of(context, name))).size > 1;
}

function plugin({ index }: CheckContext, name: RoleName): string {
  const attributes = index.state.roles.get(name)?.attributes;
  return `${String(attributes?.["plugin"])}\0${String(attributes?.["login"])}`;
}

/** What was granted to it and what it is a member of. Things that have one list are together in what each of its grantees was given, so that they are told by these arrays. */
function rights({ index }: CheckContext, name: RoleName): string {
  const given = (givenTo(index).get(name) ?? []).map(
    ({ resources, privileges }) => `${numberOf(resources)} ${sortedText(privileges).join()}`,
  );
  const roles = [...index.recorded.memberships.values()]
    .filter(({ member }) => member === name)
    .map(({ role, admin, inherit }) => `in\0${role}\0${admin}\0${inherit}`);
  return sortedText([...given, ...roles]).join("\n");
}

const numbers = new WeakMap<readonly Resource[], number>();
let numbered = 0;

function numberOf(resources: readonly Resource[]): number {
  let number = numbers.get(resources);
  if (number === undefined) numbers.set(resources, (number = ++numbered));
  return number;
}
