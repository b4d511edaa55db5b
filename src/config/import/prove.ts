import { RolewrightError } from "../../base/error.ts";
import { compareText } from "../../base/order.ts";
import { accessList, type AccessList } from "../../model/access-list.ts";
import type { AccessState, DefaultPrivilege, Holding } from "../../model/access-state.ts";
import { describeName, describeResource, type ResourceKind } from "../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { StateRules } from "../../model/state-rules.ts";
import { type LoadedManifest, parseManifestSources } from "../load.ts";
import { resolveManifest } from "../resolve.ts";
import type { ImportedFile } from "./import.ts";
import { withWholeClaim } from "./whole-claim.ts";

/**
 * Reads imported files back and resolves them, against the state that they were made from: they must change nothing, neither as they are nor if they claimed
 * everything about their roles and about everybody. Throws RW235 with what is wrong; nothing may be written then.
 */
export function proveImport(
  files: readonly ImportedFile[],
  target: string,
  live: { readonly snapshot: Snapshot; readonly rules: StateRules },
): void {
  const { snapshot, rules } = live;
  const loaded = parseManifestSources(files);
  const resolved = (manifest: LoadedManifest): AccessState => {
    const { desired, findings } = resolveManifest(manifest, target, snapshot, rules);
    const errors = [...manifest.findings, ...findings].filter((finding) => finding.severity === "error");
    if (errors.length > 0) throw disproved(errors.map((finding) => finding.message));
    return desired;
  };
  const check = (differences: readonly string[]): void => {
    if (differences.length > 0) throw disproved(differences);
  };
  check(differences(resolved(loaded), snapshot.access, (list) => list));
  check(differences(resolved(withWholeClaim(loaded)), snapshot.access, (list) => list));
  // Silence keeps what the server gives everybody by itself, so whether it stays is not a question here.
  const beyondBuiltin = (list: AccessList, kind: ResourceKind, owner: RoleName): AccessList => {
    const builtin = rules.builtinList(kind, owner).entries.filter((entry) => entry.grantee === PUBLIC);
    return accessList(
      list.entries.map((entry) => {
        const given = builtin.find((one) => one.grantee === entry.grantee && one.grantor === entry.grantor);
        const beyond = (privileges: readonly string[]): string[] =>
          privileges.filter((one) => !given?.privileges.includes(one));
        return given === undefined
          ? entry
          : { ...entry, privileges: beyond(entry.privileges), grantable: beyond(entry.grantable) };
      }),
    );
  };
  check(differences(resolved(withWholeClaim(loaded, "everybody")), snapshot.access, beyondBuiltin));
}

function disproved(details: readonly string[]): RolewrightError {
  const [first] = details;
  return new RolewrightError(
    "RW235",
    `the imported files do not say exactly what the database holds: ${first ?? "unknown"}`,
    {
      help: "nothing was written; this is a defect of ours, please report it with the details",
      details: { differences: details.slice(0, 100) },
    },
  );
}

/** Where two states differ, in words. The lists are compared as `normal` leaves them. */
function differences(
  desired: AccessState,
  live: AccessState,
  normal: (list: AccessList, kind: ResourceKind, owner: RoleName) => AccessList,
): readonly string[] {
  if (desired === live) return [];
  const list = (one: Holding): string => normal(one.list, one.resource.kind, one.owner ?? "").id;
  const promise = (one: DefaultPrivilege): string =>
    (one.schema === null ? normal(one.list, one.kind, one.creator) : one.list).id;
  const inSchema = (one: DefaultPrivilege): string => (one.schema === null ? "" : ` in ${describeName(one.schema)}`);
  return [
    ...changed(desired.roles, live.roles, plain).map((one) => `role ${describeName(one.name)}`),
    ...changed(desired.memberships, live.memberships, plain).map(
      (one) => `membership of ${describeName(one.member)} in ${describeName(one.role)}`,
    ),
    ...changed(
      desired.holdings,
      live.holdings,
      (one) => `${one.owner ?? ""}\0${list(one)}\0${plain(one.rowSecurity)}`,
    ).map((one) => `${one.resource.kind} ${describeResource(one.resource)}`),
    ...changed(desired.defaultPrivileges, live.defaultPrivileges, promise).map(
      (one) => `default privileges of ${describeName(one.creator)} on every ${one.kind}${inSchema(one)}`,
    ),
    ...changed(desired.rowPolicies, live.rowPolicies, plain).map(
      (one) => `row policy ${describeName(one.name)} of ${describeResource(one.table)}`,
    ),
  ].sort(compareText);
}

function changed<K, V>(left: ReadonlyMap<K, V>, right: ReadonlyMap<K, V>, value: (one: V) => string): readonly V[] {
  const found: V[] = [];
  for (const [key, one] of left) {
    const other = right.get(key);
    if (one !== other && (other === undefined || value(one) !== value(other))) found.push(one);
  }
  for (const [key, one] of right) if (!left.has(key)) found.push(one);
  return found;
}

/** Both sides come from one snapshot, so equal values have their fields in equal order. */
function plain(value: unknown): string {
  return JSON.stringify(value) ?? "";
}
