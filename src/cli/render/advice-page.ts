import { compareText } from "../../base/order.ts";
import { describeName } from "../../model/resource.ts";
import type { Advice, Removal } from "../../simulation/advise/advice.ts";
import type { SharedRole } from "../../simulation/advise/mine.ts";
import type { Advised } from "../advising.ts";
import { escapeLine } from "../output/escape.ts";
import type { Block, Item, Page } from "../output/page.ts";
import { unifiedDiff } from "../output/unified-diff.ts";
import { sharedBlocks } from "./shared-roles.ts";
import { names, obstacleText, unitText } from "./advice-words.ts";
import { counted, thousands } from "./words.ts";

export interface AdviceView {
  readonly target: string;
  /** Every item, and everything that was not advised one by one. */
  readonly detail: boolean;
  /** The files as they are, by name. */
  readonly sources: ReadonlyMap<string, string>;
  /** Roles that could be shared; null: nobody asked. */
  readonly shared: readonly SharedRole[] | null;
  /** Where the tightened files were written; null: nowhere. */
  readonly written: string | null;
  readonly next: readonly string[];
}

/** Advice for a person: what would be wrong first, then what may go and why, what stays and why, the patch; the summary last. */
export function advicePage(advised: Advised, view: AdviceView): Page {
  const { advice } = advised;
  return [
    factsOf(advised, view.target),
    ...losses(advised),
    ...blindness(advice),
    ...worse(advised),
    ...withheld(advice, view.detail),
    ...removals(advice, view.detail),
    ...columns(advice),
    ...splits(advice),
    ...unused(advice),
    ...usage(advice, view.detail),
    ...(view.shared === null ? [] : sharedBlocks(view.shared)),
    ...patch(advised, view),
    ...closing(advised, view),
  ];
}

function factsOf({ advice, basis }: Advised, target: string): Block {
  const { watch } = advice;
  const window =
    watch.from === null || watch.to === null
      ? "nothing that counts"
      : `${watch.from.slice(0, 10)} to ${watch.to.slice(0, 10)}, ${counted(watch.days, "day")}`;
  const ends = [
    watch.monthEnd ? "a month's end" : "no month's end",
    watch.quarterEnd ? "a quarter's end" : "no quarter's end",
  ];
  return {
    kind: "facts",
    facts: [
      { label: "target", value: describeName(target), bare: true },
      { label: "watched", value: `${window}, ${ends.join(" and ")}` },
      { label: "needs read by", value: basis },
    ],
  };
}

/** What was evicted, cut or not understood: something that was done may not have been seen. */
function losses({ evidence }: Advised): readonly Block[] {
  const items = evidence.windows.flatMap(({ source, losses: lost }) =>
    lost.map((text): Item => ({ sign: "!", tone: "warn", text: `${escapeLine(source)}: ${escapeLine(text)}` })),
  );
  if (items.length === 0) return [];
  return [
    {
      kind: "section",
      title: "THE EVIDENCE IS NOT WHOLE",
      note: "what was lost may have used what is not seen here",
      items,
    },
  ];
}

function blindness({ watch }: Advice): readonly Block[] {
  if (watch.left.length === 0) return [];
  const text = `does not count as watching: it does not tell who it was, or only looks now and then`;
  return [
    {
      kind: "section",
      title: "NOT COUNTED",
      items: watch.left.map((source) => ({ sign: "?", tone: "warn", text: `${escapeLine(source)} ${text}` })),
    },
  ];
}

function worse({ worse: found }: Advised): readonly Block[] {
  if (found.length === 0) return [];
  const items = found.slice(0, 20).map(
    ({ pair }): Item => ({
      sign: "!",
      tone: "bad",
      text: `${describeName(pair.role)}: ${escapeLine(pair.statement.text)}`,
    }),
  );
  return [{ kind: "section", title: "WOULD BREAK", note: counted(found.length, "observed statement"), items }];
}

function withheld({ withheld: all }: Advice, detail: boolean): readonly Block[] {
  if (all.length === 0) return [];
  const groups = [...Map.groupBy(all, ({ obstacle }) => obstacleText(obstacle))].sort(
    ([a, x], [b, y]) => y.length - x.length || compareText(a, b),
  );
  const items = groups.map(([text, own]): Item => {
    const shown = own.slice(0, detail ? own.length : 3).map(({ unit }) => unitText(unit));
    const more = own.length - shown.length;
    return {
      sign: "?",
      tone: "warn",
      text,
      items: [...shown, ...(more > 0 ? [`and ${more} more`] : [])].map((each) => ({ text: each })),
    };
  });
  return [{ kind: "section", title: "NOT SEEN IN USE, BUT KEPT", note: counted(all.length, "place"), items }];
}

function removals({ removals: all }: Advice, detail: boolean): readonly Block[] {
  if (all.length === 0) return [];
  const shown = all.slice(0, detail ? all.length : 40);
  const items = shown.map(
    (each): Item => ({ sign: "-", tone: "remove", text: unitText(each.unit), because: reason(each) }),
  );
  const more = all.length - shown.length;
  const rest: readonly Item[] = more > 0 ? [{ text: `and ${more} more (--detail lists them)` }] : [];
  return [{ kind: "section", title: "MAY GO", note: counted(all.length, "place"), items: [...items, ...rest] }];
}

/** Why something may go, with its numbers: never "safe". */
export function reason(removal: Removal): string {
  const { kind, logins, statements, calls, days, atMostOneDayIn } = removal;
  const seen = `${counted(statements, "statement")}, ${counted(calls, "call")} of ${counted(logins, "role")} in ${counted(days, "day")}`;
  if (kind === "redundant") return `held in another way too: ${seen} find what they need without it`;
  return `not used by ${seen}; if it is used at all, then on at most one day in ${atMostOneDayIn} (95 %)`;
}

function columns({ narrowings }: Advice): readonly Block[] {
  if (narrowings.length === 0) return [];
  const items = narrowings.map(
    (each): Item => ({
      sign: "~",
      tone: "change",
      text: unitText(each.unit),
      because: `only ${each.columns.map(describeName).join(", ")} of ${counted(each.of, "column")} used`,
    }),
  );
  return [{ kind: "section", title: "COLUMNS ARE ENOUGH", note: "`select *` will not work any more", items }];
}

function splits({ splits: all }: Advice): readonly Block[] {
  if (all.length === 0) return [];
  const items = all.map(
    ({ role, parts }): Item => ({
      sign: "~",
      text: `${describeName(role)} is used as ${counted(parts.length, "role")} that have nothing in common`,
      items: parts.map((part) => ({ text: `${names(part.members)}: ${counted(part.grants, "grant")}` })),
    }),
  );
  return [{ kind: "section", title: "COULD BE SPLIT", items }];
}

function unused({ unusedRoles, roles }: Advice): readonly Block[] {
  const idle = roles.filter(({ idle: members }) => members.length > 0);
  const unseen = roles.filter((each) => each.login && each.lastSeen === null);
  const items: Item[] = [
    ...unusedRoles.map((role) => ({ sign: "?", text: `nobody was seen to use ${describeName(role)}` })),
    ...idle.map(({ role, idle: members, members: of }) => ({
      text: `${describeName(role)}: ${members.length} of ${counted(of, "member")} never used it: ${names(members)}`,
    })),
    ...(unseen.length === 0 ? [] : [{ sign: "?", text: `not seen at all: ${names(unseen.map(({ role }) => role))}` }]),
  ];
  return items.length === 0 ? [] : [{ kind: "section", title: "ROLES", items }];
}

function usage({ roles, identities }: Advice, detail: boolean): readonly Block[] {
  const shown = roles.filter((each) => each.granted > 0 || each.members > 0);
  const most = detail ? shown.length : 30;
  const rows = shown
    .toSorted((a, b) => b.granted - b.used - (a.granted - a.used) || compareText(a.role, b.role))
    .slice(0, most)
    .map((each) => ({
      cells: [
        describeName(each.role),
        thousands(each.granted),
        thousands(each.used),
        each.members === 0 ? "" : `${each.usedBy} of ${each.members}`,
        each.lastSeen?.slice(0, 10) ?? "not seen",
      ],
    }));
  const people = identities
    .toSorted((a, b) => b.held - b.used - (a.held - a.used) || compareText(a.name, b.name))
    .slice(0, detail ? identities.length : 30)
    .map((each) => ({
      cells: [
        escapeLine(each.name),
        thousands(each.held),
        thousands(each.used),
        each.lastSeen?.slice(0, 10) ?? "not seen",
      ],
    }));
  return [
    {
      kind: "table",
      title: "GRANTED AND USED",
      columns: ["GRANTED AND USED", "granted", "used", "members using it", "last seen"],
      rows,
      empty: "no role is granted anything",
    },
    ...(people.length === 0
      ? []
      : [
          {
            kind: "table" as const,
            title: "IDENTITIES",
            columns: ["IDENTITIES", "can", "did", "last seen"],
            rows: people,
            empty: "nobody",
          },
        ]),
  ];
}

function patch({ files, worse: found }: Advised, { sources, written }: AdviceView): readonly Block[] {
  if (files.size === 0 || found.length > 0 || written !== null) return [];
  const items = [...files].map(
    ([name, text]): Item => ({
      text: escapeLine(name),
      lines: unifiedDiff(name, sources.get(name) ?? "", text).map(escapeLine),
    }),
  );
  return [{ kind: "section", title: "PATCH", items }];
}

function closing({ advice, changes, worse: found, spare }: Advised, view: AdviceView): readonly Block[] {
  const { removals: gone, narrowings, needed, observed, decided } = advice;
  const least =
    spare === null
      ? ", too many places to try each"
      : spare.length === 0
        ? `; each of the ${counted(needed.length, "other place")} that were judged is needed`
        : `; ${counted(spare.length, "place")} could go too: ${spare.slice(0, 3).map(unitText).join("; ")}`;
  const proven = gone.length + narrowings.length === 0 ? "" : `PROVEN`;
  return [
    {
      kind: "line",
      label: "SUMMARY",
      text: `${counted(gone.length, "place")} may go, ${narrowings.length} become columns, ${advice.withheld.length} were not seen in use and stay; ${thousands(decided)} of ${counted(observed, "observed statement")} decided`,
    },
    ...(proven === ""
      ? []
      : [
          {
            kind: "line" as const,
            label: found.length > 0 ? "REFUSED" : proven,
            tone: found.length > 0 ? ("bad" as const) : ("good" as const),
            text:
              found.length > 0
                ? `the tightened manifest would break ${counted(found.length, "observed statement")}`
                : `under the tightened manifest (${counted(changes.length, "change")}) no observed statement loses anything${least}`,
          },
        ]),
    ...view.next.map((text, at): Block => ({ kind: "line", label: at === 0 ? "NEXT" : "", text })),
  ];
}
