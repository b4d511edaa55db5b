import { chmod, stat } from "node:fs/promises";
import { join } from "node:path";
import { decodeUtf8 } from "../../../audit/note/base64.ts";
import { newSigningKey, openSigningKey, type Signer } from "../../../audit/note/signer.ts";
import { isKeyName, KEY_TYPE } from "../../../audit/note/verifier-key.ts";
import { RolewrightError } from "../../../base/error.ts";
import { Secret } from "../../../base/secret.ts";
import { makeFolderDurably, realDisk, temporaryName } from "../audit/disk.ts";

/** Opens the key of a witness, and makes it under this name where there is none. Throws RW640 where it cannot be used: another user could read it, or it has another name. */
export async function openWitnessKey(folder: string, name: string | null): Promise<Signer> {
  const file = join(folder, "witness.key");
  if ((await realDisk.read(file)) === null) {
    if (name === null)
      throw unusable("there is no key yet", "give the witness a name with `--name`: witness.example/w1");
    await makeKey(folder, file, name);
  }
  const { mode } = await stat(file);
  if (process.platform !== "win32" && mode % 0o100 !== 0) throw unusable(`\`${file}\` can be read by other users`);
  const text = decodeUtf8((await realDisk.read(file)) ?? new Uint8Array(0)) ?? "";
  const signer = openSigningKey(new Secret(text), KEY_TYPE.cosignatureEd25519);
  if (signer === null) throw unusable(`\`${file}\` holds no key`);
  if (name !== null && signer.key.name !== name) throw unusable(`its key is named \`${signer.key.name}\``);
  return signer;
}

/** Of several that begin at once, the key of one stands. */
async function makeKey(folder: string, file: string, name: string): Promise<void> {
  if (!isKeyName(name))
    throw unusable(`\`${name}\` cannot be the name of a key`, "a name has no white space and no `+`");
  await makeFolderDurably(realDisk, folder);
  const temporary = join(folder, temporaryName());
  await realDisk.write(temporary, Buffer.from(`${newSigningKey(name).reveal()}\n`, "utf8"));
  await chmod(temporary, 0o600);
  await realDisk.sync(temporary);
  await realDisk.link(temporary, file);
  await realDisk.remove(temporary);
  await realDisk.sync(folder);
}

function unusable(why: string, help?: string): RolewrightError {
  return new RolewrightError(
    "RW640",
    `the key of the witness cannot be used: ${why}`,
    help === undefined ? {} : { help },
  );
}
