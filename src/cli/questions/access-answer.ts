import { mayDoEverything } from "../../analysis/access-index.ts";
import { type AccessLine, accessLines } from "../../analysis/access-lines.ts";
import { administers, administrationText } from "../../analysis/administrators.ts";
import { describeName, type Resource, resourceKey } from "../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../model/role.ts";
import type { Input } from "../input.ts";
import type { Page, Row } from "../output/page.ts";
import { coversText } from "../render/delta.ts";
import { counted, describeGrantee, describeOne, describePrivileges, describeResources } from "../render/words.ts";
import { resourceDocument } from "./documents.ts";
import type { AccessSource } from "./source.ts";
import { kindsAsked, resourceFilter } from "./what.ts";
import { wayDocument, wayText, withSources } from "./ways.ts";
import type { Who } from "./who.ts";

/** What one login can do. */
export interface Answer {
  readonly login: RoleName;
  readonly canLogIn: boolean;
  /** Attributes that let it do what no access list shows, the most dangerous first. */
  readonly attributes: readonly string[];
  /** It holds all that it takes to administer the server. */
  readonly administrator: boolean;
  /** A superuser's access is everything, and listed only where `--on` narrows it. */
  readonly everything: boolean;
  readonly lines: readonly AccessLine[];
}

/** What a login can do, narrowed by the options of the command. */
export function answerFor(source: AccessSource, login: RoleName, input: Input): Answer {
  const { index, snapshot } = source;
  const role = snapshot.access.roles.get(login);
  const everything = mayDoEverything(index, login);
  const on = input.text("on");
  const kinds = kindsAsked(input);
  // What the server brings along is everybody's and says nothing about this role; ask for it with `--on`.
  const isOurs = (resource: Resource): boolean => snapshot.catalog.entries.get(resourceKey(resource))?.system !== true;
  const matches = on === null ? isOurs : resourceFilter(on);
  return {
    login,
    canLogIn: role?.attributes["login"] === true,
    attributes: index.rules.attributes
      .map((each) => each.name)
      .filter((name) => name !== "login" && role?.attributes[name] === true),
    administrator: administers(index, login),
    everything,
    lines:
      everything && on === null
        ? []
        : accessLines(index, login, { matches, ...(kinds === null ? {} : { kinds: new Set(kinds) }) }),
  };
}

/** The answers about one target, for a person. */
export function accessPage(source: AccessSource, who: Who, answers: readonly Answer[], detail: boolean): Page {
  const everything = answers.some((each) => each.everything);
  const notes = answers.flatMap((each) => [
    ...(each.attributes.length === 0 ? [] : [`${describeGrantee(each.login)} has ${each.attributes.join(", ")}`]),
    ...(each.administrator
      ? [`${describeGrantee(each.login)} is an administrator: it holds ${administrationText(source.index.rules) ?? ""}`]
      : []),
    ...(each.canLogIn || each.login === PUBLIC ? [] : [cannotLogIn(source, each.login)]),
  ]);
  const resources = new Set(answers.flatMap((each) => each.lines.flatMap((line) => line.resources.map(resourceKey))));
  return [
    {
      kind: "facts",
      facts: [
        { label: "target", value: source.title, bare: true },
        { label: "who", value: who.title, bare: true },
        { label: "logins", value: who.roles.map(describeGrantee).join(", ") },
        { label: "read", value: source.snapshot.takenAt },
      ],
    },
    {
      kind: "table",
      title: "CAN",
      columns: ["CAN", "on", "by way of"],
      rows: answers.flatMap((each) =>
        each.lines
          .filter((line) => detail || line.covered !== true)
          .flatMap((line) => lineRows(source, line, { several: answers.length > 1, detail })),
      ),
      empty: everything ? "everything, as a superuser; narrow it with --on" : "nothing",
    },
    ...(notes.length === 0
      ? []
      : [{ kind: "section" as const, title: "ALSO", items: notes.map((text) => ({ sign: "!", text })) }]),
    {
      kind: "line",
      label: "SUMMARY",
      text: everything
        ? `${who.title} may do everything`
        : `${who.title} holds something on ${counted(resources.size, "resource")}`,
    },
    {
      kind: "line",
      label: "NEXT",
      text: "rolewright why WHO PRIVILEGE RESOURCE     shows every way, and what to remove to end it",
    },
  ];
}

function cannotLogIn({ snapshot }: AccessSource, role: RoleName): string {
  const used = [...snapshot.access.memberships.values()].some((each) => each.role === role);
  return `${describeGrantee(role)} cannot log in${used ? ": its members use this" : ""}`;
}

function lineRows(
  { index }: AccessSource,
  line: AccessLine,
  { several, detail }: { readonly several: boolean; readonly detail: boolean },
): Row[] {
  // Where the right to pass on is a privilege of its own, its name says it.
  const named = line.privileges.some((each) => index.rules.privilegeClass(line.resourceKind, each) === "pass on");
  const options =
    line.grantable.length === 0 || named
      ? ""
      : line.grantable.length === line.privileges.length
        ? " with grant option"
        : ` (with grant option: ${describePrivileges(line.grantable)})`;
  const missing = line.use.missing.map(
    (gate) => `not usable: lacks ${gate.privilege.toLowerCase()} on ${describeOne(gate.resource)}`,
  );
  const way = [
    ...(several ? [`as ${describeName(line.login)}`] : []),
    wayText(withSources(index, line.login, line.path, line.sources)),
    ...missing,
  ].join("; ");
  const covers = detail ? "" : coversText(line.covers ?? []);
  const row: Row = {
    ...(line.use.usable ? {} : { sign: "!" }),
    cells: [`${describePrivileges(line.privileges)}${options}`, `${describeResources(line.resources)}${covers}`, way],
  };
  const objects = detail && line.resources.length > 1 ? line.resources : [];
  return [row, ...objects.map((resource): Row => ({ cells: ["", `  ${describeOne(resource)}`, ""] }))];
}

/** The answers about one target as rows, with a heading. */
export function csvRows({ index }: AccessSource, answers: readonly Answer[]): string[][] {
  const rows = [["login", "privilege", "grantable", "kind", "resource", "way", "set_role_needed", "usable"]];
  for (const each of answers) {
    for (const line of each.lines) {
      for (const resource of line.resources) {
        for (const privilege of line.privileges) {
          rows.push([
            each.login,
            privilege.toLowerCase(),
            String(line.grantable.includes(privilege)),
            resource.kind,
            describeOne(resource),
            wayText(withSources(index, line.login, line.path, line.sources)),
            String(line.path.needsSetRole),
            String(line.use.usable),
          ]);
        }
      }
    }
  }
  return rows;
}

/** The answers about one target as a document. */
export function accessDocument(
  source: AccessSource,
  who: Who,
  answers: readonly Answer[],
): Readonly<Record<string, unknown>> {
  return {
    target: source.title,
    who: who.title,
    read_at: source.snapshot.takenAt,
    logins: answers.map((each) => ({
      login: each.login,
      can_log_in: each.canLogIn,
      attributes: each.attributes,
      administrator: each.administrator,
      everything: each.everything,
      access: each.lines.map((line) => ({
        kind: line.resourceKind,
        privileges: line.privileges,
        grantable: line.grantable,
        path: wayDocument(withSources(source.index, line.login, line.path, line.sources)),
        ...(line.covered === true ? { covered: true } : {}),
        usable: line.use.usable,
        missing: line.use.missing.map((gate) => ({
          privilege: gate.privilege,
          resource: resourceDocument(gate.resource),
        })),
        resources: line.resources.map(resourceDocument),
      })),
    })),
    unknown: source.snapshot.unknowns,
  };
}
