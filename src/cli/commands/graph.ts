import { resolve } from "node:path";
import { explainAccess } from "../../analysis/explain.ts";
import { EXIT } from "../../base/error.ts";
import { type AccessQuestion, recordedGrants, sourcesOfPath } from "../../analysis/sources.ts";
import { compareBy, compareText, sorted } from "../../base/order.ts";
import { compareResources, resourceKey, type Resource } from "../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../model/role.ts";
import type { Drawing, DrawingOptions } from "../../report/graph/drawing.ts";
import { writeFileDurably } from "../../store/files/write-durably.ts";
import type { Action } from "../command-spec.ts";
import type { Input } from "../input.ts";
import { type AccessSource, readSource } from "../questions/source.ts";
import { findResource } from "../questions/find-resource.ts";
import { findPrivilege, unnamedKind } from "../questions/what.ts";
import { findWho } from "../questions/who.ts";
import { usageError } from "../usage.ts";

const FORMATS = ["svg", "html", "dot", "mermaid"] as const;
type Format = (typeof FORMATS)[number];

const MANY_ROLES = 60;

/** Draws who is what and who holds what: around one person, role or resource, or everything; or the heat map of roles by schemas. */
export const graph: Action = async (context, input) => {
  const format = formatOf(input);
  const source = await readSource(context, input);
  const roles = source.snapshot.access.roles.size;
  if (roles > MANY_ROLES && input.text("on") === null && !input.flag("heat-map")) {
    const text = `all ${roles} roles make a large picture; \`--on NAME\` draws one person, role or table with what is around it, and \`--heat-map\` all of them as a table`;
    context.tell([{ kind: "line", label: "NOTE", text }]);
  }
  context.progress.step("drawing");
  const text = input.flag("heat-map") ? await heatMapText(source, format) : await drawingText(source, input, format);
  context.progress.clear();
  const out = input.text("out");
  if (out === null) context.write(text);
  else await writeFileDurably(resolve(context.cwd, out), text);
  return EXIT.done;
};

/** `--format`, or what the name of the output file says, or SVG. */
function formatOf(input: Input): Format {
  const asked =
    input.text("format") ??
    /\.(svg|html|dot|mmd)$/.exec(input.text("out") ?? "")?.[1]?.replace("mmd", "mermaid") ??
    "svg";
  const format = FORMATS.find((each) => each === asked);
  if (format === undefined)
    throw usageError("RW004", `there is no format \`${asked}\``, `the formats are ${FORMATS.join(", ")}`);
  return format;
}

async function drawingText(source: AccessSource, input: Input, format: Format): Promise<string> {
  const { drawRoles } = await import("../../report/graph/drawing.ts");
  return await inFormat(drawRoles(source.snapshot.access, drawingOptions(source, input)), format);
}

/** The layout is loaded only for the formats that need one. */
async function inFormat(drawing: Drawing, format: Format): Promise<string> {
  if (format === "dot") return (await import("../../report/graph/text-formats.ts")).toDot(drawing);
  if (format === "mermaid") return (await import("../../report/graph/text-formats.ts")).toMermaid(drawing);
  const { layOut } = await import("../../report/graph/layout.ts");
  const placed = layOut(drawing);
  if (format === "html") return (await import("../../report/graph/html.ts")).toHtml(placed);
  return (await import("../../report/graph/svg.ts")).toSvg(placed);
}

function drawingOptions(source: AccessSource, input: Input): DrawingOptions {
  const on = input.text("on");
  const hops = input.count("hops");
  const common: DrawingOptions = {
    title: on === null ? `Roles of ${source.title}` : `${on} on ${source.title}`,
    identities: source.identities,
    target: source.target,
    inherits: directInheritance(source),
    ...(hops === null ? {} : { hops }),
  };
  if (on === null) return common; // Everything: readable for a small shop, a poster for a large one.
  const privilege = input.text("privilege");
  if (privilege === null && !looksLikeResource(source, on)) {
    const who = findWho(source, on);
    const [role] = who.roles;
    if (who.identity !== null) return { ...common, focus: { kind: "identity", name: who.identity.name } };
    return role === undefined ? common : { ...common, focus: { kind: "role", role } };
  }
  const asked = findPrivilege(source, privilege ?? "select");
  const resource = findResource(source, on, { privilege: asked, input });
  return {
    ...common,
    focus: { kind: "resource", resource, ...behind(source, resource) },
    ...pathFrom(source, input.text("from"), { privilege: asked, resource }),
  };
}

/** Names of people and roles win; what is neither, and has a dot, is a resource. */
function looksLikeResource(source: AccessSource, text: string): boolean {
  const isWho =
    source.snapshot.access.roles.has(text) ||
    source.identities.some((each) => each.name === text || each.email === text);
  return !isWho && (text.includes(".") || unnamedKind(text) !== null);
}

function pathFrom(
  source: AccessSource,
  from: string | null,
  question: AccessQuestion,
): Pick<DrawingOptions, "path" | "sources"> {
  if (from === null) return {};
  for (const login of findWho(source, from).roles) {
    const [path] = explainAccess(source.index, login, question, { limit: 1 })?.paths ?? [];
    if (path === undefined) continue;
    return { path: [login, ...path.roles], sources: sourcesOfPath(source.index, login, path, question) };
  }
  return {};
}

/** What the resource lies in that grants on it come from, and for whom grants to another name count. */
function behind(
  { index }: AccessSource,
  resource: Resource,
): Pick<Extract<DrawingOptions["focus"], { kind: "resource" }>, "coveredBy" | "countsAs"> {
  if (index.rules.evaluated === null) return {};
  const coveredBy = new Map<string, Resource>();
  const countsAs = new Map<string, { readonly role: RoleName; readonly grantee: RoleName }>();
  for (const entry of index.classOf(resource)?.list.entries ?? []) {
    for (const privilege of entry.privileges) {
      for (const grant of recordedGrants(index, entry.grantee, { privilege, resource })) {
        if (resourceKey(grant.resource) !== resourceKey(resource)) {
          coveredBy.set(resourceKey(grant.resource), grant.resource);
        }
        if (grant.grantee === entry.grantee) continue;
        countsAs.set(`${entry.grantee}\0${grant.grantee}`, { role: entry.grantee, grantee: grant.grantee });
      }
    }
  }
  return {
    coveredBy: sorted(coveredBy.values(), compareResources),
    countsAs: sorted(
      countsAs.values(),
      compareBy(
        (each) => each.role,
        (each) => each.grantee,
      ),
    ),
  };
}

/** Whether a direct member has the role's privileges without SET ROLE, by any grantor's row. */
function directInheritance({ snapshot, index }: AccessSource): DrawingOptions["inherits"] {
  const inherited = new Set<string>();
  for (const membership of snapshot.access.memberships.values()) {
    const member = snapshot.access.roles.get(membership.member);
    // Everybody has what is given to everybody: there is nobody to become.
    const has = member === undefined ? membership.member === PUBLIC : index.rules.edge(membership, member).privileges;
    if (has) inherited.add(`${membership.role}\0${membership.member}`);
  }
  return (role, member) => inherited.has(`${role}\0${member}`);
}

async function heatMapText(source: AccessSource, format: Format): Promise<string> {
  if (format !== "svg")
    throw usageError(
      "RW004",
      `a heat map is drawn as svg, not as ${format}`,
      "leave out `--format`, or give the output file the ending `.svg`",
    );
  const { heatMap, heatMapSvg } = await import("../../report/graph/heat-map.ts");
  const roles = [...source.snapshot.access.roles.values()]
    .filter((role) => role.origin !== "predefined")
    .map((role) => role.name);
  return heatMapSvg(
    heatMap(source.index, {
      title: `Who can do what where, on ${source.title}`,
      roles: sorted(roles, compareText),
      oneDatabase: source.dialect.capabilities.databases === "one",
    }),
  );
}
