import { CATALOGUE } from "../../analysis/checks/catalogue.ts";
import { type Control, controlsOf } from "../../analysis/checks/controls.ts";
import type { Danger } from "../../model/check-finding.ts";
import type { CodePage } from "../../model/codes/code-page.ts";
import { CODES } from "../../model/codes/index.ts";

/** What is behind a code: a check of the catalogue, or another diagnostic. */
export interface Rule {
  readonly id: string;
  readonly page: CodePage;
  /** Null: it is no check. */
  readonly danger: Danger | null;
  readonly principles: readonly string[];
  readonly controls: readonly Control[];
}

const RULES: ReadonlyMap<string, Rule> = new Map([
  ...Object.entries(CODES).map(([id, page]): readonly [string, Rule] => [
    id,
    { id, page, danger: null, principles: [], controls: [] },
  ]),
  ...CATALOGUE.map((check): readonly [string, Rule] => [
    check.id,
    { id: check.id, page: check, danger: check.danger, principles: check.principles, controls: controlsOf(check) },
  ]),
]);

/** The rule of a code. What has no page of its own (a policy of the manifest) explains itself by its message. */
export function ruleOf(id: string): Rule {
  const unknown = { title: id, why: "A rule of this manifest.", fix: "What it says." };
  return RULES.get(id) ?? { id, page: unknown, danger: null, principles: [], controls: [] };
}
