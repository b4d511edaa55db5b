import { findDrift, type Drift, type DriftItem } from "../../analysis/drift.ts";
import { EXIT } from "../../base/error.ts";
import { withWholeClaim } from "../../config/import/whole-claim.ts";
import { resolveManifest } from "../../config/resolve.ts";
import { diff } from "../../diff/diff.ts";
import type { Change } from "../../model/change.ts";
import type { Action } from "../command-spec.ts";
import type { CliContext } from "../context.ts";
import { describePlace, type Sources } from "../output/frame.ts";
import { escapeLine } from "../output/escape.ts";
import type { Tone } from "../output/look.ts";
import type { Block, Item, Page } from "../output/page.ts";
import { snakeCase } from "../output/snake-case.ts";
import { describeName } from "../../model/resource.ts";
import { compareLive, type Comparison } from "../pipeline.ts";
import { counted } from "../render/words.ts";
import { type OpenTarget, withTarget } from "../target.ts";
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
    const compared = await compareLive(target, context);
    const { live, resolution, changes } = compared;
    const unclaimed = unclaimedChanges(target, compared);
    const changedAt = await changeTimes([...changes, ...unclaimed], target, context);
    const found = findDrift(live, resolution, { changes, unclaimed, changedAt });
    if (found.differences.length > 0) {
      await target.record({ type: "drift.detected", fingerprint: live.fingerprint, items: found.differences.length });
    }
    context.progress.clear();
    context.show(driftPage(found, target.name, live, target.sources), () => driftDocument(found, live));
    const drifted = found.differences.length > 0 || (input.flag("unclaimed") && found.unclaimed.length > 0);
    return drifted && input.flag("detailed-exitcode") ? EXIT.changes : EXIT.done;
  });

/** What would go, beyond the files themselves, if they claimed everything about their roles. */
function unclaimedChanges(target: OpenTarget, { live, dialect, resolution }: Comparison): readonly Change[] {
  const whole = resolveManifest(withWholeClaim(target.loaded), target.name, live, dialect.rules);
  return diff(resolution.desired, whole.desired, { rules: dialect.rules });
}

/** When the server's entries behind the changes were last written, as far as it knows. */
async function changeTimes(
  changes: readonly Change[],
  target: OpenTarget,
  context: CliContext,
): Promise<(change: Change) => string | null> {
  context.progress.step("asking when it was changed");
  const times = await target.connection.lastChanged(changes, { signal: context.signal });
  const byChange = new Map(changes.map((change, index) => [change, times[index] ?? null]));
  return (change) => byChange.get(change) ?? null;
}

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
  const unclaimed: Block[] =
    found.unclaimed.length === 0
      ? []
      : [
          {
            kind: "section",
            title: "UNCLAIMED",
            note: `${counted(found.unclaimed.length, "fact")} about roles of the files that no file says; a plan leaves them alone`,
            items: found.unclaimed.map((item) => driftItem(item, sources)),
          },
        ];
  if (found.differences.length === 0) {
    const unless = found.unknowns.length === 0 ? "" : ", as far as it could be read";
    const beside =
      found.unclaimed.length === 0 ? "" : `; beside it, ${counted(found.unclaimed.length, "fact")} that no file claims`;
    return [
      facts,
      ...unclaimed,
      ...unknowns,
      { kind: "line", label: "NO DRIFT", tone: "good", text: `the database is as the files say${unless}${beside}` },
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
    ...unclaimed,
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
