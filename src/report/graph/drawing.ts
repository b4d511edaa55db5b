import { compareBy } from "../../base/order.ts";
import type { GrantSource } from "../../model/access-rules.ts";
import type { AccessState } from "../../model/access-state.ts";
import type { Identity } from "../../model/identity.ts";
import { describeName, describeResource, describeTyped, type Resource, resourceKey } from "../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../model/role.ts";

export type NodeKind =
  | "person"
  | "service"
  | "agent"
  | "login"
  | "role"
  | "superuser"
  | "predefined"
  | "everybody"
  | "resource";

/** One box of a picture. `id` is unique; `label` is safe to read, not yet escaped for any format. */
export interface DrawnNode {
  readonly id: string;
  readonly label: string;
  readonly kind: NodeKind;
  /** One of those that the picture is about. */
  readonly focus: boolean;
}

/** An arrow from who has to what it has: identity to login, member to role, role to resource, what covers to what it covers, a login to a name whose grants count for it too. */
export interface DrawnEdge {
  readonly from: string;
  readonly to: string;
  readonly kind: "logs-in-as" | "member" | "holds" | "owns" | "covers" | "counts-as";
  readonly label: string;
  /** Dashed where the member must SET ROLE to use it. */
  readonly inherited: boolean;
  readonly admin: boolean;
  /** Part of the path that is asked about. */
  readonly onPath: boolean;
}

export interface Drawing {
  readonly title: string;
  readonly nodes: readonly DrawnNode[];
  readonly edges: readonly DrawnEdge[];
  /** How many roles were left out because they are further away than asked. */
  readonly hiddenRoles: number;
}

export interface DrawingOptions {
  readonly title: string;
  readonly identities: readonly Identity[];
  /** The name of the target, to find the logins of identities. */
  readonly target: string;
  /** What the picture is about; absent: every role. */
  readonly focus?:
    | { readonly kind: "role"; readonly role: RoleName }
    | { readonly kind: "identity"; readonly name: string }
    | {
        readonly kind: "resource";
        readonly resource: Resource;
        /** What it lies in that something is granted on which counts for it. @default none */
        readonly coveredBy?: readonly Resource[];
        /** Who has something on it that was granted to another name. @default none */
        readonly countsAs?: readonly { readonly role: RoleName; readonly grantee: RoleName }[];
      };
  /** How many steps from the focus are drawn, in both directions. @default unlimited towards what it can become, 2 towards who can become it */
  readonly hops?: number;
  /** Roles in order, from the login to the one that holds the access: drawn strong. */
  readonly path?: readonly RoleName[];
  /** The recorded grants at the end of the path. @default its last role's own on the resource */
  readonly sources?: readonly GrantSource[];
  /** Whether the member of an edge has the role's privileges without SET ROLE. */
  readonly inherits: (role: RoleName, member: RoleName) => boolean;
}

/** The roles, who they are and what leads to what: one focus with its neighbourhood, or everything. */
export function drawRoles(access: AccessState, options: DrawingOptions): Drawing {
  const up = adjacency(access, (m) => [m.member, m.role]);
  const down = adjacency(access, (m) => [m.role, m.member]);
  const shown = shownRoles(access, options, up, down);
  const nodes = new Map<string, DrawnNode>();
  const edges: DrawnEdge[] = [];

  for (const name of shown) nodes.set(roleId(name), roleNode(access, name, options));
  edges.push(...membershipEdges(access, shown, options));
  for (const identity of options.identities) {
    for (const login of identity.logins.get(options.target) ?? []) {
      if (!shown.has(login)) continue;
      const id = `identity:${identity.name}`;
      const focus = options.focus?.kind === "identity" && options.focus.name === identity.name;
      nodes.set(id, { id, label: identity.title, kind: identity.kind, focus });
      const onPath = options.path?.[0] === login;
      edges.push({ from: id, to: roleId(login), kind: "logs-in-as", label: "", inherited: true, admin: false, onPath });
    }
  }
  if (options.focus?.kind === "resource") addFocus(access, options.focus, { nodes, edges, options, shown });

  return {
    title: options.title,
    nodes: [...nodes.values()].sort(compareBy((node) => node.id)),
    edges: edges.sort(
      compareBy(
        (edge) => edge.from,
        (edge) => edge.to,
        (edge) => edge.kind,
      ),
    ),
    hiddenRoles: access.roles.size - [...shown].filter((name) => access.roles.has(name)).length,
  };
}

const roleId = (name: RoleName): string => (name === PUBLIC ? "everybody" : `role:${name}`);

function adjacency(
  access: AccessState,
  direction: (edge: { readonly role: RoleName; readonly member: RoleName }) => readonly [RoleName, RoleName],
): ReadonlyMap<RoleName, ReadonlySet<RoleName>> {
  const next = new Map<RoleName, Set<RoleName>>();
  for (const membership of access.memberships.values()) {
    const [from, to] = direction(membership);
    const targets = next.get(from) ?? new Set();
    next.set(from, targets.add(to));
  }
  return next;
}

function shownRoles(
  access: AccessState,
  options: DrawingOptions,
  up: ReadonlyMap<RoleName, ReadonlySet<RoleName>>,
  down: ReadonlyMap<RoleName, ReadonlySet<RoleName>>,
): Set<RoleName> {
  const { focus } = options;
  if (focus === undefined) {
    // A predefined role that nobody is a member of says nothing.
    const roles = [...access.roles.values()].filter((r) => r.origin !== "predefined" || down.has(r.name));
    return new Set([...roles.map((r) => r.name), ...(up.has(PUBLIC) ? [PUBLIC] : [])]);
  }
  const starts = startRoles(access, options, focus);
  const upwards = walk(starts, up, focus.kind === "resource" ? 0 : (options.hops ?? Number.POSITIVE_INFINITY));
  const downwards = walk(starts, down, options.hops ?? (focus.kind === "identity" ? 0 : 2));
  return new Set([...upwards, ...downwards, ...(options.path ?? [])]);
}

function startRoles(
  access: AccessState,
  options: DrawingOptions,
  focus: NonNullable<DrawingOptions["focus"]>,
): RoleName[] {
  if (focus.kind === "role") return [focus.role];
  if (focus.kind === "identity") {
    const identity = options.identities.find((one) => one.name === focus.name);
    return [...(identity?.logins.get(options.target) ?? [])];
  }
  const places = [focus.resource, ...(focus.coveredBy ?? [])];
  const holders = places.flatMap((place) => {
    const holding = access.holdings.get(resourceKey(place));
    const grantees = holding?.list.entries.map((entry) => entry.grantee) ?? [];
    return [...grantees, ...(holding?.owner ? [holding.owner] : [])];
  });
  return [...new Set([...holders, ...(focus.countsAs ?? []).map((each) => each.role)])];
}

function walk(
  starts: readonly RoleName[],
  next: ReadonlyMap<RoleName, ReadonlySet<RoleName>>,
  hops: number,
): Set<RoleName> {
  const seen = new Set(starts);
  let edge = [...starts];
  for (let step = 0; step < hops && edge.length > 0; step++) {
    edge = edge.flatMap((name) => [...(next.get(name) ?? [])]).filter((name) => !seen.has(name));
    for (const name of edge) seen.add(name);
  }
  return seen;
}

function roleNode(access: AccessState, name: RoleName, options: DrawingOptions): DrawnNode {
  const focus = options.focus?.kind === "role" && options.focus.role === name;
  if (name === PUBLIC) return { id: roleId(name), label: "everybody (PUBLIC)", kind: "everybody", focus };
  const role = access.roles.get(name);
  const kind =
    role?.attributes["superuser"] === true
      ? "superuser"
      : role?.origin === "predefined"
        ? "predefined"
        : role?.attributes["login"] === true
          ? "login"
          : "role";
  return { id: roleId(name), label: describeName(name), kind, focus };
}

/** One arrow for each (member, role), whatever the number of grantors: their options add up. */
function membershipEdges(access: AccessState, shown: ReadonlySet<RoleName>, options: DrawingOptions): DrawnEdge[] {
  const merged = new Map<string, DrawnEdge>();
  for (const m of access.memberships.values()) {
    if (!shown.has(m.role) || !shown.has(m.member)) continue;
    const key = `${m.member}\0${m.role}`;
    const admin = m.admin || (merged.get(key)?.admin ?? false);
    const at = options.path?.indexOf(m.member) ?? -1;
    const onPath = at >= 0 && options.path?.[at + 1] === m.role;
    const inherited = options.inherits(m.role, m.member);
    const label = admin ? "admin" : "";
    merged.set(key, { from: roleId(m.member), to: roleId(m.role), kind: "member", label, inherited, admin, onPath });
  }
  return [...merged.values()];
}

interface Picture {
  readonly nodes: Map<string, DrawnNode>;
  readonly edges: DrawnEdge[];
  readonly options: DrawingOptions;
  readonly shown: ReadonlySet<RoleName>;
}

/** The resource in the middle, what covers it, and who holds what on either. */
function addFocus(access: AccessState, focus: ResourceFocus, picture: Picture): void {
  const { edges, options, shown } = picture;
  const last = options.path?.at(-1);
  for (const place of focus.coveredBy ?? []) {
    const onPath = addResource(access, place, { ...picture, focus: false });
    edges.push({
      ...PLAIN,
      from: resourceId(place),
      to: resourceId(focus.resource),
      kind: "covers",
      label: "",
      onPath,
    });
  }
  addResource(access, focus.resource, { ...picture, focus: true });
  for (const { role, grantee } of focus.countsAs ?? []) {
    if (!shown.has(role) || !shown.has(grantee)) continue;
    const onPath = role === last && options.sources?.some((each) => each.grantee === grantee) === true;
    edges.push({ ...PLAIN, from: roleId(role), to: roleId(grantee), kind: "counts-as", label: "counts as", onPath });
  }
}

type ResourceFocus = NonNullable<DrawingOptions["focus"]> & { readonly kind: "resource" };

/** More than these on one arrow cannot be read. */
const MOST_WRITTEN = 8;

const PLAIN = { inherited: true, admin: false } as const;

const resourceId = (resource: Resource): string => `resource:${resourceKey(resource)}`;

/** Draws one resource and who holds what on it; says whether the way that is asked about ends here. */
function addResource(access: AccessState, resource: Resource, picture: Picture & { readonly focus: boolean }): boolean {
  const { nodes, edges, options, shown, focus } = picture;
  const last = options.path?.at(-1);
  const id = resourceId(resource);
  // What covers tables is no table: its kind has to be said.
  nodes.set(id, { id, label: focus ? describeResource(resource) : describeTyped(resource), kind: "resource", focus });
  const holding = access.holdings.get(resourceKey(resource));
  const isEnd = (grantee: RoleName): boolean =>
    options.sources === undefined
      ? grantee === last
      : options.sources.some(
          (each) => each.grantee === grantee && resourceKey(each.resource) === resourceKey(resource),
        );
  let leads = false;
  const privileges = new Map<RoleName, Set<string>>();
  for (const entry of holding?.list.entries ?? []) {
    if (entry.grantee === holding?.owner) continue;
    const held = privileges.get(entry.grantee) ?? new Set();
    for (const privilege of entry.privileges) held.add(privilege.toLowerCase());
    privileges.set(entry.grantee, held);
  }
  for (const [grantee, held] of privileges) {
    if (!shown.has(grantee)) continue;
    const label = held.size > MOST_WRITTEN ? `${held.size} privileges` : [...held].sort().join(", ");
    const onPath = isEnd(grantee);
    leads ||= onPath;
    edges.push({ ...PLAIN, from: roleId(grantee), to: id, kind: "holds", label, onPath });
  }
  if (holding?.owner) {
    const onPath = last === holding.owner;
    leads ||= onPath;
    edges.push({ ...PLAIN, from: roleId(holding.owner), to: id, kind: "owns", label: "owns", onPath });
  }
  return leads;
}
