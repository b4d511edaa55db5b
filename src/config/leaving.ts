import { sortedText } from "../base/order.ts";
import { describeName, describeTyped } from "../model/resource.ts";
import type { RoleName } from "../model/role.ts";
import type { ResolveContext } from "./context.ts";
import type { Rename } from "./rename-state.ts";
import type { ManifestPath } from "./source-file.ts";

/** A role may own things that we cannot see: then it must not leave. */
export function checkRetirements({ retired, live, findings }: ResolveContext): void {
  const unread = live.unknowns.filter((unknown) => unknown.subject.startsWith("database"));
  const unmanaged = [...live.access.holdings.values()]
    .filter(({ resource }) => resource.kind === "database" && !live.catalog.databases.includes(resource.path[0] ?? ""))
    .map(({ resource }) => `\`${resource.path[0] ?? ""}\``);
  for (const [name, { path }] of retired) {
    if (unread.length > 0) {
      const what = unread.map((unknown) => unknown.subject).join(", ");
      findings.add(
        "RW217",
        path,
        `role \`${name}\` cannot be retired while there is something that we cannot read: ${what}`,
        {
          help: unread[0]?.help ?? "it may own objects there: connect as a role that can read it",
        },
      );
    } else if (unmanaged.length > 0) {
      findings.add(
        "RW217",
        path,
        `role \`${name}\` may hold something in a database that is not managed: ${unmanaged.join(", ")}`,
        {
          severity: "warning",
          help: "if it does, the server refuses to drop it and nothing is changed; `databases: all` would show it",
        },
      );
    }
  }
}

/** What a server may hide from us and what may have a definer. */
const CODE: ReadonlySet<string> = new Set(["tables", "routines", "triggers", "events"]);

/** Code that runs with the rights of a role by its name stops working when no role has that name. */
export function checkDefiners({ retired, claims, live, findings }: ResolveContext, renames: readonly Rename[]): void {
  const leaving = new Map<RoleName, ManifestPath>(Array.from(retired, ([name, { path }]) => [name, path]));
  for (const { from, to } of renames) leaving.set(from, [...(claims.roles.get(to)?.path ?? []), "was"]);
  if (leaving.size === 0) return;
  const code = [
    ...[...live.catalog.entries.values()].map(({ definer, resource }) => ({ definer, what: describeTyped(resource) })),
    ...(live.catalog.definedCode ?? []).map(({ definer, form, path }) => ({
      definer,
      what: `${form} ${path.slice(1).map(describeName).join(".")}`,
    })),
  ];
  const unseen = live.unknowns.filter((unknown) => CODE.has(unknown.subject));
  for (const [name, path] of leaving) {
    if (unseen.length > 0) {
      const what = unseen.map((unknown) => unknown.subject).join(", ");
      const message = `\`${name}\` may be the definer of something that we cannot see: ${what}`;
      findings.add("RW240", path, message, { severity: "warning", help: unseen[0]?.help });
    }
    const defined = sortedText(code.filter(({ definer }) => definer === name).map(({ what }) => what));
    const [first] = defined;
    if (first === undefined) continue;
    const more = defined.length === 1 ? "" : ` and ${defined.length - 1} more`;
    const message = `${first}${more} would stop working: \`${name}\`, whose rights it runs with, is its definer by name`;
    findings.add("RW240", path, message, { help: "make it anew with another definer first" });
  }
}
