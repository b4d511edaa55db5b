import { createHash, randomBytes } from "node:crypto";
import { join } from "node:path";
import { isAbout, type Opening } from "../../../audit/entry/commitment.ts";
import type { OpeningStore } from "../../../audit/log/audit-store.ts";
import { decodeUtf8 } from "../../../audit/note/base64.ts";
import { compareText } from "../../../base/order.ts";
import { damaged } from "./commits.ts";
import { type Disk, temporaryName } from "./disk.ts";
import type { Folders } from "./folders.ts";

/** An opening as it lies in a file. What was erased keeps its place, so that it is known not to be anywhere. */
type Kept = Opening | { readonly entry: string; readonly path: string; readonly erased: true };

interface Person {
  readonly ref: string;
  readonly name: string;
}

/** Keeps openings as one file a batch, named by its first entry, and a file a person. Erasing writes a file anew without what is erased. */
export function openingFiles(disk: Disk, folders: Folders): OpeningStore {
  const personFile = (name: string): string =>
    join(folders.people, `${createHash("sha256").update(name).digest("hex")}.json`);
  const readPerson = async (name: string): Promise<Person | null> => {
    const bytes = await disk.read(personFile(name));
    return bytes === null ? null : (parse(personFile(name), bytes) as Person);
  };
  const files = async (): Promise<readonly string[]> =>
    (await disk.names(folders.openings)).filter((name) => name.endsWith(".json")).sort(compareText);
  const readKept = async (name: string): Promise<readonly Kept[]> => {
    const path = join(folders.openings, name);
    const bytes = await disk.read(path);
    return bytes === null ? [] : (parse(path, bytes) as readonly Kept[]);
  };
  const put = async (file: string, folder: string, value: unknown): Promise<void> => {
    const temporary = join(folders.temporary, temporaryName());
    await disk.write(temporary, Buffer.from(JSON.stringify(value), "utf8"));
    await disk.sync(temporary);
    await disk.rename(temporary, file);
    await disk.sync(folder);
  };
  return {
    async refer(name) {
      const known = await readPerson(name);
      if (known !== null) return known.ref;
      const person: Person = { ref: randomBytes(16).toString("hex"), name };
      const temporary = join(folders.temporary, temporaryName());
      await disk.write(temporary, Buffer.from(JSON.stringify(person), "utf8"));
      await disk.sync(temporary);
      const isFirst = await disk.link(temporary, personFile(name));
      await disk.remove(temporary);
      await disk.sync(folders.people);
      return isFirst ? person.ref : ((await readPerson(name))?.ref ?? person.ref);
    },
    async keep(openings) {
      const [first] = openings;
      if (first === undefined) return;
      await put(join(folders.openings, `${first.entry}.json`), folders.openings, openings);
    },
    async find(entries) {
      const found = new Map<string, Opening[]>();
      const left = new Set(entries);
      // Ids begin with the time, so what opens an entry is usually in the last file that is named before it.
      const names = await files();
      const last = [...entries].sort(compareText).at(-1) ?? "";
      const start = names.findLastIndex((name) => name.slice(0, -".json".length) <= last);
      const order = [...names.slice(0, start + 1).reverse(), ...names.slice(start + 1)];
      for (const name of order) {
        if (left.size === 0) break;
        for (const kept of await readKept(name)) {
          if (!entries.has(kept.entry)) continue;
          left.delete(kept.entry);
          const known = found.get(kept.entry) ?? [];
          found.set(kept.entry, "erased" in kept ? known : [...known, kept]);
        }
      }
      return found;
    },
    async erase(name) {
      const person = await readPerson(name);
      const reference = person?.ref ?? null;
      let openings = 0;
      for (const file of await files()) {
        const kept = await readKept(file);
        const about = (each: Kept): boolean => "subject" in each && isAbout(each, { reference, name });
        if (!kept.some(about)) continue;
        openings += kept.filter(about).length;
        const rest = kept.map((each) => (about(each) ? { entry: each.entry, path: each.path, erased: true } : each));
        await put(join(folders.openings, file), folders.openings, rest);
      }
      await disk.remove(personFile(name));
      await disk.sync(folders.people);
      return person === null && openings === 0 ? null : { reference, openings };
    },
  };
}

function parse(path: string, bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decodeUtf8(bytes) ?? "") as unknown;
  } catch {
    throw damaged(`\`${path}\` holds no JSON`);
  }
}
