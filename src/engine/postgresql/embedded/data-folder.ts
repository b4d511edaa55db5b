import { chmod, chown, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { Secret } from "../../../base/secret.ts";
import type { ServerAccount } from "../../local/account.ts";
import { runAsServer } from "../../local/run.ts";
import type { Binaries } from "./binaries.ts";

/** The first superuser of an embedded server, unless another name is asked for; also the database that every server has. */
export const SUPERUSER = "postgres";

const SETTINGS: Readonly<Record<string, string>> = {
  fsync: "off",
  full_page_writes: "off",
  wal_level: "minimal",
  max_wal_senders: "0",
  max_parallel_workers: "0",
  shared_buffers: "32MB",
  jit: "off",
  autovacuum: "off",
  track_commit_timestamp: "on",
  log_min_messages: "warning",
  lc_messages: "C",
};

/** Runs `initdb` into a folder as the server's account; durability is nobody's concern here. */
export async function initData(data: string, binaries: Binaries, superuser: string = SUPERUSER): Promise<void> {
  const locale = binaries.major >= 17 ? ["--locale-provider=builtin", "--builtin-locale=C.UTF-8"] : [];
  const flags = ["--auth=trust", "--encoding=UTF8", "--locale=C", "--no-sync", ...locale];
  await runAsServer(binaries.initdb, ["-D", data, "-U", superuser, ...flags]);
}

/** What a data folder is set up for. */
export interface Configuration {
  readonly account: ServerAccount | null;
  readonly socketFolder: string;
  /** Null: whoever reaches the port or the socket is trusted. */
  readonly password: Secret | null;
  readonly settings: Readonly<Record<string, string>>;
  readonly tls: { readonly certificate: string; readonly key: string } | null;
}

/** Writes the settings and the rules of who may connect. Over its socket the superuser is always trusted: only the server's account can reach that. */
export async function configure(data: string, options: Configuration): Promise<void> {
  const { account, tls } = options;
  const settings = { ...SETTINGS, unix_socket_directories: options.socketFolder, ...options.settings };
  const write = async (name: string, text: string): Promise<void> => {
    const file = join(data, name);
    await writeFile(file, text);
    await chmod(file, 0o600);
    if (account !== null) await chown(file, account.uid, account.gid);
  };
  if (tls !== null) {
    await write("server.crt", tls.certificate);
    await write("server.key", tls.key);
    Object.assign(settings, { ssl: "on", ssl_cert_file: "server.crt", ssl_key_file: "server.key" });
  }
  const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value.replaceAll("'", "''")}'`);
  const initial = await readFile(join(data, "postgresql.conf"), "utf8");
  await write("postgresql.conf", `${initial}\n${lines.join("\n")}\n`);
  const method = options.password === null ? "trust" : "scram-sha-256";
  const ours = options.password === null ? "" : `local all ${SUPERUSER} trust\n`;
  await write("pg_hba.conf", `${ours}local all all ${method}\nhost all all 127.0.0.1/32 ${method}\n`);
}
