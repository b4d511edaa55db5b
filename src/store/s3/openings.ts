import { createHash, randomBytes } from "node:crypto";
import { isAbout, type Opening } from "../../audit/entry/commitment.ts";
import type { BlobStore, OpeningStore } from "../../audit/log/audit-store.ts";
import { decodeUtf8 } from "../../audit/note/base64.ts";
import { equalBytes, sha256 } from "../../audit/tree/hashing.ts";
import { compareText } from "../../base/order.ts";
import type { Bucket, StoredObject } from "./bucket.ts";
import { damaged } from "./commits.ts";

/** An opening as it is kept. What was erased keeps its place, so that it is known not to be anywhere. */
type Kept = Opening | { readonly entry: string; readonly path: string; readonly erased: true };

interface Person {
  readonly ref: string;
  readonly name: string;
}

const OPENINGS = "openings/";

/** Keeps openings as one object a batch, named by its first entry, and an object a person. Erasing replaces an object by one without what is erased. */
export function bucketOpenings(bucket: Bucket): OpeningStore {
  const personKey = (name: string): string => `people/${createHash("sha256").update(name).digest("hex")}.json`;
  const readPerson = async (name: string): Promise<Person | null> => {
    const object = await bucket.get(personKey(name));
    return object === null ? null : (parse(personKey(name), object) as Person);
  };
  const keys = async (): Promise<readonly string[]> => {
    const found: string[] = [];
    for await (const { key } of bucket.list(OPENINGS)) found.push(key);
    return found.sort(compareText);
  };
  return {
    async refer(name) {
      for (;;) {
        const known = await readPerson(name);
        if (known !== null) return known.ref;
        const person: Person = { ref: randomBytes(16).toString("hex"), name };
        if (await bucket.put(personKey(name), json(person), "absent")) return person.ref;
      }
    },
    async keep(openings) {
      const [first] = openings;
      if (first === undefined) return;
      const key = `${OPENINGS}${first.entry}.json`;
      // The batch is kept again when it is committed again, then perhaps with others after it.
      for (let isKept = false; !isKept; ) {
        const there = await bucket.get(key);
        isKept = await bucket.put(key, json(openings), there === null ? "absent" : there);
      }
    },
    async find(entries) {
      const found = new Map<string, Opening[]>();
      const left = new Set(entries);
      // Ids begin with the time, so what opens an entry is usually in the last object that is named before it.
      const all = await keys();
      const last = [...entries].sort(compareText).at(-1) ?? "";
      const start = all.findLastIndex((key) => key.slice(OPENINGS.length, -".json".length) <= last);
      for (const key of [...all.slice(0, start + 1).reverse(), ...all.slice(start + 1)]) {
        if (left.size === 0) break;
        const object = await bucket.get(key);
        for (const kept of object === null ? [] : (parse(key, object) as readonly Kept[])) {
          if (!entries.has(kept.entry)) continue;
          left.delete(kept.entry);
          const known = found.get(kept.entry) ?? [];
          found.set(kept.entry, "erased" in kept ? known : [...known, kept]);
        }
      }
      return found;
    },
    async erase(name) {
      const reference = (await readPerson(name))?.ref ?? null;
      let openings = 0;
      for (const key of await keys()) openings += await eraseIn(bucket, key, { reference, name });
      await bucket.remove(personKey(name));
      return reference === null && openings === 0 ? null : { reference, openings };
    },
  };
}

/** Erases what is about somebody in one object, and nothing that others erased meanwhile comes back. */
async function eraseIn(
  bucket: Bucket,
  key: string,
  who: { readonly reference: string | null; readonly name: string },
): Promise<number> {
  for (;;) {
    const object = await bucket.get(key);
    if (object === null) return 0;
    const kept = parse(key, object) as readonly Kept[];
    const about = (each: Kept): boolean => "subject" in each && isAbout(each, who);
    const count = kept.filter(about).length;
    if (count === 0) return 0;
    const rest = kept.map((each) => (about(each) ? { entry: each.entry, path: each.path, erased: true } : each));
    if (await bucket.put(key, json(rest), object)) return count;
  }
}

const SALT_BYTES = 32;

/** Keeps blobs under their digest. */
export function bucketBlobs(bucket: Bucket): BlobStore {
  const keyOf = (address: string): string => {
    if (!/^[0-9a-f]{64}$/u.test(address)) throw damaged(`\`${address}\` is no address of a blob`);
    return `blobs/${address.slice(0, 2)}/${address}`;
  };
  return {
    async put(content) {
      const sealed = Buffer.concat([randomBytes(SALT_BYTES), content]);
      const address = Buffer.from(sha256(sealed)).toString("hex");
      await bucket.put(keyOf(address), sealed, "absent");
      return address;
    },
    async get(address) {
      const object = await bucket.get(keyOf(address));
      if (object === null) return null;
      if (!equalBytes(sha256(object.bytes), Buffer.from(address, "hex")))
        throw damaged(`the blob ${address} was changed`);
      return object.bytes.subarray(SALT_BYTES);
    },
    remove: (address) => bucket.remove(keyOf(address)),
  };
}

function json(value: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(value), "utf8");
}

function parse(key: string, { bytes }: StoredObject): unknown {
  try {
    return JSON.parse(decodeUtf8(bytes) ?? "") as unknown;
  } catch {
    throw damaged(`\`${key}\` holds no JSON`);
  }
}
