import { describeName, describeTyped, type Resource, resourceKey } from "../../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../../model/role.ts";
import type { Check, CheckContext } from "../check.ts";

const COMMON = { principles: ["traceability"], engines: "all" } as const satisfies Partial<Check>;

/** DRF-01. */
export const notInSource: Check = {
  ...COMMON,
  id: "DRF-01",
  title: "a role is on the server and not in the files, or the other way round",
  why: "What is in no file has no reason and no review.",
  fix: "Adopt it with `rolewright import`, say in `scope` that it is none of ours, or retire it.",
  danger: "medium",
  needs: ["declared"],
  *find({ declared, roles, index }) {
    if (declared === null || declared.roles.size === 0) return;
    for (const { name } of roles) {
      if (declared.roles.has(name)) continue;
      yield {
        message: `\`${describeName(name)}\` is on the server and not in the manifest`,
        principals: [name],
        about: "live",
        fix: { text: "adopt it with `rolewright import`, or retire it" },
      };
    }
    for (const role of declared.roles.values()) {
      if (index.recorded.roles.has(role.name)) continue;
      yield {
        message: `\`${describeName(role.name)}\` is in the manifest and not on the server`,
        principals: [role.name],
        about: "declared",
        danger: "low",
        fix: { text: "rolewright plan" },
      };
    }
  },
};

/** DRF-02. */
export const differsBetweenTargets: Check = {
  ...COMMON,
  id: "DRF-02",
  title: "one role differs between targets of one environment",
  why: "What works here fails there, and what is safe there is open here.",
  fix: "Apply the same files to both, or limit what differs with `targets`.",
  danger: "medium",
  principles: ["least privilege"],
  needs: ["declared"],
  *find(context) {
    const { declared, target, environment, live } = context;
    for (const other of context.others) {
      const alike = other.environment === environment && other.live.identity.engine === live.identity.engine;
      if (!alike || other.target < target) continue;
      for (const role of declared?.roles.values() ?? []) {
        const [here, there] = [shapeOf(context, role.name), shapeOf(other, role.name)];
        if (here === null || there === null) continue;
        const differs = Object.keys(here).filter((key) => here[key] !== there[key]);
        if (differs.length === 0) continue;
        yield {
          message: `\`${describeName(role.name)}\` is not the same on ${describeName(target)} and ${describeName(other.target)}: ${differs.join(", ")}`,
          principals: [role.name],
          about: other.target,
          fix: { text: "apply the same files to both" },
        };
      }
    }
  },
};

/** What of a role should be equal, as text by what it is. */
function shapeOf({ index }: CheckContext, name: RoleName): Readonly<Record<string, string>> | null {
  const role = index.recorded.roles.get(name);
  if (role === undefined) return null;
  const memberships = [...index.recorded.memberships.values()]
    .filter((each) => each.member === name && !each.implied)
    .map((each) => `${each.role} ${each.admin} ${each.inherit} ${each.set}`);
  return {
    attributes: Object.entries(role.attributes)
      .map((each) => JSON.stringify(each))
      .sort()
      .join("\n"),
    memberships: [...new Set(memberships)].sort().join("\n"),
  };
}

/** DRF-03. */
export const doesNotConverge: Check = {
  ...COMMON,
  id: "DRF-03",
  title: "what was applied is not what is there",
  why: "A tool that never arrives changes access again and again.",
  fix: "Report it: apply proves that it arrived before it commits.",
  danger: "high",
  needs: ["records"],
  *find() {
    yield { unknown: "records of runs are not read by checks; apply reads the state back before it commits" };
  },
};

/** DRF-04. */
export const orphans: Check = {
  ...COMMON,
  id: "DRF-04",
  title: "entries are left of roles, databases or things that are gone",
  why: "They come to life again when something of that name, or of that number, is made.",
  fix: "Revoke them.",
  danger: "medium",
  principles: ["least privilege"],
  engines: ["postgresql", "mariadb", "mysql"],
  *find({ index, live }) {
    const { roles, holdings } = index.recorded;
    const lost = new Map<RoleName, Resource[]>();
    const seen = new Map<string, readonly RoleName[]>();
    for (const { resource, list } of holdings.values()) {
      let gone = seen.get(list.id);
      if (gone === undefined) {
        gone = [...new Set(list.entries.map((entry) => entry.grantee))].filter(
          (name) => name !== PUBLIC && !roles.has(name),
        );
        seen.set(list.id, gone);
      }
      for (const name of gone) lost.set(name, [...(lost.get(name) ?? []), resource]);
    }
    for (const [name, resources] of lost) {
      yield {
        message: `access lists name \`${describeName(name)}\`, and there is no such role: ${describeTyped(resources[0] as Resource)}${resources.length > 1 ? ` and ${resources.length - 1} more` : ""}`,
        principals: [name],
        resources,
        about: "grantee",
        fix: { text: `revoke what \`${describeName(name)}\` holds` },
      };
    }
    for (const role of index.recorded.roles.values()) {
      for (const setting of role.settings) {
        if (setting.database === null || live.catalog.databases.includes(setting.database)) continue;
        if (live.catalog.entries.has(resourceKey({ kind: "database", path: [setting.database] }))) continue;
        yield {
          message: `\`${describeName(role.name)}\` has \`${setting.name}\` set in database \`${describeName(setting.database)}\`, which does not exist`,
          principals: [role.name],
          about: `${setting.database}\0${setting.name}`,
          fix: { text: "reset it" },
        };
      }
    }
  },
};

/** DRF-06. */
export const takenAndUsable: Check = {
  ...COMMON,
  id: "DRF-06",
  title: "what was taken away can still be used",
  why: "Sessions, caches and current schemas go on with what they were let in with.",
  fix: "End the sessions; `rolewright apply` lists them with its outcome.",
  danger: "high",
  principles: ["least privilege"],
  needs: ["records"],
  *find() {
    yield { unknown: "records of runs are not read by checks; open sessions are judged by ACC-07" };
  },
};

/** DRF-07. */
export const changedInitialLists: Check = {
  ...COMMON,
  id: "DRF-07",
  title: "the access of something that belongs to the server or to an extension was changed",
  why: "Updates and restores bring the first access back, or copy the changed one, and nobody remembers why.",
  fix: "Declare the change in the files, or set it back.",
  danger: "medium",
  principles: ["least privilege"],
  engines: ["postgresql"],
  needs: ["posture"],
  *find({ posture, declared }) {
    const changed = posture?.postgresql?.changedLists ?? null;
    if (changed === null) {
      yield { unknown: "the first access lists of the server could not be read" };
      return;
    }
    if (declared === null) return;
    const byKind = Map.groupBy(changed, (each) => each.extension ?? "the server");
    for (const [owner, lists] of byKind) {
      const named = lists
        .slice(0, 3)
        .map((each) => describeTyped(each.resource))
        .join(", ");
      yield {
        message: `of ${owner === "the server" ? owner : `extension \`${describeName(owner)}\``} the access of ${named}${lists.length > 3 ? ` and ${lists.length - 3} more` : ""} was changed`,
        principals: [],
        resources: lists.map((each) => each.resource),
        about: owner,
        danger: "low",
        fix: { text: "declare it, or set it back" },
      };
    }
  },
};

/** DRF-08. */
export const ignoredByEngine: Check = {
  ...COMMON,
  id: "DRF-08",
  title: "the files say what the engine ignores",
  why: "Whoever reads them believes something that is not so.",
  fix: "Follow the finding at its line.",
  danger: "medium",
  needs: ["declared"],
  *find() {
    yield { unknown: "what an engine cannot keep is told at its line by `rolewright validate` and `rolewright plan`" };
  },
};
