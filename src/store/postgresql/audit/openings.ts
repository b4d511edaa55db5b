import { createHash, randomBytes } from "node:crypto";
import { isAbout, type Opening } from "../../../audit/entry/commitment.ts";
import type { BlobStore, OpeningStore } from "../../../audit/log/audit-store.ts";
import { decodeUtf8 } from "../../../audit/note/base64.ts";
import { equalBytes, sha256 } from "../../../audit/tree/hashing.ts";
import { bytesOf, damaged, inTransaction, type LogSession } from "./session.ts";

/** Adds a name with a reference, unless it has one, and gives nothing. Names are bytes: no encoding of the database changes them. */
export const ADD_PERSON = `
  insert into rolewright_audit.person (name_digest, ref, name) values ($1, $2, $3) on conflict (name_digest) do nothing`;

export const FIND_PERSON = `select ref from rolewright_audit.person where name_digest = $1`;
export type PersonRow = readonly [ref: string];

/** The lock holds off whoever erases the same name at this moment. */
export const LOCK_PERSON = `select ref from rolewright_audit.person where name_digest = $1 for update`;

export const REMOVE_PERSON = `delete from rolewright_audit.person where name_digest = $1`;

/** A batch is kept again when it is committed again; what was erased meanwhile does not come back. */
export const KEEP_OPENINGS = `
  insert into rolewright_audit.opening (entry, place, subject, opening)
  select * from unnest($1::text[], $2::int[], $3::text[], $4::bytea[])
  on conflict (entry, place) do nothing`;

export const FIND_OPENINGS = `
  select entry, opening::text from rolewright_audit.opening where entry = any ($1::text[]) order by entry, place`;
/** Null: it was erased. */
export type OpeningRow = readonly [entry: string, opening: string | null];

/** What is erased keeps its place, so that it is known not to be anywhere. */
export const ERASE_OPENINGS = `
  update rolewright_audit.opening o set subject = null, opening = null
  from unnest($1::text[], $2::int[]) about (entry, place)
  where o.entry = about.entry and o.place = about.place and o.opening is not null returning o.entry`;

/** What may be about somebody: by the reference, or since the name stands in it. What else it takes is looked at by whoever erases. */
export const FIND_ABOUT = `
  select entry, place::text, opening::text from rolewright_audit.opening
  where opening is not null and (subject = $1 or position($2::bytea in opening) > 0)`;
export type AboutRow = readonly [entry: string, place: string, opening: string];

export const PUT_BLOB = `insert into rolewright_audit.blob (address, bytes) values ($1, $2) on conflict do nothing`;
export const GET_BLOB = `select bytes::text from rolewright_audit.blob where address = $1`;
export const REMOVE_BLOB = `delete from rolewright_audit.blob where address = $1`;

/** Does something in a session of the log, once the tables are there. */
export type Use = <T>(work: (session: LogSession) => Promise<T>) => Promise<T>;

/** Looks something up without the rights of a writer; gives the other where the log has not begun. */
export type Look = <T>(otherwise: T, work: (session: LogSession) => Promise<T>) => Promise<T>;

/** Keeps openings as rows, one each, found by their entry and by whom they are about. */
export function openingRows(use: Use, look: Look): OpeningStore {
  return {
    refer: (name) =>
      use(async (session) => {
        const digest = digestOf(name);
        for (;;) {
          const [known] = await session.rows<PersonRow>(FIND_PERSON, [digest]);
          if (known !== undefined) return known[0];
          await session.rows(ADD_PERSON, [digest, randomBytes(16).toString("hex"), jsonOf(name)]);
        }
      }),
    async keep(openings) {
      if (openings.length === 0) return;
      const counts = new Map<string, number>();
      const places = openings.map(({ entry }) => {
        const place = counts.get(entry) ?? 0;
        counts.set(entry, place + 1);
        return place;
      });
      await use((session) =>
        session.rows(KEEP_OPENINGS, [
          openings.map(({ entry }) => entry),
          places,
          openings.map(({ subject }) => subject),
          openings.map(jsonOf),
        ]),
      );
    },
    async find(entries) {
      const found = new Map<string, Opening[]>();
      const rows = await look([], (session) => session.rows<OpeningRow>(FIND_OPENINGS, [[...entries]]));
      for (const [entry, opening] of rows) {
        const known = found.get(entry) ?? [];
        found.set(entry, opening === null ? known : [...known, parse(entry, opening)]);
      }
      return found;
    },
    erase: (name) =>
      use((session) =>
        inTransaction(session, async () => {
          const [person] = await session.rows<PersonRow>(LOCK_PERSON, [digestOf(name)]);
          const reference = person?.[0] ?? null;
          const written = JSON.stringify(name).slice(1, -1);
          const found = await session.rows<AboutRow>(FIND_ABOUT, [reference, Buffer.from(written, "utf8")]);
          const about = found.filter(([entry, , opening]) => isAbout(parse(entry, opening), { reference, name }));
          const places = [about.map(([entry]) => entry), about.map(([, place]) => Number(place))];
          const erased = await session.rows(ERASE_OPENINGS, places);
          await session.rows(REMOVE_PERSON, [digestOf(name)]);
          return reference === null && erased.length === 0 ? null : { reference, openings: erased.length };
        }),
      ),
  };
}

const SALT_BYTES = 32;

/** Keeps blobs as rows under their digest. */
export function blobRows(use: Use, look: Look): BlobStore {
  return {
    async put(content) {
      const sealed = Buffer.concat([randomBytes(SALT_BYTES), content]);
      const address = Buffer.from(sha256(sealed)).toString("hex");
      await use((session) => session.rows(PUT_BLOB, [address, sealed]));
      return address;
    },
    async get(address) {
      const [row] = await look([], (session) => session.rows<readonly [string]>(GET_BLOB, [address]));
      if (row === undefined) return null;
      const sealed = bytesOf(row[0]);
      if (!equalBytes(sha256(sealed), Buffer.from(address, "hex"))) throw damaged(`the blob ${address} was changed`);
      return sealed.subarray(SALT_BYTES);
    },
    async remove(address) {
      await use((session) => session.rows(REMOVE_BLOB, [address]));
    },
  };
}

function digestOf(name: string): string {
  return createHash("sha256").update(name).digest("hex");
}

function jsonOf(value: unknown): Buffer {
  return Buffer.from(JSON.stringify(value), "utf8");
}

function parse(entry: string, opening: string): Opening {
  try {
    return JSON.parse(decodeUtf8(bytesOf(opening)) ?? "") as Opening;
  } catch {
    throw damaged(`what opens the entry \`${entry}\` is no JSON`);
  }
}
