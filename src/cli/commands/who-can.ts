import { type Use, useOf } from "../../analysis/access-lines.ts";
import { explainAccess } from "../../analysis/explain.ts";
import { EXIT } from "../../base/error.ts";
import { describeName, type Resource } from "../../model/resource.ts";
import { PUBLIC, type Grantee } from "../../model/role.ts";
import type { Action } from "../command-spec.ts";
import type { Page, Row } from "../output/page.ts";
import { toCsv } from "../questions/csv.ts";
import { resourceDocument } from "../questions/documents.ts";
import { type AccessSource, askedAbout, readSource } from "../questions/source.ts";
import { findResource } from "../questions/find-resource.ts";
import { findPrivilege } from "../questions/what.ts";
import { type ExplainedPath, explainedPath, wayDocument, wayText } from "../questions/ways.ts";
import { ownerOfLogin } from "../questions/who.ts";
import { counted, describeGrantee, describeOne } from "../render/words.ts";

/** Everybody who holds a privilege on a resource, how, and whether they can use it. */
export const whoCan: Action = async (context, input) => {
  const read = await readSource(context, input);
  const privilege = findPrivilege(read, input.argument(0) ?? "");
  const resource = findResource(read, input.argument(1) ?? "", { privilege, input });
  const source = askedAbout(read, resource);
  const question = { privilege, resource, grantable: input.flag("grantable") };
  const holders = findHolders(source, question);
  context.progress.clear();
  if (input.flag("csv")) context.write(toCsv(csvRows(holders)));
  else
    context.show(whoCanPage(source, question, holders, input.flag("roles")), () =>
      whoCanDocument(source, question, holders),
    );
  return EXIT.done;
};

interface Question {
  readonly privilege: string;
  readonly resource: Resource;
  readonly grantable: boolean;
}

interface Holder {
  readonly role: Grantee;
  /** The identity whose login it is. */
  readonly identity: string | null;
  readonly canLogIn: boolean;
  readonly way: ExplainedPath;
  readonly use: Use;
}

function findHolders(source: AccessSource, { privilege, resource, grantable }: Question): Holder[] {
  const { index, snapshot } = source;
  const found = index.whoCan(privilege, resource, { grantable, reachable: true });
  const names: Grantee[] = [...(found?.everybody === true ? [PUBLIC] : []), ...(found?.roles ?? [])];
  return names.flatMap((role): Holder[] => {
    const [path] = explainAccess(index, role, { privilege, resource }, { grantable, limit: 1 })?.paths ?? [];
    if (path === undefined) return [];
    const canLogIn = snapshot.access.roles.get(role)?.attributes["login"] === true;
    const use = useOf(index, role, { privilege, resource });
    const way = explainedPath(index, role, path, { privilege, resource, grantable });
    return [{ role, identity: ownerOfLogin(source, role)?.title ?? null, canLogIn, way, use }];
  });
}

function whoCanPage(source: AccessSource, question: Question, holders: readonly Holder[], allRoles: boolean): Page {
  const shown = holders.filter((holder) => holder.canLogIn || holder.role === PUBLIC || allRoles);
  const groups = holders.length - shown.length;
  const logins = holders.filter((holder) => holder.canLogIn);
  const usable = logins.filter((holder) => holder.use.usable);
  const what = `${question.privilege.toLowerCase()} on ${describeOne(question.resource)}${question.grantable ? " with grant option" : ""}`;
  return [
    {
      kind: "facts",
      facts: [
        { label: "target", value: source.title, bare: true },
        { label: "what", value: what, bare: true },
        { label: "read", value: source.snapshot.takenAt },
      ],
    },
    {
      kind: "table",
      title: "WHO CAN",
      columns: ["WHO CAN", "login", "by way of"],
      rows: shown.map(holderRow),
      empty: "nobody",
    },
    {
      kind: "line",
      label: "SUMMARY",
      text: `${counted(usable.length, "login")} can use it${usable.length === logins.length ? "" : `, ${logins.length - usable.length} more lack something else`}${groups === 0 ? "" : `; ${counted(groups, "role")} that cannot log in ${groups === 1 ? "holds" : "hold"} it too (--roles lists them)`}`,
    },
    {
      kind: "line",
      label: "NEXT",
      text: "rolewright why WHO PRIVILEGE RESOURCE     shows every way, and what to remove to end it",
    },
  ];
}

function holderRow(holder: Holder): Row {
  const missing = holder.use.missing.map(
    (gate) => `not usable: lacks ${gate.privilege.toLowerCase()} on ${describeOne(gate.resource)}`,
  );
  const name = holder.identity ?? describeGrantee(holder.role);
  return {
    ...(holder.use.usable ? {} : { sign: "!" }),
    cells: [
      name,
      holder.role === PUBLIC ? "" : describeName(holder.role),
      [wayText(holder.way), ...missing].join("; "),
    ],
  };
}

function csvRows(holders: readonly Holder[]): string[][] {
  return [
    ["identity", "role", "can_log_in", "way", "set_role_needed", "usable"],
    ...holders.map((h) => [
      h.identity ?? "",
      describeGrantee(h.role),
      String(h.canLogIn),
      wayText(h.way),
      String(h.way.path.needsSetRole),
      String(h.use.usable),
    ]),
  ];
}

function whoCanDocument(
  source: AccessSource,
  question: Question,
  holders: readonly Holder[],
): Readonly<Record<string, unknown>> {
  return {
    target: source.title,
    read_at: source.snapshot.takenAt,
    privilege: question.privilege,
    grantable: question.grantable,
    resource: resourceDocument(question.resource),
    holders: holders.map((holder) => ({
      role: holder.role === PUBLIC ? null : holder.role,
      public: holder.role === PUBLIC,
      identity: holder.identity,
      can_log_in: holder.canLogIn,
      path: wayDocument(holder.way),
      usable: holder.use.usable,
      missing: holder.use.missing.map((gate) => ({
        privilege: gate.privilege,
        resource: resourceDocument(gate.resource),
      })),
    })),
    unknown: source.snapshot.unknowns,
  };
}
