import type { Snapshot } from "../../model/snapshot.ts";
import type { HealthFact } from "../engine.ts";
import type { Session } from "./client.ts";
import type { Dsn } from "./dsn.ts";
import type { Product } from "./product.ts";
import { supportFact } from "./version.ts";

export interface Examination {
  readonly session: Session;
  readonly dsn: Dsn;
  readonly product: Product;
}

/** Looks at the server, the way to it and our account, and says of each how it is and what would fix it. */
export async function examine(live: Snapshot, { session, product }: Examination): Promise<readonly HealthFact[]> {
  const [row] = await session.rows<readonly [string]>("select utc_date()");
  return [supportFact(live.version, product, row?.[0] ?? "")];
}
