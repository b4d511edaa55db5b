import { compareChanges } from "../../src/diff/change-order.ts";
import type { Dialect, RenderedStatement, RenderRequest } from "../../src/engine/engine.ts";
import { postgresDialect } from "../../src/engine/postgresql/dialect.ts";
import { isGrantChange } from "../../src/model/change.ts";
import type { Snapshot } from "../../src/model/snapshot.ts";

/** PostgreSQL's rules as an engine would have them whose statements each stand at once: its text is the change itself, one statement for each, two for a new role. */
export function stepwiseDialect(snapshot: Snapshot): Dialect {
  const postgresql = postgresDialect(snapshot);
  return {
    ...postgresql,
    capabilities: { ...postgresql.capabilities, transactionalGrants: false },
    render,
    obstacles: () => [],
    limits: () => [],
    lockDemand: () => 0,
  };
}

function render({ all, indexes, circular }: RenderRequest): readonly RenderedStatement[] {
  const order = indexes.toSorted((a, b) => {
    const [one, two] = [all[a], all[b]];
    const first = Number(circular.has(b)) - Number(circular.has(a));
    return first || (one === undefined || two === undefined ? 0 : compareChanges(one, two));
  });
  return order.flatMap((index): RenderedStatement[] => {
    const change = all[index];
    if (change === undefined) throw new Error("a change is missing");
    if (isGrantChange(change)) {
      const anchors = new Set(change.resources.map((one) => one.path.slice(0, 3).join("\0")));
      if (anchors.size > 1) throw new Error("a change was not cut");
    }
    const text = JSON.stringify(change);
    const statement = { text, changes: [index] };
    return change.kind === "create-role" ? [statement, { ...statement, text: `more of ${text}` }] : [statement];
  });
}

/** What one statement is about, in a few words, for tests that look at the order: `add-grant orders.id`. */
export function outlineOf(text: string): string {
  const change = JSON.parse(text.replace(/^more of /, "")) as {
    readonly kind: string;
    readonly resources?: readonly { readonly path: readonly string[] }[];
  };
  const names = (change.resources ?? []).map((one) => one.path.slice(2).join("."));
  return [text.startsWith("more of ") ? "more" : change.kind, ...names].join(" ");
}
