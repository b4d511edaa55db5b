import { randomBytes } from "node:crypto";
import { existsSync } from "node:fs";
import { rename, rm, stat } from "node:fs/promises";
import { dirname, join } from "node:path";
import { digestText } from "../../../../base/digest.ts";
import { serverAccount } from "../../../local/account.ts";
import { privateFolder } from "../../../local/run.ts";
import type { Binaries } from "../../embedded/binaries.ts";
import { initData } from "../../embedded/data-folder.ts";
import { copyFolder, moveFolder } from "../../embedded/server.ts";
import { forgetOld, ownFolder } from "./warm.ts";

/** How long what `initdb` made is copied: programs of the same version may be replaced by others. */
const KEPT_MS = 24 * 3_600_000;

/** Fills an empty data folder as `initdb` does, by a copy of what it made the last time for these programs and this superuser: that takes a tenth of the time. */
export async function copyInitialData(data: string, binaries: Binaries, superuser: string): Promise<void> {
  const folder = await ownFolder("templates");
  const { mtimeMs } = await stat(binaries.initdb);
  const name = digestText(JSON.stringify([binaries.initdb, binaries.version, mtimeMs, superuser])).slice(7, 39);
  const template = join(folder, name);
  try {
    if (!existsSync(template)) await make(template, binaries, superuser);
    await copyFolder(template, data);
  } catch {
    await rm(data, { recursive: true, force: true });
    await initData(data, binaries, superuser); // It was taken away just now, or nothing can be copied here.
  }
}

/** `initdb` runs as the account of the server, which may not enter our folder. Two at once make two, and the later one is thrown away. */
async function make(template: string, binaries: Binaries, superuser: string): Promise<void> {
  const account = serverAccount();
  const place = await privateFolder("rolewright-initdb-", account);
  const scratch = `${template}-${randomBytes(8).toString("hex")}`;
  try {
    await initData(join(place, "data"), binaries, superuser);
    await moveFolder(join(place, "data"), scratch);
    await rename(scratch, template).catch(() => {});
    await forgetOld(dirname(template), KEPT_MS);
  } finally {
    await rm(scratch, { recursive: true, force: true });
    await rm(place, { recursive: true, force: true });
  }
}
