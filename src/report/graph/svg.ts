import type { PlacedEdge, PlacedDrawing, PlacedNode, Point } from "./layout.ts";

/** The picture as one SVG file. Colours follow the reader's light or dark setting; every colour repeats a shape, a dash or a word. */
export function toSvg(graph: PlacedDrawing): string {
  const note = graph.hiddenRoles === 0 ? "" : `${graph.hiddenRoles} more roles are not drawn`;
  const height = graph.height + HEADING + LEGEND;
  const width = Math.max(graph.width, MINIMUM_WIDTH);
  return [
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-labelledby="title">`,
    `<title id="title">${xml(graph.title)}</title>`,
    `<style>${STYLE}</style>`,
    '<defs><marker id="arrow" viewBox="0 0 10 10" refX="9" refY="5" markerWidth="9" markerHeight="9" markerUnits="userSpaceOnUse" orient="auto"><path d="M0 0 10 5 0 10z"/></marker></defs>',
    `<rect class="sheet" width="100%" height="100%"/>`,
    `<text class="heading" x="24" y="28">${xml(graph.title)}</text><text class="note" x="24" y="46">${xml(note)}</text>`,
    `<g id="drawing" transform="translate(0 ${HEADING})">`,
    ...graph.edges.map(drawEdge),
    ...graph.nodes.map(drawNode),
    "</g>",
    legend(height - LEGEND + 22),
    "</svg>",
    "",
  ].join("\n");
}

const HEADING = 52;
const LEGEND = 40;
const MINIMUM_WIDTH = 760;

const STYLE: string = `
:root{--sheet:#fff;--ink:#1b1f24;--soft:#57606a;--line:#8c959f;--person:#ddf4ff;--login:#dafbe1;--role:#f6f8fa;--super:#ffebe9;--everybody:#fff8c5;--resource:#fbefff;--path:#0550ae}
@media (prefers-color-scheme:dark){:root{--sheet:#0d1117;--ink:#e6edf3;--soft:#9198a1;--line:#6e7681;--person:#0c2d6b;--login:#033a16;--role:#21262d;--super:#67060c;--everybody:#4b2900;--resource:#3c1e70;--path:#79c0ff}}
.sheet{fill:var(--sheet)}text{font:13px system-ui,sans-serif;fill:var(--ink)}.heading{font-size:17px;font-weight:600}.note,.edge text,.legend{font-size:11px;fill:var(--soft)}
.node rect,.node ellipse,.node path{stroke:var(--line);fill:var(--role)}.node text{text-anchor:middle;dominant-baseline:central}
.person ellipse,.agent path,.service rect{fill:var(--person)}.login rect{fill:var(--login)}.superuser path{fill:var(--super)}.everybody ellipse{fill:var(--everybody)}.resource rect{fill:var(--resource)}
.predefined rect{stroke-dasharray:2 2}.focus rect,.focus ellipse,.focus path{stroke:var(--path);stroke-width:3}
.edge path{fill:none;stroke:var(--line);marker-end:url(#arrow)}.edge.asks path{stroke-dasharray:6 4}.edge.strong path{stroke:var(--path);stroke-width:3}.edge text{text-anchor:middle;paint-order:stroke;stroke:var(--sheet);stroke-width:4px}
marker path{fill:var(--line)}`.replaceAll("\n", "");

function drawNode(node: PlacedNode): string {
  const { x, y, width: w, height: h } = node;
  const left = x - w / 2;
  const top = y - h / 2;
  const round = node.kind === "role" || node.kind === "predefined" ? h / 2 : 4;
  const shape =
    node.kind === "person" || node.kind === "everybody"
      ? `<ellipse cx="${x}" cy="${y}" rx="${w / 2}" ry="${h / 2}"/>`
      : node.kind === "superuser" || node.kind === "agent"
        ? `<path d="M${left + 9} ${top}h${w - 18}l9 ${h / 2}-9 ${h / 2}h${18 - w}l-9-${h / 2}z"/>`
        : `<rect x="${left}" y="${top}" width="${w}" height="${h}" rx="${round}"/>`;
  const classes = ["node", node.kind, ...(node.focus ? ["focus"] : [])].join(" ");
  return `<g class="${classes}" data-id="${xml(node.id)}" tabindex="0" role="group" aria-label="${xml(`${node.kind} ${node.label}`)}">${shape}<text x="${x}" y="${y}">${xml(node.label)}</text></g>`;
}

function drawEdge(edge: PlacedEdge): string {
  const classes = ["edge", edge.kind, ...(edge.inherited ? [] : ["asks"]), ...(edge.onPath ? ["strong"] : [])].join(
    " ",
  );
  const label =
    edge.labelAt === null ? "" : `<text x="${edge.labelAt.x}" y="${edge.labelAt.y}">${xml(edge.label)}</text>`;
  return `<g class="${classes}" data-from="${xml(edge.from)}" data-to="${xml(edge.to)}"><path d="${curve(edge.points)}"/>${label}</g>`;
}

/** A line through the middles of the given points, so that bends are soft. */
function curve(points: readonly Point[]): string {
  const [first, ...rest] = points;
  const last = rest.at(-1);
  if (first === undefined || last === undefined) return "";
  const bends = rest.slice(0, -1).map((point, index) => {
    const next = rest[index + 1] ?? point;
    return `Q${point.x} ${point.y} ${(point.x + next.x) / 2} ${(point.y + next.y) / 2}`;
  });
  return [`M${first.x} ${first.y}`, ...bends, `L${last.x} ${last.y}`].join("");
}

function legend(y: number): string {
  const words =
    "oval: person or everybody   square: login   round: role   six corners: superuser or agent   solid: inherited   dashed: only after SET ROLE   admin: may give the role to others";
  return `<text class="legend" x="24" y="${y}">${xml(words)}</text>`;
}

/** Text for XML. Control characters, which XML forbids, become visible marks. */
export function xml(text: string): string {
  return (
    text
      .replaceAll("\0", "/")
      // oxlint-disable-next-line no-control-regex -- XML 1.0 forbids them even as references
      .replaceAll(/[\u0001-\u0008\u000b\u000c\u000e-\u001f]/g, "\ufffd")
      .replaceAll("&", "&amp;")
      .replaceAll("<", "&lt;")
      .replaceAll(">", "&gt;")
      .replaceAll('"', "&quot;")
  );
}
