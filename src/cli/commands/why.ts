import type { Path } from "../../analysis/access-delta.ts";
import { missingGates } from "../../analysis/access-lines.ts";
import { type Explanation, explainAccess } from "../../analysis/explain.ts";
import { EXIT } from "../../base/error.ts";
import { describeName, resourceKey, type Resource } from "../../model/resource.ts";
import type { Grantee, RoleName } from "../../model/role.ts";
import type { Action } from "../command-tree.ts";
import type { Item, Page } from "../output/page.ts";
import { pathDocument, resourceDocument } from "../questions/documents.ts";
import { type AccessSource, readSource } from "../questions/source.ts";
import { findPrivilege, findResource } from "../questions/what.ts";
import { findWho, type Who } from "../questions/who.ts";
import { pathText } from "../render/delta.ts";
import { counted, describeGrantee, describeOne } from "../render/words.ts";

/** Every shortest way by which somebody has a privilege, and what has to go to end it. Exit 1 when they do not have it. */
export const why: Action = async (context, input) => {
  const source = await readSource(context, input);
  const who = findWho(source, input.argument(0) ?? "");
  const privilege = findPrivilege(source, input.argument(1) ?? "");
  const resource = findResource(source, input.argument(2) ?? "", { privilege, input });
  const ways = who.roles.map((login): Ways => {
    const found = explainAccess(source.index, login, { privilege, resource }, { grantable: input.flag("grantable") });
    return { login, found: found ?? { paths: [], complete: true } };
  });
  const question = { who, privilege, resource };
  context.progress.clear();
  context.show(whyPage(source, question, ways), () => whyDocument(source, question, ways));
  return ways.some((each) => each.found.paths.length > 0) ? EXIT.done : EXIT.failed;
};

interface Ways {
  readonly login: Grantee;
  readonly found: Explanation;
}

interface Question {
  readonly who: Who;
  readonly privilege: string;
  readonly resource: Resource;
}

function whyPage(source: AccessSource, question: Question, ways: readonly Ways[]): Page {
  const what = `${question.privilege.toLowerCase()} on ${describeOne(question.resource)}`;
  const count = ways.reduce((sum, each) => sum + each.found.paths.length, 0);
  const items = ways.flatMap(({ login, found }) =>
    found.paths.map((path): Item => wayItem(source, question, login, path)),
  );
  const missing = ways.flatMap(({ login, found }) =>
    found.paths.length === 0
      ? []
      : missingGates(source.index, login, question.resource, true).map(
          (gate) =>
            `${describeGrantee(login)} lacks ${gate.privilege.toLowerCase()} on ${describeOne(gate.resource)}, without which it cannot be used by name`,
        ),
  );
  const cut = ways.some((each) => !each.found.complete);
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
    { kind: "section", title: "WAYS", items: items.length === 0 ? [{ text: "none" }] : items },
    ...(missing.length === 0
      ? []
      : [
          {
            kind: "section" as const,
            title: "BUT",
            items: missing.map((text): Item => ({ sign: "!", text, tone: "warn" })),
          },
        ]),
    {
      kind: "line",
      label: "SUMMARY",
      text:
        count === 0
          ? `${question.who.title} does not have ${what}`
          : `${question.who.title} has ${what} in ${counted(count, "way")}${cut ? " at least" : ""}; ${count === 1 ? "it ends when this one is cut" : "it ends only when every one is cut"}`,
    },
    {
      kind: "line",
      label: "NEXT",
      text: `rolewright graph --on ${describeName(question.who.identity?.name ?? question.who.roles[0] ?? "")} --out picture.html     draws it`,
    },
  ];
}

function wayItem(source: AccessSource, question: Question, login: Grantee, path: Path): Item {
  const steps = [describeGrantee(login), pathText(path)].join(" > ");
  return {
    sign: "-",
    text: steps,
    items: cutsOf(source, question, login, path).map((text): Item => ({ text: `to end it: ${text}` })),
  };
}

/** What can be removed to cut a way: each membership on it, or what is given at its end. */
function cutsOf(source: AccessSource, { privilege, resource }: Question, login: Grantee, path: Path): string[] {
  const chain = [login, ...path.roles];
  const memberships = chain
    .slice(1)
    .map((role, at) => `remove ${describeName(chain[at] ?? "")} from ${describeName(role)}`);
  const last = chain.at(-1) ?? login;
  return [...memberships, endOf(source, privilege, resource, last, path)];
}

function endOf(source: AccessSource, privilege: string, resource: Resource, holder: RoleName, path: Path): string {
  const what = `${privilege.toLowerCase()} on ${describeOne(resource)}`;
  switch (path.by) {
    case "grant": {
      const grantors =
        source.snapshot.access.holdings
          .get(resourceKey(resource))
          ?.list.entries.filter((entry) => entry.grantee === holder && entry.privileges.includes(privilege)) ?? [];
      const others =
        grantors.length > 1
          ? ` (given by ${grantors.map((entry) => describeName(entry.grantor)).join(" and by ")}: each copy has to go)`
          : "";
      return `revoke ${what} from ${describeGrantee(holder)}${others}`;
    }
    case "public":
      return `revoke ${what} from everybody (public)`;
    case "ownership":
      return `give ${describeOne(resource)} another owner than ${describeName(holder)}`;
    case "superuser":
    case "attribute":
      return `take the attribute from ${describeName(holder)}`;
    case "predefined":
      return `the server gives it to every member of ${describeName(holder)}: only the membership can go`;
    case "membership":
      return `take the admin option of ${describeName(holder)}`;
    case "default-privilege":
      return `change the default privileges that give it to ${describeName(holder)}`;
  }
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
    ways: ways.flatMap(({ login, found }) =>
      found.paths.map((path) => ({ login, ...pathDocument(path), to_end_it: cutsOf(source, question, login, path) })),
    ),
    complete: ways.every((each) => each.found.complete),
  };
}
