import { compareText } from "../base/order.ts";
import { type RoleNameLimits, roleNameLimits } from "../model/engine-name.ts";
import type { Finding } from "../model/finding.ts";
import type { RoleName } from "../model/role.ts";
import type { Claims, MembershipClaim } from "./claims.ts";
import { didYouMean } from "./did-you-mean.ts";
import { expandManifest } from "./expand.ts";
import type { LoadedManifest } from "./load.ts";
import type { Manifest } from "./manifest.ts";
import { Findings } from "./report.ts";
import { findCycles } from "./resolve-memberships.ts";
import type { ManifestPath } from "./source-file.ts";

/** What can be said about a manifest without a database: its references within itself, its grant lines, its names, cycles among the roles that it declares. */
export function checkManifest(loaded: Pick<LoadedManifest, "manifest" | "locate">): readonly Finding[] {
  if (loaded.manifest === null) return [];
  const findings = new Findings(loaded.locate);
  const claims = expandManifest(loaded.manifest, null, findings);
  checkClaims(loaded.manifest, claims, { target: null, findings });
  // What is a circle over two targets is none on either.
  for (const target of Object.keys(loaded.manifest.targets ?? {})) {
    const aside = new Findings(loaded.locate);
    checkCycles(expandManifest(loaded.manifest, { name: target, rules: null }, aside), findings);
  }
  if (Object.keys(loaded.manifest.targets ?? {}).length === 0) checkCycles(claims, findings);
  return findings.sorted();
}

/** The part that resolving needs too: for one target, or for all of them. */
export function checkClaims(
  manifest: Manifest,
  claims: Claims,
  { target, findings }: { readonly target: string | null; readonly findings: Findings },
): void {
  for (const { name, entry, path } of claims.roles.values()) {
    const targets = target === null ? (entry.targets ?? Object.keys(manifest.targets ?? {})) : [target];
    const engines = new Set(targets.map((each) => manifest.targets?.[each]?.engine));
    for (const engine of engines.size === 0 ? [undefined] : engines) {
      checkRoleName(name, path, { limits: roleNameLimits(engine), findings });
    }
  }
  checkTargets(manifest, findings);
  checkPeople(manifest, findings);
  checkTests(manifest, findings);
}

function checkRoleName(
  name: RoleName,
  path: ManifestPath,
  { limits, findings }: { readonly limits: RoleNameLimits; readonly findings: Findings },
): void {
  const { mostBytes, reserved } = limits;
  const bytes = Buffer.byteLength(name, "utf8");
  if (name === "") findings.add("RW211", path, "a role needs a name");
  else if (mostBytes !== null && bytes > mostBytes) {
    const help = `a name has at most ${mostBytes} bytes; the server would cut it and mean another role`;
    findings.add("RW211", path, `the name \`${name}\` has ${bytes} bytes`, { help });
  } else if (reserved.includes(name)) {
    const help = name === "public" ? "everybody stands under the key `public` at the top" : undefined;
    findings.add("RW211", path, `no role can be named \`${name}\``, { help });
  }
}

function checkTargets(manifest: Manifest, findings: Findings): void {
  const names = Object.keys(manifest.targets ?? {}).sort(compareText);
  const check = (target: string, path: ManifestPath): void => {
    if (names.includes(target)) return;
    const help =
      didYouMean(target, names) ??
      (names.length === 0 ? "declare it under `targets`" : `the targets are ${names.join(", ")}`);
    findings.add("RW118", path, `there is no target \`${target}\` in the manifest`, { help });
  };
  const checkAll = (targets: readonly string[] | undefined, path: ManifestPath): void => {
    for (const [index, target] of (targets ?? []).entries()) check(target, [...path, "targets", index]);
  };
  const checkLines = (entry: Readonly<Record<string, unknown>>, path: ManifestPath): void => {
    for (const key of ["grants", "revoke", "profiles", "presets", "member_of", "members", "roles"]) {
      const lines = (entry[key] ?? []) as readonly (string | { readonly targets?: readonly string[] })[];
      for (const [index, line] of lines.entries())
        if (typeof line !== "string") checkAll(line.targets, [...path, key, index]);
    }
  };
  for (const [name, role] of Object.entries(manifest.roles ?? {})) {
    checkAll(role.targets, ["roles", name]);
    checkLines({ ...role }, ["roles", name]);
  }
  for (const [name, profile] of Object.entries(manifest.profiles ?? {})) checkLines({ ...profile }, ["profiles", name]);
  checkLines({ ...manifest.public }, ["public"]);
  for (const [index, entry] of (manifest.scope?.authoritative ?? []).entries())
    checkAll(entry.targets, ["scope", "authoritative", index]);
  for (const section of ["ownership", "row_policies", "policies", "approvals", "tests"] as const) {
    for (const [index, entry] of (manifest[section] ?? []).entries()) checkAll(entry.targets, [section, index]);
  }
  for (const section of ["people", "services", "agents"] as const) {
    for (const [name, identity] of Object.entries(manifest[section] ?? {})) {
      checkLines({ ...identity }, [section, name]);
      for (const target of Object.keys(identity.logins ?? {})) check(target, [section, name, "logins", target]);
      for (const [index, entry] of (identity.eligible ?? []).entries()) {
        if (entry.target !== undefined) check(entry.target, [section, name, "eligible", index, "target"]);
      }
    }
  }
}

/** Approvers are people, an agent's owner is a person, and two identities never share a login. */
function checkPeople(manifest: Manifest, findings: Findings): void {
  const people = Object.keys(manifest.people ?? {});
  for (const [index, approval] of (manifest.approvals ?? []).entries()) {
    const path: ManifestPath = ["approvals", index];
    for (const [at, name] of (approval.approvers ?? []).entries()) {
      if (people.includes(name)) continue;
      const help = didYouMean(name, people) ?? "approvers are declared under `people`";
      findings.add("RW125", [...path, "approvers", at], `there is no person \`${name}\` who could approve`, { help });
    }
    const entries = Object.entries(manifest.people ?? {});
    for (const [at, team] of (approval.teams ?? []).entries()) {
      if (entries.some(([, person]) => person.team === team)) continue;
      const help =
        didYouMean(
          team,
          entries.flatMap(([, person]) => person.team ?? []),
        ) ?? "people say their `team`";
      findings.add("RW125", [...path, "teams", at], `there is nobody of team \`${team}\` who could approve`, { help });
    }
    const inTeams = entries.filter(([, person]) => person.team !== undefined && approval.teams?.includes(person.team));
    const distinct = new Set([...(approval.approvers ?? []), ...inTeams.map(([name]) => name)]).size;
    if ((approval.count ?? 1) > distinct) {
      const asked = approval.count ?? 1;
      const where: ManifestPath = approval.count === undefined ? path : [...path, "count"];
      findings.add(
        "RW126",
        where,
        `${asked === 1 ? "an approval is" : `${asked} approvals are`} asked for, of ${distinct} people`,
        {
          help: "nothing could ever be approved; name people under `approvers`, or `teams`",
        },
      );
    }
  }
  for (const [name, agent] of Object.entries(manifest.agents ?? {})) {
    if (agent.owner === undefined || people.includes(agent.owner)) continue;
    const help = didYouMean(agent.owner, people) ?? "people are declared under `people`";
    findings.add("RW125", ["agents", name, "owner"], `there is no person \`${agent.owner}\``, { help });
  }
  checkSharedLogins(manifest, findings);
}

function checkSharedLogins(manifest: Manifest, findings: Findings): void {
  const users = new Map<string, { readonly name: string; readonly path: ManifestPath }>();
  for (const section of ["people", "services", "agents"] as const) {
    for (const [name, identity] of Object.entries(manifest[section] ?? {})) {
      for (const [target, logins] of Object.entries(identity.logins ?? {})) {
        const path: ManifestPath = [section, name, "logins", target];
        for (const login of typeof logins === "string" ? [logins] : logins) {
          const other = users.get(`${target}\0${login}`);
          users.set(`${target}\0${login}`, { name, path });
          if (other === undefined) continue;
          const related = [{ message: `it is the login of \`${other.name}\` here`, path: other.path }];
          const help = "give each identity a login of its own: what one does cannot be told from what the other does";
          findings.add(
            "RW127",
            path,
            `\`${name}\` and \`${other.name}\` share the login \`${login}\` on \`${target}\``,
            { severity: "warning", related, help },
          );
        }
      }
    }
  }
}

function checkTests(manifest: Manifest, findings: Findings): void {
  for (const [index, test] of (manifest.tests ?? []).entries()) {
    const path: ManifestPath = ["tests", index];
    const both = test.statement !== undefined && test.privilege !== undefined;
    const neither = test.statement === undefined && test.privilege === undefined;
    if (both || neither) findings.add("RW128", path, "an access test says either `statement`, or `privilege` and `on`");
    else if ((test.privilege === undefined) !== (test.on === undefined)) {
      findings.add("RW128", path, "`privilege` and `on` belong together");
    }
  }
}

/** Cycles among declared memberships alone; those through memberships that only the database knows are found when resolving. */
function checkCycles(claims: Claims, findings: Findings): void {
  const rolesOf = new Map<RoleName, RoleName[]>();
  const edges: MembershipClaim[] = [];
  for (const claim of claims.memberships) {
    if (!claim.present) continue;
    if (claim.role === claim.member) {
      findings.add("RW204", claim.source.paths[0], `role \`${claim.role}\` is a member of itself`, {
        help: "take the line out",
      });
      continue;
    }
    edges.push(claim);
    const known = rolesOf.get(claim.member);
    if (known === undefined) rolesOf.set(claim.member, [claim.role]);
    else known.push(claim.role);
  }
  for (const { cycle, claim } of findCycles(rolesOf, edges)) {
    const way = cycle.map((role) => `\`${role}\``).join(" in ");
    findings.add("RW204", claim.source.paths[0], `role \`${claim.member}\` is a member of itself: ${way}`, {
      help: `take one of these memberships out, for instance \`${claim.role}\` from \`${claim.member}\``,
    });
  }
}
