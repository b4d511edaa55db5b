import { useOf } from "../../analysis/access-lines.ts";
import { type Cut, cutsOf } from "../../analysis/cuts.ts";
import { type Explanation, explainAccess } from "../../analysis/explain.ts";
import { EXIT } from "../../base/error.ts";
import { describeName, resourceKey, type Resource } from "../../model/resource.ts";
import { PUBLIC, type Grantee, type RoleName } from "../../model/role.ts";
import type { Action } from "../command-spec.ts";
import type { Item, Page } from "../output/page.ts";
import { toCsv } from "../questions/csv.ts";
import { pathDocument, resourceDocument } from "../questions/documents.ts";
import { type ExplainedPath, explainedPath, wayDocument, wayText } from "../questions/ways.ts";
import { type AccessSource, askedAbout, readSource } from "../questions/source.ts";
import { findResource } from "../questions/find-resource.ts";
import { findPrivilege } from "../questions/what.ts";
import { findWho, type Who } from "../questions/who.ts";
import { pathText } from "../render/delta.ts";
import { counted, describeGrantee, describeOne } from "../render/words.ts";

/** Every shortest way by which somebody has a privilege, and what has to go to end it. Exit 1 when they do not have it. */
export const why: Action = async (context, input) => {
  const read = await readSource(context, input);
  const who = findWho(read, input.argument(0) ?? "");
  const privilege = findPrivilege(read, input.argument(1) ?? "");
  const resource = findResource(read, input.argument(2) ?? "", { privilege, input });
  const source = askedAbout(read, resource);
  const asked = { privilege, resource, grantable: input.flag("grantable") };
  const ways = who.roles.map((login): Ways => {
    const found = explainAccess(source.index, login, asked, asked) ?? { paths: [], complete: true };
    const paths = found.paths.map((path) => explainedPath(source.index, login, path, asked));
    return { login, found, paths, cuts: cutsOf(source.index, login, asked, found.paths, asked) };
  });
  const question = { who, ...asked };
  context.progress.clear();
  if (input.flag("csv")) context.write(toCsv(csvRows(ways)));
  else context.show(whyPage(source, question, ways), () => whyDocument(source, question, ways));
  return ways.some((each) => each.found.paths.length > 0) ? EXIT.done : EXIT.failed;
};

function csvRows(ways: readonly Ways[]): string[][] {
  return [
    ["login", "way", "set_role_needed"],
    ...ways.flatMap(({ login, paths }) =>
      paths.map((way) => [describeGrantee(login), wayText(way), String(way.path.needsSetRole)]),
    ),
  ];
}

interface Ways {
  readonly login: Grantee;
  readonly found: Explanation;
  readonly paths: readonly ExplainedPath[];
  readonly cuts: readonly Cut[];
}

interface Question {
  readonly who: Who;
  readonly privilege: string;
  readonly resource: Resource;
  readonly grantable: boolean;
}

function whyPage(source: AccessSource, question: Question, ways: readonly Ways[]): Page {
  const what = `${question.privilege.toLowerCase()} on ${describeOne(question.resource)}${question.grantable ? " with grant option" : ""}`;
  const paths = ways.flatMap(({ login, paths: each }) =>
    each.map((way): Item => ({ text: [describeGrantee(login), wayText(way)].join(" > ") })),
  );
  const missing = ways.flatMap(({ login, found }) =>
    found.paths.length === 0
      ? []
      : useOf(source.index, login, question).missing.map(
          (gate) =>
            `${describeGrantee(login)} lacks ${gate.privilege.toLowerCase()} on ${describeOne(gate.resource)}, without which it cannot be used by name`,
        ),
  );
  const cuts = ways.flatMap(({ login, cuts: each }) => each.map((cut) => cutItem(source, question, login, cut)));
  const sections: Page = [
    ...(missing.length === 0
      ? []
      : [
          {
            kind: "section" as const,
            title: "BUT",
            items: missing.map((text): Item => ({ sign: "!", text, tone: "warn" })),
          },
        ]),
    ...(cuts.length === 0
      ? []
      : [
          { kind: "section" as const, title: "TO END IT", note: "each was tried on what was read, alone", items: cuts },
        ]),
  ];
  return [
    {
      kind: "facts",
      facts: [
        { label: "target", value: source.title, bare: true },
        { label: "who", value: question.who.title, bare: true },
        { label: "what", value: what, bare: true },
        { label: "read", value: source.snapshot.takenAt },
      ],
    },
    { kind: "section", title: "SHORTEST WAYS", items: paths.length === 0 ? [{ text: "none" }] : paths },
    ...sections,
    { kind: "line", label: "SUMMARY", text: summary(question, what, ways) },
    {
      kind: "line",
      label: "NEXT",
      text: `rolewright graph --on ${describeName(question.who.identity?.name ?? question.who.roles[0] ?? "")} --out picture.html     draws it`,
    },
  ];
}

function summary(question: Question, what: string, ways: readonly Ways[]): string {
  const holding = ways.filter((each) => each.found.paths.length > 0);
  if (holding.length === 0) return `${question.who.title} does not have ${what}`;
  const more = holding.some((each) => !each.found.complete) ? ", and more that are not shown" : "";
  const single = holding.every((each) => each.cuts.some((cut) => cut.remaining === null));
  const count = holding.reduce((sum, each) => sum + each.found.paths.length, 0);
  return `${question.who.title} has ${what}, by ${counted(count, "shortest way")}${more}; ${single ? "one cut ends it" : "no single cut ends it"}`;
}

function cutItem(source: AccessSource, question: Question, login: Grantee, cut: Cut): Item {
  const left =
    cut.remaining === null
      ? "ends it"
      : `not enough alone: ${[describeGrantee(login), pathText(cut.remaining)].join(" > ")} is left`;
  return { sign: cut.remaining === null ? "-" : " ", text: `${cutText(source, question, cut)}: ${left}` };
}

function cutText(source: AccessSource, { privilege, resource }: Question, cut: Cut): string {
  if (cut.kind === "membership") return `remove ${describeName(cut.member)} from ${describeName(cut.role)}`;
  if (cut.kind === "grant") {
    const given = `${cut.privilege.toLowerCase()} on ${describeOne(cut.resource)}`;
    if (cut.grantee === PUBLIC) return `revoke ${given} from everybody (public)`;
    return `revoke ${given} from ${describeGrantee(cut.grantee)}${copies(source, cut.grantee, cut.privilege, cut.resource)}`;
  }
  const what = `${privilege.toLowerCase()} on ${describeOne(resource)}`;
  const holder = describeGrantee(cut.role);
  switch (cut.by) {
    case "grant":
    case "public":
      return `take ${what} from ${holder}`;
    case "ownership":
      return `give ${describeOne(resource)} another owner than ${holder}`;
    case "superuser":
    case "attribute":
      return `take the attribute from ${holder}`;
    case "predefined":
      return `nothing can be taken from ${holder}, which is built into the server: only memberships`;
    case "membership":
      return `take the admin option from ${holder}`;
    case "default-privilege":
      return `change the default privileges that give it to ${holder}`;
  }
}

/** Each grantor's copy has to be revoked on its own. */
function copies(source: AccessSource, holder: RoleName, privilege: string, resource: Resource): string {
  const entries = source.snapshot.access.holdings.get(resourceKey(resource))?.list.entries ?? [];
  const grantors = entries
    .filter((entry) => entry.grantee === holder && entry.privileges.includes(privilege))
    .map((entry) => describeName(entry.grantor));
  return grantors.length > 1 ? ` (given by ${grantors.join(" and by ")}: each copy)` : "";
}

function whyDocument(
  source: AccessSource,
  question: Question,
  ways: readonly Ways[],
): Readonly<Record<string, unknown>> {
  return {
    target: source.title,
    read_at: source.snapshot.takenAt,
    who: question.who.title,
    privilege: question.privilege,
    resource: resourceDocument(question.resource),
    has: ways.some((each) => each.found.paths.length > 0),
    ways: ways.flatMap(({ login, paths }) => paths.map((way) => ({ login, ...wayDocument(way) }))),
    cuts: ways.flatMap(({ login, cuts }) =>
      cuts.map((cut) => ({
        login,
        text: cutText(source, question, cut),
        ends_it: cut.remaining === null,
        remaining: cut.remaining === null ? null : pathDocument(cut.remaining),
      })),
    ),
    complete: ways.every((each) => each.found.complete),
  };
}
