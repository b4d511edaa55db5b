import { compareText, sorted } from "../../../base/order.ts";
import type { DefaultPrivilege } from "../../../model/access-state.ts";
import { describeName, schemaOf } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import { hasBit, listBits } from "../../bits.ts";
import type { Check, CheckContext } from "../check.ts";
import { isJudged } from "../postgresql/given.ts";
import { defaultChange, plural, schemaResource } from "./future.ts";

/** DEF-02. */
export const idlePromises: Check = {
  id: "DEF-02",
  title: "default privileges are those of a role that makes nothing",
  why: "They count for what exactly this role makes, not for what its members make: whoever reads them believes that new objects are covered, and they are not.",
  fix: "Say them for the role that really makes the objects, or let migrations SET ROLE to this one.",
  danger: "medium",
  principles: ["availability"],
  engines: ["postgresql"],
  *find(context) {
    const owners = ownersOf(context);
    for (const entry of entriesOf(context)) {
      const { creator, database, schema, kind } = entry;
      const why = idleBecause(context, entry, owners);
      if (why === null) continue;
      const where = schema === null ? "" : ` in schema \`${describeName(schema)}\``;
      yield {
        message: `the default privileges of \`${describeName(creator)}\` for ${plural(kind)}${where} reach nothing: ${why}`,
        principals: [creator],
        resources: schema === null ? [{ kind: "database", path: [database] }] : [schemaResource(database, schema)],
        about: `${kind}\0${database}\0${schema ?? ""}`,
        fix: {
          text: "say them for the role that makes the objects, and take these away",
          changes:
            schema === null
              ? []
              : entry.list.entries.map(({ grantee, privileges }) =>
                  defaultChange("remove-default", entry, grantee, privileges),
                ),
        },
      };
    }
  },
};

/** Entries whose creator is judged, in a fixed order. */
function entriesOf(context: CheckContext): readonly DefaultPrivilege[] {
  const { defaultPrivileges } = context.index.state;
  return sorted(defaultPrivileges, ([a], [b]) => compareText(a, b))
    .map(([, entry]) => entry)
    .filter(({ creator }) => isJudged(context, creator));
}

/** Who owns what, as `role kind database` and as `role kind database schema`. */
type Owners = ReadonlySet<string>;

function ownersOf({ index }: CheckContext): Owners {
  const found = new Set<string>();
  if (index.state.defaultPrivileges.size === 0) return found;
  for (const { owner, kind, database, resources } of index.classes.all) {
    if (kind === "column") continue;
    const all = [owner, kind, database].join("\0");
    found.add(all);
    for (const schema of new Set(resources.map(schemaOf))) found.add(`${all}\0${schema ?? ""}`);
  }
  return found;
}

function owns(owners: Owners, role: RoleName, { kind, database, schema }: DefaultPrivilege): boolean {
  return owners.has([role, kind, database, ...(schema === null ? [] : [schema])].join("\0"));
}

function idleBecause(context: CheckContext, entry: DefaultPrivilege, owners: Owners): string | null {
  const { graph } = context.index;
  const { creator, database, kind } = entry;
  if (owns(owners, creator, entry)) return null;
  const id = graph.idOf(creator);
  const makers = listBits(graph.members(id, null))
    .map((each) => graph.names[each] as RoleName)
    .filter((name) => isJudged(context, name) && owns(owners, name, entry));
  if (makers.length > 0) {
    const names = makers.map((name) => `\`${describeName(name)}\``);
    return `its member${names.length === 1 ? "" : "s"} ${names.join(", ")} made them as ${names.length === 1 ? "itself" : "themselves"}`;
  }
  if (kind === "large-object") return null;
  if (!mayCreate(context, entry)) return "it may not make any there";
  const acted = listBits(graph.setters(id, database)).some((each) => hasBit(graph.logins, each));
  return acted ? null : "nobody can act as it";
}

/** Whether the role may make such things there; in any schema where the entry is for all. */
function mayCreate({ index }: CheckContext, { creator, database, schema, kind }: DefaultPrivilege): boolean {
  if (kind === "schema") return index.can(creator, "CREATE", { kind: "database", path: [database] }) !== false;
  if (schema !== null) return index.can(creator, "CREATE", schemaResource(database, schema)) !== false;
  return index.classes.all.some(
    (each) =>
      each.kind === "schema" &&
      each.database === database &&
      each.resources[0] !== undefined &&
      index.can(creator, "CREATE", each.resources[0]) === true,
  );
}
