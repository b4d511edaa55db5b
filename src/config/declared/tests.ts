import type { DeclaredStatementTest, DeclaredTest } from "../../model/declared.ts";
import { RESOURCE_KINDS } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import { didYouMean } from "../did-you-mean.ts";
import type { AccessTestEntry } from "../manifest-judging.ts";
import type { ManifestPath } from "../source-file.ts";
import type { DeclaredContext } from "./declared.ts";
import { thingsOn } from "./things.ts";

/** The access tests about privileges that this target has to pass, with all names looked up. */
export function testsOf(context: DeclaredContext): readonly DeclaredTest[] {
  return (context.manifest.tests ?? []).flatMap((entry, index): DeclaredTest[] => {
    const test = testOf(context, entry, ["tests", index]);
    return test === null ? [] : [test];
  });
}

function testOf(context: DeclaredContext, entry: AccessTestEntry, path: ManifestPath): DeclaredTest | null {
  const { privilege, on, must, targets } = entry;
  if (privilege === undefined || on === undefined) return null;
  if (targets !== undefined && !targets.includes(context.target)) return null;
  const logins = loginsOf(context, entry, path);
  if (logins === null) return null;
  const wanted = privilegeOf(context, privilege, [...path, "privilege"]);
  if (wanted === null) return null;
  const resources = thingsOn(context, { on, privilege: wanted }, [...path, "on"]);
  if (resources.length === 0) return null;
  const location = context.locate(path);
  return {
    as: entry.as,
    logins,
    must,
    privilege: wanted,
    resources,
    over: entry.over ?? (must === "deny" ? "reachable" : "effective"),
    because: entry.because ?? null,
    ...(location === undefined ? {} : { location }),
  };
}

/** The access tests about statements, for the target's first database unless they say another. */
export function statementTestsOf(context: DeclaredContext): readonly DeclaredStatementTest[] {
  return (context.manifest.tests ?? []).flatMap((entry, index): DeclaredStatementTest[] => {
    const { statement, must, targets } = entry;
    if (statement === undefined) return [];
    if (targets !== undefined && !targets.includes(context.target)) return [];
    const path = ["tests", index];
    const logins = loginsOf(context, entry, path);
    if (logins === null) return [];
    const location = context.locate(path);
    const database = entry.database ?? context.live.identity.databases[0] ?? "";
    return [
      {
        as: entry.as,
        logins,
        must,
        statement,
        database,
        because: entry.because ?? null,
        ...(location === undefined ? {} : { location }),
      },
    ];
  });
}

/** The logins of an identity on this target, or the role itself. Null: there are none here, or the name means nobody, which is a finding. */
function loginsOf(context: DeclaredContext, entry: AccessTestEntry, path: ManifestPath): readonly RoleName[] | null {
  const { identities, roles, findings, target, manifest } = context;
  const identity = identities.find((each) => each.name === entry.as);
  if (identity !== undefined) {
    const logins = identity.logins.get(target) ?? [];
    if (logins.length > 0) return logins;
    if (entry.targets === undefined && identity.logins.size > 0) return null;
    findings.add("RW241", [...path, "as"], `\`${entry.as}\` has no login on \`${target}\` to test`, {
      help: "give it one, or limit the test with `targets`",
    });
    return null;
  }
  if (roles.has(entry.as)) return [entry.as];
  // A role of another target is tested there.
  if (entry.targets === undefined && Object.hasOwn(manifest.roles ?? {}, entry.as)) return null;
  const known = [...identities.map((each) => each.name), ...roles.keys()];
  findings.add("RW201", [...path, "as"], `there is no identity and no role \`${entry.as}\``, {
    help: didYouMean(entry.as, known),
  });
  return null;
}

function privilegeOf({ rules, findings }: DeclaredContext, text: string, path: ManifestPath): string | null {
  const name = text.trim().replaceAll(/\s+/gu, " ").toUpperCase();
  const known = RESOURCE_KINDS.flatMap((kind) => [...rules.privilegesOf(kind)]);
  if (known.includes(name)) return name;
  findings.add("RW203", path, `this server has no privilege \`${text}\``, { help: didYouMean(name, known) });
  return null;
}
