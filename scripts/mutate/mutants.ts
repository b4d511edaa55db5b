import { parseAst } from "rolldown/parseAst";

/** One change of one condition: what stands there, and what stands there instead. */
export interface Mutant {
  readonly id: number;
  readonly line: number;
  /** On one line, with single spaces. */
  readonly before: string;
  readonly after: string;
  /** The whole file with this one change. */
  readonly text: () => string;
}

/** A file's mutants, and its text with all of them inside: each sleeps until `mutated(id)`, a global function, says that it is the one. */
export interface Mutated {
  readonly mutants: readonly Mutant[];
  readonly text: string;
}

interface Node {
  readonly type: string;
  readonly start: number;
  readonly end: number;
  readonly [key: string]: unknown;
}

const FLIPPED: Readonly<Record<string, string>> = {
  "<": "<=",
  "<=": "<",
  ">": ">=",
  ">=": ">",
  "===": "!==",
  "!==": "===",
  "==": "!=",
  "!=": "==",
};

const SWAPPED: Readonly<Record<string, string>> = { some: "every", every: "some" };

const LEAVING = new Set(["ReturnStatement", "ContinueStatement", "BreakStatement"]);

/** Types say nothing at run time; these three stand around values. */
const TYPED_VALUES = new Set(["TSAsExpression", "TSNonNullExpression", "TSSatisfiesExpression"]);

/** Every mutant of the conditions of a TypeScript file; ids count from `first`, in the order of the text. */
export function mutantsOf(source: string, first: number): Mutated {
  const root = parseAst(source, { lang: "ts" }) as unknown as Node;
  const changes = new Map<Node, string[]>();
  visit(root, (node) => {
    for (const [place, after] of changesOf(node, (part) => source.slice(part.start, part.end))) {
      const known = changes.get(place) ?? [];
      if (!known.includes(after)) changes.set(place, [...known, after]);
    }
  });

  const mutants: Mutant[] = [];
  const render = (node: Node): string => {
    const ways = (changes.get(node) ?? []).map((after) => {
      const id = first + mutants.length;
      const line = source.slice(0, node.start).split("\n").length;
      mutants.push({
        id,
        line,
        before: oneLine(source.slice(node.start, node.end)),
        after: oneLine(after),
        text: () => `${source.slice(0, node.start)}(${after})${source.slice(node.end)}`,
      });
      return `mutated(${id}) ? (${after}) : `;
    });
    let text = "";
    let at = node.start;
    for (const child of childrenOf(node)) {
      // A shorthand property is there twice, as key and as value.
      if (child.start < at) continue;
      text += source.slice(at, child.start) + render(child);
      at = child.end;
    }
    text += source.slice(at, node.end);
    return ways.length === 0 ? text : `(${ways.join("")}(${text}))`;
  };
  return { text: source.slice(0, root.start) + render(root) + source.slice(root.end), mutants };
}

function visit(node: Node, see: (node: Node) => void): void {
  see(node);
  for (const child of childrenOf(node)) visit(child, see);
}

/** What may stand in another place of the text because of this node: the place, and what stands there instead. */
function* changesOf(node: Node, textOf: (node: Node) => string): Iterable<[Node, string]> {
  switch (node.type) {
    case "IfStatement": {
      const test = node["test"] as Node;
      const leaves = node["alternate"] === null && leaving(node["consequent"] as Node);
      if (!flips(test)) yield [test, `!(${textOf(test)})`];
      if (leaves) yield [test, "false"];
      else if (test.type !== "LogicalExpression") yield [test, "true"];
      return;
    }
    case "ConditionalExpression":
    case "WhileStatement":
    case "DoWhileStatement": {
      const test = node["test"] as Node;
      if (!flips(test)) yield [test, `!(${textOf(test)})`];
      return;
    }
    case "LogicalExpression":
      if (node["operator"] === "??") return;
      yield [node, textOf(node["left"] as Node)];
      yield [node, textOf(node["right"] as Node)];
      return;
    case "BinaryExpression": {
      const flipped = FLIPPED[node["operator"] as string];
      const [left, right] = [node["left"] as Node, node["right"] as Node];
      if (flipped !== undefined) yield [node, `${textOf(left)} ${flipped} ${textOf(right)}`];
      return;
    }
    case "UnaryExpression":
      if (node["operator"] === "!") yield [node, textOf(node["argument"] as Node)];
      return;
    case "CallExpression":
      yield* changesOfCall(node, textOf);
  }
}

/** `some` for `every` and the other way round; a predicate that is negated, or that lets everything through. */
function* changesOfCall(node: Node, textOf: (node: Node) => string): Iterable<[Node, string]> {
  const callee = node["callee"] as Node;
  if (callee.type !== "MemberExpression" || callee["computed"] === true) return;
  const property = callee["property"] as Node;
  const name = textOf(property);
  const swapped = SWAPPED[name];
  const whole = textOf(node);
  const at = property.start - node.start;
  if (swapped !== undefined) yield [node, whole.slice(0, at) + swapped + whole.slice(at + name.length)];

  const [predicate] = node["arguments"] as readonly Node[];
  if (predicate === undefined) return;
  const body =
    predicate.type === "ArrowFunctionExpression" && predicate["expression"] === true
      ? (predicate["body"] as Node)
      : null;
  if (name === "filter" || name === "find") yield body === null ? [predicate, "() => true"] : [body, "true"];
  else if (swapped !== undefined && body !== null && !flips(body)) yield [body, `!(${textOf(body)})`];
}

/** Whether the node's own change is its negation already. */
function flips(node: Node): boolean {
  if (node.type === "UnaryExpression") return node["operator"] === "!";
  return node.type === "BinaryExpression" && ["===", "!==", "==", "!="].includes(node["operator"] as string);
}

function leaving(statement: Node): boolean {
  if (LEAVING.has(statement.type)) return true;
  if (statement.type !== "BlockStatement") return false;
  const last = (statement["body"] as readonly Node[]).at(-1);
  return last !== undefined && LEAVING.has(last.type);
}

function childrenOf(node: Node): Node[] {
  return Object.values(node)
    .flat()
    .filter((each): each is Node => typeof each === "object" && each !== null && "type" in each && "start" in each)
    .filter(({ type }) => !type.startsWith("TS") || TYPED_VALUES.has(type))
    .toSorted((left, right) => left.start - right.start);
}

function oneLine(text: string): string {
  return text.replaceAll(/\s+/gu, " ");
}
