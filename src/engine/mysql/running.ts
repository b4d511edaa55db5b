import type { Snapshot } from "../../model/snapshot.ts";
import { resourceKey } from "../../model/resource.ts";
import type { HealthFact } from "../engine.ts";
import type { Session } from "./client.ts";
import { entriesOf } from "./evaluated-schemas.ts";
import { accountOf } from "./names.ts";
import type { Product } from "./product.ts";

/** What is in force on `*.*` by the server's memory, which the grant tables were read into. Complete for who may read the grant tables. */
export const RUNNING = "select grantee, privilege_type from information_schema.user_privileges";
export type RunningRow = readonly [grantee: string, privilege: string];

/** Whether the grant tables say what is in force. They differ after somebody edited them by hand, or copied them from another server, until the server reads them again. */
export async function runningFact(live: Snapshot, session: Session, product: Product): Promise<HealthFact> {
  const running = new Set((await session.rows<RunningRow>(RUNNING)).map(([who, privilege]) => `${who} ${privilege}`));
  return comparedFact(live, running, product);
}

/** The same for what was read: `'u'@'%' SELECT`. Only accounts are listed there, and the right to pass on is no privilege. */
export function comparedFact(live: Snapshot, running: ReadonlySet<string>, product: Product): HealthFact {
  const name = "in force";
  const recorded = new Set<string>();
  for (const kind of ["all-schemas", "server"] as const) {
    const list = live.access.holdings.get(resourceKey({ kind, path: [] }))?.list;
    for (const [grantee, privileges] of list === undefined ? [] : entriesOf(list)) {
      const account = accountOf(grantee);
      if (account === null) continue;
      const who = `'${account.user}'@'${account.host}'`;
      for (const privilege of privileges) if (privilege !== "GRANT OPTION") recorded.add(`${who} ${privilege}`);
    }
  }
  const dynamic = [...live.access.holdings.values()].filter(({ resource }) => resource.kind === "dynamic-privilege");
  const named = new Set(dynamic.map(({ resource }) => resource.path[0] ?? ""));
  const isStatic = (line: string): boolean => !line.endsWith(" USAGE") && !named.has(line.split(" ").at(-1) ?? "");
  const differing = [
    ...[...recorded].filter((line) => !running.has(line)),
    ...[...running].filter((line) => isStatic(line) && !recorded.has(line)),
  ].sort();
  if (differing.length === 0) {
    return { name, result: "ok", text: "what the grant tables say on `*.*` is in force" };
  }
  return {
    name,
    result: "warn",
    text: `the grant tables and what is in force differ in ${differing.length} privileges on \`*.*\`, such as ${differing[0] ?? ""}: the tables were edited or copied, and ${product.title} has not read them since`,
    fix: "run `flush privileges` once it is clear which of both is right: then the tables are",
  };
}
