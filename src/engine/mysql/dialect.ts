import { RolewrightError } from "../../base/error.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { Dialect } from "../engine.ts";
import { CAPABILITIES } from "./capabilities.ts";
import { Privileges } from "./privileges.ts";
import type { Product } from "./product.ts";
import { quoteIdentifier } from "./quote.ts";
import { mysqlStateRules } from "./rules.ts";
import { mysqlAccessRules } from "./semantics.ts";
import { seriesOf } from "./version.ts";

/** The rules and the language of one server as it was read. */
export function mysqlDialect(snapshot: Snapshot, product: Product): Dialect {
  const rules = mysqlStateRules(snapshot, product);
  // A partial revoke is recorded like a privilege, and is none that anybody could use: the rules of access do not know it.
  const privileges = new Privileges(product, seriesOf(snapshot.version));
  return {
    capabilities: CAPABILITIES[product.engine],
    rules,
    accessRules: mysqlAccessRules({ product, limits: snapshot.limits, privilegesOf: (kind) => privileges.of(kind) }),
    quoteIdentifier,
    render: () => notYet(product, "changes cannot be rendered"),
    placement: () => notYet(product, "changes cannot be planned"),
    obstacles: () => notYet(product, "changes cannot be planned"),
    limits: () => [],
    lockDemand: () => 0,
    keptBySessions: () => notYet(product, "changes cannot be planned"),
  };
}

/** What the reading half answers for the writing half. */
export function notYet(product: Product, what: string): never {
  throw new RolewrightError("RW524", `${what} on ${product.title} by this release`, {
    help: "reading, importing and asking work; look for a newer release to change things",
  });
}
