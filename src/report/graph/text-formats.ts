import type { DrawnNode, Drawing } from "./drawing.ts";

/** The graph in DOT, for Graphviz and everything that reads it. */
export function toDot(graph: Drawing): string {
  const lines = [
    `digraph ${dotText(graph.title)} {`,
    "  rankdir=LR;",
    '  node [shape=box, style="rounded", fontname="sans-serif"];',
  ];
  for (const node of graph.nodes) {
    const shape = SHAPES[node.kind];
    lines.push(
      `  ${dotText(node.id)} [label=${dotText(node.label)}, shape=${shape}${node.focus ? ", penwidth=3" : ""}];`,
    );
  }
  for (const edge of graph.edges) {
    const options = [
      ...(edge.label === "" ? [] : [`label=${dotText(edge.label)}`]),
      ...(edge.inherited ? [] : ["style=dashed"]),
      ...(edge.onPath ? ["penwidth=3"] : []),
    ];
    lines.push(
      `  ${dotText(edge.from)} -> ${dotText(edge.to)}${options.length === 0 ? "" : ` [${options.join(", ")}]`};`,
    );
  }
  lines.push("}", "");
  return lines.join("\n");
}

/** The graph in Mermaid, for Markdown pages that draw it. */
export function toMermaid(graph: Drawing): string {
  const number = new Map(graph.nodes.map((node, index) => [node.id, `n${index}`]));
  const lines = ["flowchart LR"];
  for (const node of graph.nodes) {
    const [open, close] = BRACKETS[node.kind];
    lines.push(`  ${number.get(node.id)}${open}"${mermaidText(node.label)}"${close}`);
  }
  const strong: number[] = [];
  graph.edges.forEach((edge, index) => {
    const arrow = edge.inherited ? "-->" : "-.->";
    const label = edge.label === "" ? "" : `|"${mermaidText(edge.label)}"|`;
    lines.push(`  ${number.get(edge.from)} ${arrow}${label} ${number.get(edge.to)}`);
    if (edge.onPath) strong.push(index);
  });
  for (const node of graph.nodes) if (node.focus) lines.push(`  style ${number.get(node.id)} stroke-width:3px`);
  if (strong.length > 0) lines.push(`  linkStyle ${strong.join(",")} stroke-width:3px`);
  lines.push("");
  return lines.join("\n");
}

const SHAPES: Readonly<Record<DrawnNode["kind"], string>> = {
  person: "ellipse",
  service: "component",
  agent: "hexagon",
  login: "box",
  role: "box",
  superuser: "octagon",
  predefined: "folder",
  everybody: "doublecircle",
  resource: "cylinder",
};

const BRACKETS: Readonly<Record<DrawnNode["kind"], readonly [string, string]>> = {
  person: ["([", "])"],
  service: ["[[", "]]"],
  agent: ["{{", "}}"],
  login: ["[", "]"],
  role: ["(", ")"],
  superuser: ["[/", "\\]"],
  predefined: [">", "]"],
  everybody: ["((", "))"],
  resource: ["[(", ")]"],
};

// A NUL separates parts inside ids; DOT text cannot hold one.
const dotText = (text: string): string =>
  `"${text.replaceAll("\0", "/").replaceAll("\\", "\\\\").replaceAll('"', '\\"').replaceAll("\n", " ")}"`;

const mermaidText = (text: string): string =>
  text
    .replaceAll("&", "&amp;")
    .replaceAll("#", "#35;")
    .replaceAll('"', "#quot;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;");
