import type { GrantSource, SourceQuestion } from "../../model/access-rules.ts";
import type { AccessState } from "../../model/access-state.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { EvaluationSettings } from "./evaluated.ts";

export interface SourceContext {
  readonly state: AccessState;
  readonly catalog: Catalog;
  readonly settings: EvaluationSettings;
}

export function sources(question: SourceQuestion, context: SourceContext): readonly GrantSource[] {
  void context;
  return [{ grantee: question.grantee, resource: question.resource }];
}
