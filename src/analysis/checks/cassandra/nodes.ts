import type { NodeFacts, NodeSettings } from "../../../model/posture/cassandra.ts";
import type { CheckContext, Gap } from "../check.ts";
import { joined } from "../general/telling.ts";

/** A node that told what its configuration is. */
export type ToldNode = NodeFacts & { readonly settings: NodeSettings };

/** The nodes whose configuration is known, sorted. */
export function toldNodes({ posture }: CheckContext): readonly ToldNode[] {
  return (posture?.cassandra?.nodes ?? []).filter((node): node is ToldNode => node.settings !== null);
}

/** A gap where some node did not tell what its configuration is: each has its own. */
export function* untold({ posture }: CheckContext): Iterable<Gap> {
  const silent = (posture?.cassandra?.nodes ?? []).filter(({ settings }) => settings === null);
  if (silent.length === 0) return;
  const hidden = silent.every(({ reached }) => reached);
  yield {
    unknown: `the configuration of ${saidNodes(silent)} ${hidden ? "may not be read" : "could not be asked for"}`,
    help: hidden
      ? "have a superuser run: grant select on keyspace system_views to us"
      : "make every node reachable from here, at the address that it tells the others",
  };
}

/** Whether this class lets everybody do everything; no class at all, where the version has none, limits nothing either. */
export function allowsAll(name: string): boolean {
  return /^(?:AllowAll|$)/u.test(name);
}

const MOST = 4;

/** `node x`, `nodes x and y`. */
export function saidNodes(nodes: readonly NodeFacts[]): string {
  const names = nodes.map(({ node }) => `\`${node}\``);
  const shown = names.length > MOST ? [...names.slice(0, MOST - 1), `${names.length - MOST + 1} more`] : names;
  return `${nodes.length === 1 ? "node" : "nodes"} ${joined(shown)}`;
}

/** The same, or `every node` where it is all that there are. */
export function whichNodes({ posture }: CheckContext, nodes: readonly NodeFacts[]): string {
  const all = posture?.cassandra?.nodes ?? [];
  return nodes.length > 1 && nodes.length === all.length ? "every node" : saidNodes(nodes);
}
