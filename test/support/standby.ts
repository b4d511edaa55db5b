import { appendFile, chown, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { Client } from "pg";
import { serverAccount } from "../../src/engine/local/account.ts";
import { runAsServer } from "../../src/engine/local/run.ts";
import { SUPERUSER } from "../../src/engine/postgresql/embedded/data-folder.ts";
import { type PostgresServer, startPostgres } from "./postgres.ts";

/** Settings of a server that another one can follow, and of the one that follows. */
export const REPLICATING: Readonly<Record<string, string>> = { wal_level: "replica", max_wal_senders: "4" };

/** Starts a standby that streams from a server which was started with `REPLICATING`: a base copy that was taken while it ran, as `pg_basebackup` takes it. It answers questions, and writes nothing. */
export async function startStandby(primary: PostgresServer): Promise<PostgresServer> {
  await appendFile(join(primary.dataDir, "pg_hba.conf"), "local replication all trust\n");
  await primary.query("select pg_reload_conf()");
  return await startPostgres({
    major: primary.major,
    settings: {
      ...REPLICATING,
      hot_standby: "on",
      primary_conninfo: `host=${primary.socket} port=${primary.port} user=${SUPERUSER}`,
    },
    prepareData: (data) => baseCopy(primary, data),
  });
}

/** Resolves when the standby has what the primary has now. */
export async function caughtUp(primary: PostgresServer, standby: PostgresServer): Promise<void> {
  const [row] = await primary.query<{ at: string }>("select pg_current_wal_flush_lsn()::text as at");
  for (;;) {
    const [there] = await standby.query<{ has: boolean }>("select pg_last_wal_replay_lsn() >= $1::pg_lsn as has", {
      values: [row?.at],
    });
    if (there?.has === true) return;
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

async function baseCopy(primary: PostgresServer, data: string): Promise<void> {
  const [begin, end] =
    primary.major >= 15
      ? ["select pg_backup_start('standby', true)", "select labelfile from pg_backup_stop(false)"]
      : ["select pg_start_backup('standby', true, false)", "select labelfile from pg_stop_backup(false, false)"];
  const client = new Client({ host: primary.socket, port: primary.port, user: SUPERUSER, database: SUPERUSER });
  await client.connect();
  try {
    await client.query(begin);
    await runAsServer("cp", ["-R", primary.dataDir, data]);
    const { rows } = await client.query<{ labelfile: string }>(end);
    await rm(join(data, "postmaster.pid"), { force: true });
    await write(join(data, "backup_label"), rows[0]?.labelfile ?? "");
    await write(join(data, "standby.signal"), "");
  } finally {
    await client.end();
  }
}

async function write(file: string, text: string): Promise<void> {
  await writeFile(file, text);
  const account = serverAccount();
  if (account !== null) await chown(file, account.uid, account.gid);
}
