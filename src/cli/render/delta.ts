import type { AccessDelta, AccessFact, DeltaLine, Path, Subject } from "../../analysis/access-delta.ts";
import type { Covered } from "../../analysis/covered.ts";
import { describeName } from "../../model/resource.ts";
import { escapeLine } from "../output/escape.ts";
import type { Item, Row, SectionBlock, TableBlock } from "../output/page.ts";
import {
  counted,
  describeOne,
  describePrivileges,
  describeResources,
  listNames,
  pluralKind,
  thousands,
} from "./words.ts";

/** How much of the delta is written out. */
export interface DeltaView {
  /** Every object and every path. @default false */
  readonly detail: boolean;
}

const PATHS_SHOWN = 2;
const SUBJECTS_SHOWN = 12;

/** `WHO LOSES`: by whom, what, and by way of what they had it. */
export function lossTable(delta: AccessDelta, view: DeltaView): TableBlock {
  return {
    kind: "table",
    title: "WHO LOSES",
    columns: ["WHO LOSES", "what", "by way of"],
    rows: shownLines(delta.losses, view).flatMap((line) => rowsOf(line, "-", view)),
    empty: "nobody",
  };
}

/** `WHO GAINS`, likewise. */
export function gainTable(delta: AccessDelta, view: DeltaView): TableBlock {
  return {
    kind: "table",
    title: "WHO GAINS",
    columns: ["WHO GAINS", "what", "by way of"],
    rows: shownLines(delta.gains, view).flatMap((line) => rowsOf(line, "+", view)),
    empty: "nobody",
  };
}

/** Who becomes or stops being a superuser gains or loses everything: one line says it, and the rest of it is shown only in detail; so is what comes or goes with what it lies in. */
function shownLines(lines: readonly DeltaLine[], view: DeltaView): readonly DeltaLine[] {
  if (view.detail) return lines;
  const everything = new Set(
    lines.flatMap((line) =>
      line.what.kind === "attribute" && line.what.name === "superuser" ? line.subjects.map((s) => s.login) : [],
    ),
  );
  const follows = (line: DeltaLine): boolean =>
    line.paths.every((path) => path.by === "superuser" && !path.needsSetRole) &&
    line.subjects.every((s) => everything.has(s.login));
  return lines.filter((line) => line.covered !== true && !follows(line));
}

/** `UNKNOWN`: what could not be read, so that nothing is claimed about it. */
export function unknownSection(delta: AccessDelta): SectionBlock {
  const items = delta.unknowns.map(
    (unknown): Item => ({
      sign: "?",
      tone: "warn",
      text: `${escapeLine(unknown.subject)}: ${escapeLine(unknown.reason)}. What it would show is unknown, not absent`,
      ...(unknown.help === undefined ? {} : { help: escapeLine(unknown.help) }),
    }),
  );
  return { kind: "section", title: "UNKNOWN", items: items.length === 0 ? [{ text: "  nothing" }] : items };
}

function rowsOf(line: DeltaLine, sign: "+" | "-", view: DeltaView): Row[] {
  const names = line.subjects.map(subjectName);
  const who = view.detail ? names.join(", ") : listNames(names, SUBJECTS_SHOWN);
  const paths = view.detail ? line.paths : line.paths.slice(0, PATHS_SHOWN);
  const more = line.paths.length - paths.length;
  const way = paths.map(pathText).join("; ") + (more > 0 ? `; and ${more} more` : "");
  const tone = sign === "-" ? "remove" : "add";
  const row: Row = {
    sign,
    tone,
    cells: [who, whatText(line, view), way],
  };
  return view.detail
    ? [row, ...objectsOf(line.what).map((object): Row => ({ cells: ["", `  ${object}`, ""] }))]
    : [row];
}

function whatText(line: DeltaLine, view: DeltaView): string {
  const covers = view.detail ? "" : coversText(line.covers ?? []);
  return `${factText(line.what)}${covers}${line.afterSetRole === true ? " without set role" : ""}`;
}

/** `, and with it on 14 tables`: what is held along with what it lies in. */
export function coversText(covers: readonly Covered[]): string {
  // What stands for all that is in a schema says nothing beside the schema itself.
  const parts = covers
    .filter((each) => each.resourceKind !== "schema-tables" && each.resourceKind !== "schema-routines")
    .map(({ resourceKind, privileges, count }) => {
      const what = privileges === null ? "" : `${describePrivileges(privileges)} `;
      return `${what}on ${counted(count, resourceKind.replaceAll("-", " "), pluralKind(resourceKind))}`;
    });
  if (parts.length === 0) return "";
  return `, and with it ${parts.length === 1 ? parts[0] : `${parts.slice(0, -1).join(", ")} and ${parts.at(-1)}`}`;
}

/** A subject by the name that people know: the identity; with its kind where the name alone could be mistaken for a login of somebody. */
export function subjectName(subject: Subject): string {
  switch (subject.kind) {
    case "public":
      return "everybody (public)";
    case "role":
      return `${describeName(subject.name)} (role)`;
    case "person":
    case "service":
    case "agent":
    case "login":
      return describeName(subject.name);
  }
}

/** `select on sales.orders`, `truncate on 14 tables in sales`, `admin of app_rw`. */
export function factText(fact: AccessFact): string {
  switch (fact.kind) {
    case "privilege": {
      const option = fact.grantable ? " with grant option" : "";
      if (fact.future !== undefined) {
        const where = fact.future.schema === null ? "" : ` in ${describeName(fact.future.schema)}`;
        return `${describePrivileges(fact.privileges)} on future ${pluralKind(fact.resourceKind)}${where} made by ${describeName(fact.future.creator)}${option}`;
      }
      const what = `${describePrivileges(fact.privileges)} on ${describeResources(fact.resources)}`;
      const kept = fact.columnsKept === undefined ? "" : `, keeping ${describeResources(fact.columnsKept)}`;
      const behind = fact.behind === undefined ? "" : `, and so ${counted(fact.behind, "object")} in it`;
      return fact.onlyGrantOption === true ? `grant option for ${what}` : `${what}${option}${kept}${behind}`;
    }
    case "ownership":
      return `ownership of ${describeResources(fact.resources)}`;
    case "attribute":
      if (fact.name === "superuser") return "superuser: everything";
      return fact.name === "login" ? "being able to log in" : escapeLine(fact.name);
    case "admin":
      return `admin of ${describeName(fact.role)}`;
    case "member":
      return `what members of ${describeName(fact.role)} may do`;
    case "rows":
      if (fact.policies.length === 0) return `rows of ${describeOne(fact.table)} (row security itself)`;
      return `rows of ${describeOne(fact.table)} that ${fact.policies.map(describeName).join(", ")} ${fact.policies.length === 1 ? "shows" : "show"}`;
  }
}

function objectsOf(fact: AccessFact): string[] {
  const resources = fact.kind === "privilege" || fact.kind === "ownership" ? fact.resources : [];
  return resources.length > 1 ? resources.map((resource) => escapeLine(describeOne(resource))) : [];
}

const ENDINGS: Readonly<Record<Path["by"], string>> = {
  grant: "a grant to itself",
  ownership: "owner",
  public: "everybody (public)",
  predefined: "predefined role",
  superuser: "superuser",
  "default-privilege": "default privileges",
  attribute: "an attribute of its own",
  membership: "admin option",
};

/** `analysts > reporting_ro`: the roles walked through; what gives the access is said where it is not simply a grant. */
export function pathText(path: Path): string {
  const roles = path.roles.map(describeName);
  const ending = path.by === "grant" || path.by === "predefined" ? "" : ENDINGS[path.by];
  const steps = roles.length === 0 ? [ENDINGS[path.by]] : ending === "" ? roles : [...roles, ending];
  return `${steps.join(" > ")}${path.needsSetRole ? " (after set role)" : ""}`;
}

/** Distinct identities and logins of delta lines by name, in the order of the lines: those that are counted. Roles that nobody logs in as, and everybody as such, are shown and not counted. */
export function subjectNames(lines: readonly DeltaLine[]): string[] {
  const people = lines.flatMap((line) => line.subjects.filter(({ kind }) => kind !== "role" && kind !== "public"));
  return [...new Set(people.map(subjectName))];
}

/** `5 identities lose access: svc_billing, tom, alice and 2 more`. */
export function subjectsSummary(count: number, lines: readonly DeltaLine[], verb: readonly [string, string]): string {
  if (count === 0) return `nobody ${verb[0]}`;
  const who = `${thousands(count)} ${count === 1 ? "identity" : "identities"} ${count === 1 ? verb[0] : verb[1]}`;
  return `${who}: ${listNames(subjectNames(lines), 10)}`;
}
