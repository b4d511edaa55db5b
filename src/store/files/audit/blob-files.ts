import { randomBytes } from "node:crypto";
import { dirname, join } from "node:path";
import type { BlobStore } from "../../../audit/log/audit-store.ts";
import { sha256 } from "../../../audit/tree/hashing.ts";
import { damaged } from "./commits.ts";
import { type Disk, makeFolderDurably, temporaryName } from "./disk.ts";
import type { Folders } from "./folders.ts";

/** How many random bytes stand before the content, so that its digest tells nothing about it. */
const SALT_BYTES = 32;

/** Keeps blobs as files named by their digest, in folders of its first two digits. */
export function blobFiles(disk: Disk, folders: Folders): BlobStore {
  const fileOf = (address: string): string => {
    if (!/^[0-9a-f]{64}$/.test(address)) throw damaged(`\`${address}\` is no address of a blob`);
    return join(folders.blobs, address.slice(0, 2), address);
  };
  return {
    async put(content) {
      const sealed = Buffer.concat([randomBytes(SALT_BYTES), content]);
      const address = Buffer.from(sha256(sealed)).toString("hex");
      const file = fileOf(address);
      await makeFolderDurably(disk, dirname(file));
      const temporary = join(folders.temporary, temporaryName());
      await disk.write(temporary, sealed);
      await disk.sync(temporary);
      await disk.rename(temporary, file);
      await disk.sync(dirname(file));
      return address;
    },
    async get(address) {
      const sealed = await disk.read(fileOf(address));
      if (sealed === null) return null;
      if (Buffer.from(sha256(sealed)).toString("hex") !== address) throw damaged(`the blob ${address} was changed`);
      return sealed.subarray(SALT_BYTES);
    },
    async remove(address) {
      await disk.remove(fileOf(address));
      await disk.sync(dirname(fileOf(address)));
    },
  };
}
