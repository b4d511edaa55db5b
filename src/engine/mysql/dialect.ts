import type { Snapshot } from "../../model/snapshot.ts";
import type { Dialect } from "../engine.ts";
import { CAPABILITIES } from "./capabilities.ts";
import { Privileges } from "./privileges.ts";
import type { Product } from "./product.ts";
import { keptBySessions } from "./kept-by-sessions.ts";
import type { EvaluationSettings } from "./evaluated.ts";
import { limits } from "./limits.ts";
import { obstacles } from "./obstacles.ts";
import { placement } from "./placement.ts";
import { quoteIdentifier } from "./quote.ts";
import { render } from "./render.ts";
import { mysqlStateRules } from "./rules.ts";
import { mysqlAccessRules } from "./semantics.ts";
import { seriesOf } from "./version.ts";

/** The rules and the language of one server as it was read. */
export function mysqlDialect(snapshot: Snapshot, product: Product): Dialect {
  const rules = mysqlStateRules(snapshot, product);
  // A partial revoke is recorded like a privilege, and is none that anybody could use: the rules of access do not know it.
  const privileges = new Privileges(product, seriesOf(snapshot.version));
  const settings: EvaluationSettings = {
    product,
    limits: snapshot.limits,
    privilegesOf: (kind) => privileges.of(kind),
  };
  const accessRules = mysqlAccessRules(settings);
  return {
    capabilities: CAPABILITIES[product.engine],
    rules,
    accessRules,
    quoteIdentifier,
    render: (request) => render(request, settings),
    placement: (change) => placement(change, product),
    obstacles: (request) => obstacles(request, { snapshot, rules: accessRules, product }),
    limits: (after, changed) => limits(after, changed, { snapshot, product }),
    lockDemand: () => 0,
    keptBySessions: (change) => keptBySessions(change, snapshot, product),
  };
}
