import { FormatError, isNode, readNodes } from "./nodes.ts";
import type { Place, TreeFacts } from "./tree-facts.ts";
import { Walk } from "./tree-walk.ts";

/** Reads the trees of one statement, in UTF-8. Throws FormatError where they are not what a known server prints. */
export function readTree(text: Uint8Array): TreeFacts {
  const value = readNodes(text);
  const walk = new Walk();
  let query = isNode(value) ? value : value.first;
  if (query === null || (value.name === null && value.words > 0)) throw new FormatError(NO_QUERY);
  for (; query !== null; query = query.next) {
    if (query.name !== "QUERY") throw new FormatError(NO_QUERY);
    walk.query(query, TOP);
  }
  return walk.facts();
}

/** Reads expressions that the catalogs keep: checks, conditions, generated columns. Several may follow each other. */
export function readExpressions(text: string): TreeFacts {
  const walk = new Walk();
  let depth = 0;
  let from = -1;
  // Pieces are put together by white space; each is a node or a list.
  for (let at = 0; at < text.length; at++) {
    const char = text[at];
    if (char === "\\") at++;
    else if (char === "{" || char === "(") {
      if (depth++ === 0) from = at;
    } else if ((char === "}" || char === ")") && --depth === 0) {
      walk.expression(readNodes(Buffer.from(text.slice(from, at + 1), "utf8")), TOP);
    }
  }
  if (depth !== 0) throw new FormatError("an expression does not end");
  return walk.facts();
}

const NO_QUERY = "a query was expected at the top";

const TOP: Place = { views: [], policy: false, conditional: false, dropped: false, certain: true };
