import { isUnnamed } from "../../model/resource.ts";
import { GRANT_OPTION } from "../grant-option.ts";
import { kindWord } from "../kind-words.ts";
import { printPart } from "../names.ts";
import { inSpokenOrder, type GrantStatement } from "./statement.ts";
import type { Yaml } from "./yaml.ts";

/** How long a line of text may be before the map form with a list is easier to read. */
const LONG_LINE = 110;

/** How many privileges a long line may have, for the same reason. */
const MANY_PRIVILEGES = 8;

/** A statement as an entry of `grants` or `revoke`: a line of text where that says everything, else the map form. */
export function grantYaml(statement: GrantStatement): Yaml {
  const { on, by, creators, database, missing } = statement;
  // Where the right to pass on is a privilege of its own, it is said as everywhere; alone it is a line of its own.
  const others = statement.privileges.filter((privilege) => privilege !== GRANT_OPTION);
  const passed = others.length > 0 && others.length < statement.privileges.length;
  const grantable = statement.grantable || passed;
  const privileges = inSpokenOrder(passed ? others : statement.privileges).map((each) => each.toLowerCase());
  const kind = statement.kind === "column" ? "table" : statement.kind;
  // `database` beside other things says where they are, so it takes one name; names are exact in the plural too, as long as they have no star.
  const word = kindWord(kind, on.pattern || missing || (kind === "database" && on.names.length > 1));
  const unnarrowed = on.except.length === 0 && !on.partitions && database === null;
  if (by === null && creators.length === 0 && unnarrowed && !missing) {
    const columns = statement.columns.length === 0 ? "" : ` (${statement.columns.map(printPart).join(", ")})`;
    const what = privileges.map((privilege) => privilege + columns).join(", ");
    const where = isUnnamed(kind) ? word : `${word} ${on.names.join(", ")}`;
    const line = `${what} on ${where}${grantable ? " with grant option" : ""}`;
    if (line.length <= LONG_LINE || (on.names.length === 1 && privileges.length <= MANY_PRIVILEGES)) return line;
  }
  return {
    privileges,
    columns: statement.columns.length === 0 ? undefined : statement.columns,
    on: {
      [word]: isUnnamed(kind) ? true : on.names.length === 1 ? on.names[0] : on.names,
      except: on.except.length === 0 ? undefined : on.except,
      partitions: on.partitions ? true : undefined,
      database: database ?? undefined,
    },
    grantable: grantable ? true : undefined,
    by: by ?? undefined,
    may_be_empty: missing ? true : undefined,
    future: creators.length === 0 ? undefined : { creators, only: statement.futureOnly ? true : undefined },
  };
}
