import { describeName, describeTyped } from "../../../model/resource.ts";
import { PUBLIC } from "../../../model/role.ts";
import type { Check } from "../check.ts";

/** AVL-11. */
export const upgradeBreaks: Check = {
  id: "AVL-11",
  title: "something relies on what a newer major version takes away",
  why: "From 15 on not everybody may create in schema public of a new database, and from 16 on CREATEROLE manages only roles that one has the admin option on.",
  fix: "Grant before the upgrade what is relied upon: CREATE to the roles that create, the admin option to those who manage roles.",
  danger: "medium",
  principles: ["availability"],
  engines: ["postgresql"],
  versions: ({ major }) => major < 16,
  *find({ index, live, roles }) {
    for (const role of roles) {
      if (role.attributes["createrole"] !== true || role.attributes["superuser"] === true) continue;
      const id = index.graph.idOf(role.name);
      const manages = [...index.graph.adminRows.values()].some((holders) => holders.includes(id));
      if (manages) continue;
      yield {
        message: `\`${describeName(role.name)}\` manages roles by CREATEROLE alone, which is not enough from PostgreSQL 16 on`,
        principals: [role.name],
        about: "createrole",
        fix: { text: `grant \`${describeName(role.name)}\` the roles that it manages with the admin option` },
      };
    }
    if (live.version.major >= 15) return;
    for (const { resource, list } of index.recorded.holdings.values()) {
      if (resource.kind !== "schema" || resource.path[1] !== "public") continue;
      const open = list.entries.some((entry) => entry.grantee === PUBLIC && entry.privileges.includes("CREATE"));
      if (!open) continue;
      yield {
        message: `everybody may create in ${describeTyped(resource)}, which databases made by PostgreSQL 15 and later do not give`,
        principals: [PUBLIC],
        resources: [resource],
        danger: "low",
        fix: { text: "grant CREATE to the roles that create there" },
      };
    }
  },
};

/** AVL-12. */
export const onReplica: Check = {
  id: "AVL-12",
  title: "access is changed on a replica",
  why: "What is changed on a replica is not on its primary: replication stops at the first statement about it, or the next failover takes it back.",
  fix: "Change access on the primary.",
  danger: "medium",
  principles: ["availability"],
  engines: ["mariadb", "mysql"],
  needs: ["posture"],
  *find({ posture }) {
    const settings = posture?.mysql?.settings;
    if (settings === undefined) return;
    const on = ["read_only", "super_read_only", "innodb_read_only"].find((name) => isOn(settings.get(name)));
    const filtered = ["replicate_ignore_db", "replicate_do_db", "replicate_wild_ignore_table"].find(
      (name) => (settings.get(name) ?? "") !== "",
    );
    if (on !== undefined) {
      yield {
        message: `this server only reads (\`${on}\` is on): it is a replica, and access is changed on its primary`,
        principals: [],
        about: "read only",
        fix: { text: "name the primary in the target's URL" },
      };
    }
    if (filtered !== undefined) {
      yield {
        message: `replication is filtered by \`${filtered}\`: statements about access may not arrive, or stop it`,
        principals: [],
        about: "filtered",
        fix: { text: "let the schema `mysql` replicate, or change access on each server" },
      };
    }
  },
};

function isOn(value: string | undefined): boolean {
  return value !== undefined && !["OFF", "0", "", "NO_LOCK"].includes(value);
}
