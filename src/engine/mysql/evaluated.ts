import type { AccessState } from "../../model/access-state.ts";
import type { Catalog } from "../../model/catalog.ts";
import type { Product } from "./product.ts";

/** What of a server's settings decides about access. */
export interface EvaluationSettings {
  readonly product: Product;
  /** `lower_case_table_names`, `skip_name_resolve`, `partial_revokes`: see Snapshot.limits. */
  readonly limits: Readonly<Record<string, number>>;
}

export function evaluate(state: AccessState, catalog: Catalog, settings: EvaluationSettings): AccessState {
  void catalog;
  void settings;
  return state;
}
