import { sorted, sortedText } from "../../../base/order.ts";
import { compareResources, describeTyped, type Resource } from "../../../model/resource.ts";
import type { RoleName } from "../../../model/role.ts";
import type { Check, CheckContext } from "../check.ts";
import { said } from "../mysql/principals.ts";

/** HID-14. */
export const lookAlikes: Check = {
  id: "HID-14",
  title: "two names can be taken for one",
  why: "Names that differ in case, in characters that look alike or in ones that are not seen are granted to, reviewed and revoked by mistake for each other.",
  fix: "Rename one of them.",
  danger: "low",
  principles: ["traceability"],
  engines: "all",
  *find(context) {
    for (const names of alike(roleNames(context))) {
      const roles = names.flatMap(([, roles]) => roles);
      yield {
        message: `${sorted(roles, (a, b) => (a < b ? -1 : 1))
          .map(said)
          .join(" and ")} can be taken for each other`,
        principals: roles,
        about: "look-alikes",
        fix: { text: `rename one of ${roles.map(said).join(", ")}` },
      };
    }
    for (const names of alike(schemaNames(context))) {
      const schemas = sorted(
        names.flatMap(([, schemas]) => schemas),
        compareResources,
      );
      yield {
        message: `${schemas.map((each) => `\`${describeTyped(each)}\``).join(" and ")} can be taken for each other`,
        principals: [],
        resources: schemas,
        fix: { text: "rename one of them" },
      };
    }
  },
};

/** Roles by what they are called: accounts of one user at several hosts are of one name. */
function roleNames({ roles, index }: CheckContext): ReadonlyMap<string, readonly RoleName[]> {
  const found = new Map<string, RoleName[]>();
  for (const { name } of roles) {
    const called = index.rules.accounts?.account(name)?.user ?? name;
    found.set(called, [...(found.get(called) ?? []), name]);
  }
  return found;
}

/** Schemas by their names, in each database apart. */
function schemaNames({ index }: CheckContext): ReadonlyMap<string, readonly Resource[]> {
  const found = new Map<string, Resource[]>();
  for (const { resource, system } of index.catalog.entries.values()) {
    if (resource.kind !== "schema" || system === true) continue;
    found.set(resource.path.join("\0"), [resource]);
  }
  return found;
}

/** The names that are told apart and look the same, group by group. */
function alike<T>(names: ReadonlyMap<string, T>): readonly (readonly (readonly [string, T])[])[] {
  const groups = new Map<string, (readonly [string, T])[]>();
  for (const name of sortedText(names.keys())) {
    const skeleton = skeletonOf(name);
    groups.set(skeleton, [...(groups.get(skeleton) ?? []), [name, names.get(name) as T]]);
  }
  return [...groups.values()].filter((group) => group.length > 1);
}

/** Cyrillic and Greek letters, and digits, and below each the Latin letter that it is taken for once case was folded. */
const TAKEN = "авеѕіјкмнорстухαβεικμνορτυχ01";
const LATIN = "abesijkmhopctyxabeikmvoptuxol";
const TAKEN_FOR: ReadonlyMap<string, string> = new Map(
  Array.from(TAKEN, (character, at) => [character, LATIN[at] ?? character]),
);

/** What is left of a name to the eye: case, width, accents of composition, and what is not seen are gone. */
export function skeletonOf(name: string): string {
  const folded = name.normalize("NFKC").toLowerCase().normalize("NFKC");
  const seen = folded.replaceAll(/[\p{Cf}\p{Cc}\p{Zs}"'`\\]/gu, (character) => (character === "\0" ? "\0" : ""));
  return Array.from(seen, (character) => TAKEN_FOR.get(character) ?? character).join("");
}
