import type { PlacedDrawing } from "./layout.ts";
import { toSvg, xml } from "./svg.ts";

/**
 * The picture as one self-contained page: drag to move, wheel or `+` and `-` to zoom, type to find, click or Enter on a box to light up everything that it leads to and everybody who
 * leads to it; the same as a table below. It loads nothing and sends nothing.
 */
export function toHtml(graph: PlacedDrawing): string {
  const labels = new Map(graph.nodes.map((node) => [node.id, node.label]));
  const rows = graph.edges.map((edge) => {
    const how =
      edge.kind === "member"
        ? `member${edge.admin ? ", admin" : ""}${edge.inherited ? "" : ", only after SET ROLE"}`
        : edge.kind === "holds"
          ? edge.label
          : edge.kind.replaceAll("-", " ");
    return `<tr><td>${xml(labels.get(edge.from) ?? "")}</td><td>${xml(how)}</td><td>${xml(labels.get(edge.to) ?? "")}</td></tr>`;
  });
  return `<!doctype html>
<html lang="en"><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'">
<title>${xml(graph.title)}</title>
<style>${PAGE_STYLE}</style>
<header><label>Find <input id="find" type="search" placeholder="name, then Enter" autocomplete="off"></label>
<button id="in" aria-label="zoom in">+</button><button id="out" aria-label="zoom out">&minus;</button><button id="all">Show all</button><output id="said" aria-live="polite"></output></header>
<main id="stage">${toSvg(graph)}</main>
<details><summary>The same as a table: ${graph.edges.length} connections</summary>
<table><thead><tr><th scope="col">who</th><th scope="col">how</th><th scope="col">what</th></tr></thead><tbody>${rows.join("\n")}</tbody></table></details>
<script>${PAGE_SCRIPT}</script>
</html>
`;
}

const PAGE_STYLE = `
body{margin:0;font:14px system-ui,sans-serif;background:Canvas;color:CanvasText;color-scheme:light dark;display:flex;flex-direction:column;min-height:100vh}
header{display:flex;gap:8px;align-items:center;padding:8px 16px;border-bottom:1px solid #8c959f}button{min-width:32px;min-height:28px}input{padding:4px 8px}
main{flex:1;min-height:70vh;overflow:hidden;touch-action:none;cursor:grab}main svg{width:100%;height:100%;min-height:70vh}
.node{cursor:pointer}.node:focus-visible{outline:3px solid Highlight;outline-offset:2px}.faded{opacity:.12}
details{padding:8px 16px;border-top:1px solid #8c959f}table{border-collapse:collapse}th,td{text-align:left;padding:3px 14px 3px 0;border-bottom:1px solid #8c959f55}
@media (prefers-reduced-motion:no-preference){.node,.edge{transition:opacity .15s}}`.replaceAll("\n", "");

// Plain script, no template values: what the page shows is in the SVG, escaped there.
const PAGE_SCRIPT = `
(() => {
  const svg = document.querySelector("#stage svg"), said = document.getElementById("said");
  const nodes = [...svg.querySelectorAll(".node")], edges = [...svg.querySelectorAll(".edge")];
  const whole = svg.viewBox.baseVal, full = { x: 0, y: 0, width: whole.width, height: whole.height };
  const name = (node) => node.querySelector("text").textContent;
  const follow = (start, from, to) => {
    const seen = new Set([start]);
    for (let grew = true; grew; ) {
      grew = false;
      for (const edge of edges) if (seen.has(edge.dataset[from]) && !seen.has(edge.dataset[to])) { seen.add(edge.dataset[to]); grew = true; }
    }
    return seen;
  };
  const light = (node) => {
    const right = follow(node.dataset.id, "from", "to"), left = follow(node.dataset.id, "to", "from");
    for (const one of nodes) one.classList.toggle("faded", !right.has(one.dataset.id) && !left.has(one.dataset.id));
    for (const edge of edges) {
      const on = (right.has(edge.dataset.from) && right.has(edge.dataset.to)) || (left.has(edge.dataset.from) && left.has(edge.dataset.to));
      edge.classList.toggle("faded", !on);
    }
    said.textContent = name(node) + ": leads to " + (right.size - 1) + ", reached from " + (left.size - 1);
  };
  const showAll = () => { for (const one of [...nodes, ...edges]) one.classList.remove("faded"); Object.assign(whole, full); said.textContent = ""; };
  const zoom = (factor, x = whole.x + whole.width / 2, y = whole.y + whole.height / 2) => {
    whole.x = x - (x - whole.x) * factor; whole.y = y - (y - whole.y) * factor; whole.width *= factor; whole.height *= factor;
  };
  const at = (event) => new DOMPoint(event.clientX, event.clientY).matrixTransform(svg.getScreenCTM().inverse());
  for (const node of nodes) {
    node.addEventListener("click", () => light(node));
    node.addEventListener("keydown", (event) => { if (event.key === "Enter") light(node); });
  }
  svg.addEventListener("wheel", (event) => { event.preventDefault(); const p = at(event); zoom(event.deltaY > 0 ? 1.15 : 1 / 1.15, p.x, p.y); }, { passive: false });
  let held = null;
  svg.addEventListener("pointerdown", (event) => { held = at(event); });
  svg.addEventListener("pointermove", (event) => { if (held && event.buttons) { const p = at(event); whole.x += held.x - p.x; whole.y += held.y - p.y; } });
  addEventListener("pointerup", () => { held = null; });
  document.getElementById("in").onclick = () => zoom(1 / 1.3);
  document.getElementById("out").onclick = () => zoom(1.3);
  document.getElementById("all").onclick = showAll;
  document.getElementById("find").addEventListener("keydown", (event) => {
    if (event.key === "Escape") return showAll();
    if (event.key !== "Enter") return;
    const wanted = event.target.value.trim().toLowerCase();
    const hit = nodes.find((n) => name(n).toLowerCase() === wanted) ?? nodes.find((n) => name(n).toLowerCase().includes(wanted));
    if (!hit) { said.textContent = "nothing is called " + event.target.value; return; }
    const box = hit.getBBox();
    whole.width = full.width / 2; whole.height = full.height / 2; whole.x = box.x - whole.width / 2; whole.y = box.y - whole.height / 2;
    light(hit);
  });
})();`;
