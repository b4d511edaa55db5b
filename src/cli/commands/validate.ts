import { EXIT } from "../../base/error.ts";
import { counted } from "../render/words.ts";
import { findingsSection, MANIFEST_WORDS } from "../render/findings.ts";
import { hasErrors } from "../../model/finding.ts";
import { snakeCase } from "../output/snake-case.ts";
import type { Page } from "../output/page.ts";
import type { Action } from "../command-spec.ts";
import { manifestFindings } from "../manifest-findings.ts";
import { manifestError, readManifest } from "../target.ts";

/** Checks everything about the manifest that needs no database. */
export const validate: Action = async (context, input) => {
  const { loaded, manifest, sources } = await readManifest(context);
  const findings = manifestFindings(loaded);
  if (hasErrors(findings)) throw manifestError(findings, sources);
  const section = findingsSection("MANIFEST", findings, {
    words: MANIFEST_WORDS,
    sources,
    frames: input.count("frames") ?? 1,
  });
  const size = [
    counted(loaded.files.length, "file"),
    counted(Object.keys(manifest.targets ?? {}).length, "target"),
    counted(Object.keys(manifest.roles ?? {}).length, "role"),
  ].join(", ");
  const page: Page = [
    ...(section === null ? [] : [section]),
    {
      kind: "line",
      label: "VALID",
      tone: "good",
      text: `${size}. What the names in it mean, only a database can tell`,
    },
    { kind: "line", label: "NEXT", text: "rolewright plan" },
  ];
  context.show(page, () => ({
    result: "valid",
    files: loaded.files,
    manifest_digest: loaded.digest,
    findings: snakeCase(findings),
  }));
  return EXIT.done;
};
