import type { Purpose } from "../../../model/declared.ts";
import type { Resource, ResourceKind } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import { type AccessIndex, heldMask } from "../../access-index.ts";
import { becomes } from "../../usable.ts";
import { hasBit } from "../../bits.ts";
import type { Check } from "../check.ts";
import { machineLogins } from "../general/roles.ts";
import { joined, who, words } from "../general/telling.ts";

/** What a program needs for what it was declared to be for. */
const NEEDED: Partial<Record<Purpose, readonly string[]>> = {
  backup: ["replication", "RELOAD", "PROCESS", "REPLICATION CLIENT", "BINLOG MONITOR", "BACKUP_ADMIN"],
  migration: [],
  monitoring: ["PROCESS", "REPLICATION CLIENT", "BINLOG MONITOR", "SLAVE MONITOR"],
  replication: ["replication", "REPLICATION SLAVE", "REPLICATION CLIENT", "BINLOG MONITOR", "REPLICATION SLAVE ADMIN"],
};

/** Seeing the names of schemas administers nothing. */
const HARMLESS: ReadonlySet<string> = new Set(["SHOW DATABASES", "DESCRIBE"]);

/** ADM-03. */
export const administrativeMachines: Check = {
  id: "ADM-03",
  title: "a program's login may administer the server",
  why: "Whoever takes over the program takes over the server with it.",
  fix: "Give the program a login without administrative attributes and privileges.",
  example: "roles:\n  app: { login: true, purpose: application, superuser: false, createrole: false, createdb: false }",
  danger: "high",
  principles: ["least privilege"],
  engines: "all",
  cis: ["CIS PostgreSQL 4.3", "CIS MySQL 5"],
  needs: ["declared"],
  *find(context) {
    const { index, people } = context;
    for (const { name, purposes } of machineLogins(context)) {
      const needed = new Set([...purposes].flatMap((each) => NEEDED[each] ?? []));
      const attributes = attributesOf(index, name).filter((each) => !needed.has(each.name));
      const privileges = administering(index, name).filter((each) => !needed.has(each));
      if (attributes.length + privileges.length === 0) continue;
      const parts = attributes.map((each) => each.name + (each.by === name ? "" : ` through ${who(each.by)}`));
      const kind = people.of(name)?.kind ?? "program";
      const isHeld = privileges.length > 0 || attributes.some((each) => each.effective);
      yield {
        message: `the ${kind} login ${who(name)} holds ${joined([...parts, ...(privileges.length === 0 ? [] : [words(privileges)])])}`,
        principals: [name],
        about: [...attributes.map((each) => each.name), ...privileges].join("\0"),
        over: isHeld ? "effective" : "reachable",
        fix: {
          text: `give ${who(name)} a login without them`,
          changes: attributes
            .filter((each) => each.by === name)
            .map((each) => ({
              kind: "alter-role",
              role: name,
              attributes: [{ name: each.name, before: true, after: false }],
            })),
        },
      };
    }
  },
};

interface HeldAttribute {
  readonly name: string;
  readonly by: RoleName;
  /** Held without SET ROLE. */
  readonly effective: boolean;
}

/** What a login has of attributes that let it do more, its own and those of roles that it may become. */
function attributesOf(index: AccessIndex, login: RoleName): readonly HeldAttribute[] {
  const { graph, rules, state } = index;
  const id = graph.idOf(login);
  const isSuperuser = hasBit(graph.superuserRoles, id);
  const others = isSuperuser ? [] : becomes(index, id, null);
  return rules.attributes.flatMap(({ name, bySetRole }): HeldAttribute[] => {
    if (name === "login") return [];
    if (state.roles.get(login)?.attributes[name] === true) return [{ name, by: login, effective: true }];
    if (name === "superuser" && hasBit(graph.superusers, id)) {
      const by = graph.names.find((_, other) => hasBit(graph.superuserRoles, other) && graph.isHeir(other, id, null));
      return by === undefined ? [] : [{ name, by, effective: true }];
    }
    const by = bySetRole ? others.find((each) => state.roles.get(each)?.attributes[name] === true) : undefined;
    return by === undefined ? [] : [{ name, by, effective: false }];
  });
}

const PLACES: readonly ResourceKind[] = ["server", "dynamic-privilege", "all-roles", "all-mbeans"];

/** What a login holds of privileges that act on the server itself. */
function administering(index: AccessIndex, login: RoleName): readonly string[] {
  const id = index.graph.idOf(login);
  if (hasBit(index.graph.superusers, id)) return [];
  return index.classes.all.flatMap((place) => {
    if (!PLACES.includes(place.kind)) return [];
    const names = index.rules
      .privilegesOf(place.kind)
      .filter((each) => index.rules.privilegeClass(place.kind, each) === "administer");
    const held = index.bits.names(place.kind, heldMask(index, place, id, index.bits.mask(place.kind, names), {}));
    if (place.kind === "dynamic-privilege") return held.length === 0 ? [] : place.resources.map(dynamic);
    return held.filter((each) => !HARMLESS.has(each));
  });
}

function dynamic({ path }: Resource): string {
  return path[0] ?? "";
}
