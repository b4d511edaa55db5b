import type { Sensitive } from "../../model/declared.ts";
import type { RoleName } from "../../model/role.ts";
import { didYouMean } from "../did-you-mean.ts";
import type { SensitiveEntry } from "../manifest-judging.ts";
import type { ManifestPath } from "../source-file.ts";
import type { DeclaredContext } from "./declared.ts";
import { thingsOn } from "./things.ts";

/** The `sensitive` of the manifest, with all names looked up. Without `readers` nobody but superusers may read it, without `writers` nobody may change it. */
export function sensitiveOf(context: DeclaredContext): readonly Sensitive[] {
  const { manifest, target, findings, locate } = context;
  const seen = new Map<string, ManifestPath>();
  return (manifest.sensitive ?? []).flatMap((entry, index): Sensitive[] => {
    if (entry.targets !== undefined && !entry.targets.includes(target)) return [];
    const path: ManifestPath = ["sensitive", index];
    const first = seen.get(entry.name);
    if (first !== undefined) {
      findings.add("RW150", [...path, "name"], `\`${entry.name}\` is said twice of what is sensitive`, {
        help: "give each its own name: findings are told apart by it",
        related: [{ message: "first here", path: [...first, "name"] }],
      });
    }
    seen.set(entry.name, first ?? path);
    const { name, on, columns } = entry;
    const resources = thingsOn(context, columns === undefined ? { on } : { on, columns }, [...path, "on"]);
    const readers = rolesIn(context, entry, "readers", path);
    const writers = rolesIn(context, entry, "writers", path);
    if (resources.length === 0) return [];
    const location = locate(path);
    return [{ name, resources, readers, writers, ...(location === undefined ? {} : { location }) }];
  });
}

function rolesIn(
  { roles, manifest, findings }: DeclaredContext,
  entry: SensitiveEntry,
  key: "readers" | "writers",
  path: ManifestPath,
): ReadonlySet<RoleName> {
  const known = new Set<RoleName>();
  for (const [index, name] of (entry[key] ?? []).entries()) {
    // A role of another target is looked up there.
    const isElsewhere = entry.targets === undefined && Object.hasOwn(manifest.roles ?? {}, name);
    if (roles.has(name)) known.add(name);
    else if (!isElsewhere) {
      const help = didYouMean(name, roles.keys()) ?? "declare it under `roles`, or limit the entry with `targets`";
      findings.add("RW201", [...path, key, index], `there is no role \`${name}\``, { help });
    }
  }
  return known;
}
