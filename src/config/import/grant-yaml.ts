import { printPart } from "../names.ts";
import { inSpokenOrder, type GrantStatement } from "./statement.ts";
import type { Yaml } from "./yaml.ts";

/** How long a line of text may be before the map form with a list is easier to read. */
const LONG_LINE = 110;

/** A statement as an entry of `grants` or `revoke`: a line of text where that says everything, else the map form. */
export function grantYaml(statement: GrantStatement): Yaml {
  const { on, by, creators, database } = statement;
  const privileges = inSpokenOrder(statement.privileges).map((privilege) => privilege.toLowerCase());
  const kind = statement.kind === "column" ? "table" : statement.kind;
  // `database` beside other things says where they are, so it takes one name; names are exact in the plural too, as long as they have no star.
  const word = on.pattern || (kind === "database" && on.names.length > 1) ? `${kind}s` : kind;
  const plain = by === null && creators.length === 0 && on.except.length === 0 && !on.partitions && database === null;
  if (plain) {
    const columns = statement.columns.length === 0 ? "" : ` (${statement.columns.map(printPart).join(", ")})`;
    const what = privileges.map((privilege) => privilege + columns).join(", ");
    const line = `${what} on ${word} ${on.names.join(", ")}${statement.grantable ? " with grant option" : ""}`;
    if (line.length <= LONG_LINE || on.names.length === 1) return line;
  }
  return {
    privileges,
    columns: statement.columns.length === 0 ? undefined : statement.columns,
    on: {
      [word]: on.names.length === 1 ? on.names[0] : on.names,
      except: on.except.length === 0 ? undefined : on.except,
      partitions: on.partitions ? true : undefined,
      database: database ?? undefined,
    },
    grantable: statement.grantable ? true : undefined,
    by: by ?? undefined,
    future: creators.length === 0 ? undefined : { creators, only: statement.futureOnly ? true : undefined },
  };
}
