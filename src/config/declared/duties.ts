import type { Duty, DutyPart } from "../../model/declared.ts";
import { didYouMean } from "../did-you-mean.ts";
import { parseGrantText } from "../grant-text.ts";
import type { DutyEntry } from "../manifest-judging.ts";
import { Findings } from "../report.ts";
import type { ManifestPath } from "../source-file.ts";
import type { DeclaredContext } from "./declared.ts";
import { thingsOn } from "./things.ts";

/** The duties of the manifest, with what each is on this target. What a part without `targets` names may well be on another one: it is only an error where there is no other. */
export function dutiesOf(context: DeclaredContext): ReadonlyMap<string, Duty> {
  const duties = Object.entries(context.manifest.duties ?? {}).map(([name, entries]): readonly [string, Duty] => {
    const location = context.locate(["duties", name]);
    const parts = entries.flatMap((entry, index) => partOf(context, entry, ["duties", name, index]));
    return [name, { name, parts, ...(location === undefined ? {} : { location }) }];
  });
  return new Map(duties);
}

function partOf(context: DeclaredContext, entry: DutyEntry, path: ManifestPath): readonly DutyPart[] {
  const targets = typeof entry === "string" ? undefined : entry.targets;
  if (targets !== undefined && !targets.includes(context.target)) return [];
  const here = targets !== undefined || Object.keys(context.manifest.targets ?? {}).length <= 1;
  const told = here ? context.findings : new Findings(context.locate);
  if (typeof entry !== "string" && "role" in entry) return rolePart({ ...context, findings: told }, entry.role, path);
  const text = typeof entry === "string" ? entry : entry.grant;
  return grantPart(context, text, { path: typeof entry === "string" ? path : [...path, "grant"], told });
}

function rolePart({ roles, findings }: DeclaredContext, role: string, path: ManifestPath): readonly DutyPart[] {
  if (roles.has(role)) return [{ kind: "role", role }];
  findings.add("RW165", [...path, "role"], `there is no role \`${role}\` that could have this duty`, {
    help: didYouMean(role, [...roles.keys()]),
  });
  return [];
}

function grantPart(
  context: DeclaredContext,
  text: string,
  { path, told }: { readonly path: ManifestPath; readonly told: Findings },
): readonly DutyPart[] {
  const parsed = parseGrantText(text);
  if (!parsed.ok) {
    const { message, help } = parsed.error;
    context.findings.add("RW115", path, message, { help, range: parsed.error });
    return [];
  }
  const { privileges, columns, on } = parsed.value;
  const about = text.slice(text.search(/\son\s/iu) + 3).trim();
  const resources = thingsOn(
    { ...context, findings: told },
    { on: about, ...(columns === null ? {} : { columns }) },
    path,
  );
  if (resources.length === 0) return [];
  const known = context.rules.privilegesOf(columns === null ? on.kind : "column");
  const wanted = privileges.includes("ALL") ? known : privileges;
  const unknown = wanted.find((privilege) => !known.includes(privilege));
  if (unknown === undefined) return [{ kind: "privilege", privileges: wanted, resources, text }];
  told.add("RW203", path, `a ${on.kind} has no privilege \`${unknown}\` on this server`, {
    help: didYouMean(unknown, known),
  });
  return [];
}
