import { findDrift, type Drift, type DriftItem } from "../../analysis/drift.ts";
import { EXIT } from "../../base/error.ts";
import type { Action } from "../command-tree.ts";
import { describePlace, type Sources } from "../output/frame.ts";
import { escapeLine } from "../output/escape.ts";
import type { Tone } from "../output/look.ts";
import type { Block, Item, Page } from "../output/page.ts";
import { snakeCase } from "../output/snake-case.ts";
import { describeName } from "../../model/resource.ts";
import { compareLive } from "../pipeline.ts";
import { counted } from "../render/words.ts";
import { withTarget } from "../target.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import { shortDigest } from "../../base/digest.ts";

const SIGNS: Readonly<Record<DriftItem["kind"], { readonly sign: string; readonly tone: Tone }>> = {
  extra: { sign: "+", tone: "add" },
  missing: { sign: "-", tone: "remove" },
  altered: { sign: "~", tone: "change" },
};

const ADOPTIONS: Readonly<Record<DriftItem["adopt"]["edit"], string>> = {
  add: "add under",
  change: "change at",
  delete: "delete",
};

/** Shows what the database has that the files do not, and the reverse, and for each difference both ways out: adopt it into the files, or put it back. */
export const drift: Action = async (context, input) =>
  withTarget(context, async (target) => {
    const { live, resolution, changes } = await compareLive(target, context);
    const found = findDrift(live, resolution, { changes });
    context.progress.clear();
    context.show(driftPage(found, target.name, live, target.sources), () => driftDocument(found, live));
    return found.differences.length > 0 && input.flag("detailed-exitcode") ? EXIT.changes : EXIT.done;
  });

function driftPage(found: Drift, name: string, live: Snapshot, sources: Sources): Page {
  const facts: Block = {
    kind: "facts",
    facts: [
      { label: "target", value: describeName(name), bare: true },
      { label: "read", value: live.takenAt.replace("T", " ") },
      { label: "fingerprint", value: shortDigest(live.fingerprint) },
    ],
  };
  const unknowns: Block[] =
    found.unknowns.length === 0
      ? []
      : [
          {
            kind: "section",
            title: "UNKNOWN",
            items: found.unknowns.map((unknown) => ({
              sign: "?",
              tone: "warn",
              text: `${escapeLine(unknown.subject)}: ${escapeLine(unknown.reason)}`,
              ...(unknown.help === undefined ? {} : { help: escapeLine(unknown.help) }),
            })),
          },
        ];
  if (found.differences.length === 0) {
    const unless = found.unknowns.length === 0 ? "" : ", as far as it could be read";
    return [
      facts,
      ...unknowns,
      { kind: "line", label: "NO DRIFT", tone: "good", text: `the database is as the files say${unless}` },
    ];
  }
  return [
    facts,
    {
      kind: "section",
      title: "DRIFT",
      note: counted(found.differences.length, "difference"),
      items: found.differences.map((item) => driftItem(item, sources)),
    },
    ...unknowns,
    { kind: "line", label: "NEXT", text: "put all of it back:   rolewright plan" },
    { kind: "line", label: "", text: "or adopt a difference: edit the files as each line above says" },
  ];
}

function driftItem(item: DriftItem, sources: Sources): Item {
  const [place] = item.locations;
  const { edit, place: where, line } = item.adopt;
  const adopt = `to keep the database as it is, ${ADOPTIONS[edit]} ${edit === "delete" ? `the line that ${item.kind === "extra" ? "forbids" : "asks for"} it` : `${escapeLine(where)}: ${escapeLine(line)}`}`;
  const grantor = item.record.grantor === null ? "" : `by ${describeName(item.record.grantor)}; `;
  return {
    ...SIGNS[item.kind],
    text: escapeLine(item.text),
    ...(item.because === undefined ? {} : { because: escapeLine(item.because) }),
    ...(place === undefined ? {} : { place: describePlace(place, sources) }),
    lines: [`who and when: ${grantor}${escapeLine(item.record.note)}`],
    help: adopt,
  };
}

function driftDocument(found: Drift, live: Snapshot): Record<string, unknown> {
  return {
    result: found.differences.length === 0 ? "no-drift" : "drift",
    read_at: live.takenAt,
    fingerprint: live.fingerprint,
    drift: snakeCase(found.differences),
    unclaimed: snakeCase(found.unclaimed),
    unknowns: snakeCase(found.unknowns),
  };
}
