import { comment, printYaml } from "../../config/import/yaml.ts";
import { linesFor } from "../../config/tighten/tighten.ts";
import { compareResources, type Resource, resourceKey } from "../../model/resource.ts";
import type { Posture } from "../../model/posture.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { RemovalItem } from "../../simulation/removals/item.ts";
import { isObservable } from "../../simulation/removals/standing.ts";

/** The role that holds what is to be removed, and that nobody is. */
export const CANARY = "rolewright_canary";

/** One privilege that the audit log is to name the use of. */
interface Doomed {
  readonly privilege: string;
  readonly resource: Resource;
}

/** What the canary must hold for these items: of a membership, what its role gives. */
export function doomedBy(items: readonly RemovalItem[], { access }: Snapshot): readonly Doomed[] {
  const found = new Map<string, Doomed>();
  const add = (privilege: string, resource: Resource): void => {
    found.set(`${privilege}\0${resourceKey(resource)}`, { privilege, resource });
  };
  for (const item of items) {
    if (item.kind === "grant") {
      if (isObservable(item)) add(item.privilege, item.resource);
      continue;
    }
    const roles = new Set([item.role]);
    for (const role of roles) {
      for (const each of access.memberships.values()) if (each.member === role) roles.add(each.role);
    }
    for (const { resource, list } of access.holdings.values()) {
      for (const { grantee, privileges } of list.entries) {
        if (!roles.has(grantee)) continue;
        for (const privilege of privileges) {
          if (isObservable({ ...item, kind: "grant", grantee, privilege, resource })) add(privilege, resource);
        }
      }
    }
  }
  return [...found.values()].sort((a, b) => compareResources(a.resource, b.resource));
}

/** The part of a manifest that makes the canary: planned, approved, applied and taken away like anything else. */
export function canaryText(doomed: readonly Doomed[]): string {
  const head = comment(
    [
      "What is to be removed, held by a role that nobody is and nobody can log in as.",
      "With `pgaudit.role` set to it, the audit log names each statement that still uses any of it. Nothing is taken from anybody.",
      "Made by `rolewright removals canary`; when the removals are done, take this file out of the manifest's `include` and plan again.",
    ].join("\n"),
  );
  const grants = linesFor(doomed.map((each) => ({ grantee: CANARY, ...each })));
  return `${head}\n${printYaml({ roles: { [CANARY]: { purpose: "audit", login: false, because: "tells who still uses what is to be removed", grants } } })}`;
}

/** What is not yet as it must be for the canary to tell anything, as sentences with what to do; empty: it is on. */
export function canaryProblems(
  doomed: readonly Doomed[],
  { access }: Snapshot,
  posture: Posture,
): readonly { readonly text: string; readonly help: string; readonly refuses?: true }[] {
  const settings = posture.postgresql?.settings;
  if (settings === undefined) {
    return [
      {
        text: "this engine has no audit of single privileges",
        help: "watch with the server's own log instead, which takes twice as long: `rolewright workload collect LOG --out FILE`, then `rolewright removals watch --evidence FILE`",
        refuses: true,
      },
    ];
  }
  const problems: { text: string; help: string; refuses?: true }[] = [];
  if (!/\bpgaudit\b/u.test(settings.get("shared_preload_libraries") ?? "")) {
    problems.push({
      text: "pgAudit is not loaded",
      help: "add pgaudit to shared_preload_libraries and restart, or watch with evidence alone",
      refuses: true,
    });
  }
  const role = settings.get("pgaudit.role") ?? "";
  if (role !== "" && role !== CANARY) {
    problems.push({
      text: `pgaudit.role is in use: it is \`${role}\``,
      help: "an audit role in use is not replaced: watch with evidence alone",
      refuses: true,
    });
  }
  const canary = access.roles.get(CANARY);
  if (canary === undefined) {
    problems.push({
      text: `there is no role \`${CANARY}\` yet`,
      help: "put the file into the manifest's `include`, then `rolewright plan` and `rolewright apply`",
    });
    return problems;
  }
  if (canary.attributes["login"] === true)
    problems.push({ text: `\`${CANARY}\` can log in`, help: "take `login` away: nobody may be it" });
  if (
    [...access.memberships.values()].some((each) => (each.role === CANARY && !each.implied) || each.member === CANARY)
  ) {
    problems.push({
      text: `\`${CANARY}\` takes part in memberships`,
      help: "take them away: what its members do would look like use",
    });
  }
  if ([...access.holdings.values()].some(({ owner }) => owner === CANARY)) {
    problems.push({ text: `\`${CANARY}\` owns something`, help: "give it to somebody else" });
  }
  const missing = doomed.filter(({ privilege, resource }) => {
    const entries = access.holdings.get(resourceKey(resource))?.list.entries ?? [];
    return !entries.some((entry) => entry.grantee === CANARY && entry.privileges.includes(privilege));
  });
  if (missing.length > 0) {
    problems.push({
      text: `\`${CANARY}\` does not hold ${missing.length} of ${doomed.length} privileges yet`,
      help: "write the file anew, then plan and apply",
    });
  }
  if (role === "") {
    problems.push({
      text: "pgaudit.role is not set",
      help: `as a superuser: alter system set pgaudit.role = '${CANARY}'; select pg_reload_conf();`,
    });
  }
  return problems;
}
