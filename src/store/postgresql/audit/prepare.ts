import { RolewrightError } from "../../../base/error.ts";
import { inTransaction, type LogSession, stateOf } from "./session.ts";
import {
  type DurabilityRow,
  FIND_TABLES,
  type FoundTables,
  LOCK_TABLES,
  MAKE_TABLES,
  READ_DURABILITY,
  READ_VERSION,
  TABLES_VERSION,
  type VersionRow,
} from "./tables.ts";

/** Whether the log's tables are there. Throws RW646 where they are of a version that this program does not know. */
export async function hasTables(session: LogSession): Promise<boolean> {
  const [[found] = [null]] = await session.rows<FoundTables>(FIND_TABLES);
  if (found === null) return false;
  const [[version] = [""]] = await session.rows<VersionRow>(READ_VERSION);
  if (version === String(TABLES_VERSION)) return true;
  throw new RolewrightError(
    "RW646",
    `the audit log's tables are of version \`${version}\`, and this program knows ${TABLES_VERSION}`,
    { help: "use the version of Rolewright that the others use who write to this log" },
  );
}

/** Makes the tables where there are none, and sees that what is committed will last. Throws RW645, RW646 or RW647. */
export async function prepareTables(session: LogSession): Promise<void> {
  await requireDurable(session);
  if (await hasTables(session)) return;
  try {
    await inTransaction(session, async () => {
      await session.rows(LOCK_TABLES);
      if (!(await hasTables(session))) await session.run(MAKE_TABLES);
    });
  } catch (error) {
    if (stateOf(error) !== "42501" && stateOf(error) !== "42P06") throw error;
    throw new RolewrightError("RW645", "the audit log's tables are not there, and this role may not make them", {
      cause: error,
      help: "run any command that records something once as a role that may create a schema, and grant the writer what docs/audit.md says",
    });
  }
}

async function requireDurable(session: LogSession): Promise<void> {
  const [row] = await session.rows<DurabilityRow>(READ_DURABILITY);
  const [fsync, fullPages, synchronous, standby] = row ?? ["", "", "", ""];
  const refuse = (what: string, help: string): RolewrightError =>
    new RolewrightError("RW647", `the server cannot hold an audit log: ${what}`, { help });
  if (standby === "true") throw refuse("it is a standby", "name the primary in the URL");
  if (fsync !== "on" || fullPages !== "on")
    throw refuse("`fsync` or `full_page_writes` is off", "a power loss would take what was acknowledged: turn them on");
  if (synchronous !== "on" && synchronous !== "remote_apply")
    throw refuse(`\`synchronous_commit\` is \`${synchronous}\``, "it must be `on` or `remote_apply`");
}
