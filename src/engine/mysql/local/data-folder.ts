import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { chown, mkdir, mkdtemp, readFile, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { digestText, shortDigest } from "../../../base/digest.ts";
import { RolewrightError } from "../../../base/error.ts";
import { asAccount, serverAccount } from "../../local/account.ts";
import { cacheFolder, withLock } from "../../local/cache.ts";
import { runAsServer } from "../../local/run.ts";
import type { Programs } from "./programs.ts";

/** The administrator of every throw-away server. */
export const ADMINISTRATOR = "root";

/**
 * What a new server holds. `secured`: `root`, and nobody else who can log in. `as installed`: also what the installation script makes unless it is told otherwise, which is anonymous accounts, a
 * database `test`, and nearly every privilege for PUBLIC on `test` and on every database whose name begins with `test_`.
 */
export type Fresh = "secured" | "as installed";

/** For speed: little memory, and nothing waits for the disk. What was committed survives the end of the server, but not that of the machine. */
export const SETTINGS: Readonly<Record<string, string>> = {
  "innodb-buffer-pool-size": "16M",
  "innodb-log-file-size": "4M",
  "innodb-flush-log-at-trx-commit": "2",
  "innodb-use-native-aio": "0",
  "innodb-buffer-pool-load-at-startup": "0",
  "aria-pagecache-buffer-size": "4M",
  "key-buffer-size": "1M",
  "debug-no-sync": "1",
  "performance-schema": "0",
  "character-set-server": "utf8mb4",
  "max-connections": "200",
};

/** Fills an empty data folder, as the server's account, by copying one that is made once for each version and kept in the cache. */
export async function copyTemplate(
  data: string,
  options: { readonly programs: Programs; readonly fresh: Fresh },
): Promise<void> {
  await runAsServer("cp", ["-R", join(await prepareTemplate(options.programs, options.fresh), "data"), data]);
}

/** The options that every run of the program needs, first. */
export function programOptions(programs: Programs, data: string): string[] {
  return ["--no-defaults", `--basedir=${programs.base}`, `--lc-messages-dir=${programs.share}`, `--datadir=${data}`];
}

/** The folder with the `data` of a server that was never started; made when it is first asked for. */
export async function prepareTemplate(programs: Programs, fresh: Fresh): Promise<string> {
  const sql = await initialSql(programs, fresh);
  const cache = await cacheFolder();
  const name = `template-mariadb-${programs.version}-${shortDigest(digestText(sql + JSON.stringify(SETTINGS)))}`;
  const folder = join(cache, name);
  if (existsSync(folder)) return folder;
  await withLock(`${folder}.lock`, async () => {
    if (existsSync(folder)) return;
    const scratch = await mkdtemp(join(cache, "incoming-"));
    try {
      const data = join(scratch, "data");
      await mkdir(data, { mode: 0o700 });
      const account = serverAccount();
      if (account !== null) for (const each of [scratch, data]) await chown(each, account.uid, account.gid);
      await bootstrap(programs, { data, sql });
      await rename(scratch, folder);
    } finally {
      await rm(scratch, { recursive: true, force: true });
    }
  });
  return folder;
}

const SCRIPTS = [
  "mysql_system_tables.sql",
  "mysql_performance_tables.sql",
  "mysql_system_tables_data.sql",
  "maria_add_gis_sp_bootstrap.sql",
  "mysql_sys_schema.sql",
];
const TEST_DATABASE_SCRIPT = "mysql_test_db.sql";

/** What `mariadb-install-db` feeds to a new server, without the texts of HELP. */
async function initialSql(programs: Programs, fresh: Fresh): Promise<string> {
  const names = fresh === "secured" ? SCRIPTS : [...SCRIPTS, TEST_DATABASE_SCRIPT];
  const scripts = await Promise.all(names.map((name) => readFile(join(programs.share, name), "utf8")));
  const before = "create database mysql;\nuse mysql;\nset @auth_root_socket = 'mysql';\n";
  return [before, ...scripts, fresh === "secured" ? SECURE : ""].join("\n");
}

/** `root` alone, with a password that nobody can give: every server sets its own before it answers. `mariadb.sys` is the definer of the server's own views. */
const SECURE = `
delete from global_priv where user not in ('root', 'mariadb.sys') or host <> 'localhost';
update global_priv set priv = json_object('access', 18446744073709551615, 'plugin', 'mysql_native_password', 'authentication_string', 'invalid') where user = 'root';
insert into global_priv select '127.0.0.1', user, priv from global_priv where user = 'root';
delete from proxies_priv;
insert into proxies_priv select host, user, '', '', 1, '', now() from global_priv where user = 'root';
`;

async function bootstrap(programs: Programs, to: { readonly data: string; readonly sql: string }): Promise<void> {
  const options = Object.entries(SETTINGS).map(([name, value]) => `--${name}=${value}`);
  const args = [...programOptions(programs, to.data), "--bootstrap", "--log-warnings=0", ...options];
  const more = ["--max-allowed-packet=8M", "--net-buffer-length=16K"];
  await new Promise<void>((resolve, reject) => {
    const surroundings = { ...asAccount(serverAccount()), cwd: "/", env: programs.environment };
    const child = execFile(programs.mariadbd, [...args, ...more], surroundings, (cause, _out, complaints) => {
      if (cause === null) resolve();
      else
        reject(new RolewrightError("RW594", `a new MariaDB could not be set up: ${complaint(complaints)}`, { cause }));
    });
    child.stdin?.on("error", () => {}); // It ended before it read everything: its exit says so.
    child.stdin?.end(to.sql);
  });
}

function complaint(text: string): string {
  const lines = text.trim().split("\n");
  return lines.find((line) => /ERROR/u.test(line)) ?? lines.at(-1) ?? "";
}
