import type { CollectPolicy } from "../../../audit/log/audit-store.ts";
import type { FrameFile } from "../../../audit/log/frame.ts";
import { decodeUtf8 } from "../../../audit/note/base64.ts";
import { parseTilePath, TILE_WIDTH, type TileName, tilePath } from "../../../audit/tree/tiles.ts";
import { bytesOf, damaged, type LogSession } from "./session.ts";

/** Puts tiles in; gives those that are there already and are others. A tile has one content for ever. */
export const PUT_TILES = `
  with given as (
    select * from unnest($1::smallint[], $2::bigint[], $3::smallint[], $4::bytea[]) as g (level, index, width, bytes)
  ), put as (
    insert into rolewright_audit.tile (level, index, width, bytes, generation)
    select level, index, width, bytes, $5 from given on conflict do nothing
  )
  select t.level::text, t.index::text, t.width::text
  from given g join rolewright_audit.tile t using (level, index, width) where t.bytes <> g.bytes`;
export type TileRow = readonly [level: string, index: string, width: string];

export const GET_TILE = `select bytes::text from rolewright_audit.tile where level = $1 and index = $2 and width = $3`;
export type BytesRow = readonly [bytes: string];

export const GET_CHECKPOINT = `select note::text from rolewright_audit.checkpoint`;

export const PUT_CHECKPOINT = `
  insert into rolewright_audit.checkpoint as c (size, note) values ($1, $2)
  on conflict (one) do update set size = excluded.size, note = excluded.note where c.size <= excluded.size`;

/** A page of names, after the last one of the page before. */
export const LIST_TILES = `
  select t.level::text, t.index::text, t.width::text from rolewright_audit.tile t
  where (t.level, t.index, t.width) > ($1::smallint, $2::bigint, $3::smallint)
  order by t.level, t.index, t.width limit 1000`;

/** Whether this role may delete tiles at all: a writer need not. */
export const MAY_COLLECT = `select pg_catalog.has_table_privilege('rolewright_audit.tile', 'delete')::text`;

/** Partial tiles whose whole one is there, and old enough. */
export const COLLECT: string = `
  delete from rolewright_audit.tile p
  using rolewright_audit.tile t, rolewright_audit.frame f
  where p.width < ${TILE_WIDTH} and t.level = p.level and t.index = p.index and t.width = ${TILE_WIDTH}
    and f.generation = t.generation and f.generation <= (select max(generation) - $1 from rolewright_audit.frame)
    and f.written_at <= pg_catalog.clock_timestamp() - $2 * interval '1 millisecond'`;

/** Bundles of entries stand below the levels of hashes. */
const ENTRIES = -1;

/** Puts the files of a frame in. Throws RW604 where one is there that is another. */
export async function putTiles(session: LogSession, generation: number, files: readonly FrameFile[]): Promise<void> {
  const names = files.map(({ path }) => {
    const name = parseTilePath(path);
    if (name === null) throw damaged(`\`${path}\` is no file of a tree`);
    return name;
  });
  const others = await session.rows<TileRow>(PUT_TILES, [
    names.map(levelOf),
    names.map(({ index }) => index),
    names.map(({ width }) => width),
    files.map(({ bytes }) => Buffer.from(bytes)),
    generation,
  ]);
  const [other] = others.map((row) => tilePath(nameOf(row)));
  if (other !== undefined) throw damaged(`\`${other}\` is there already, and is another one`);
}

/** A file of the served tree; null where there is none. */
export async function getFile(session: LogSession, path: string): Promise<Uint8Array | null> {
  if (path === "checkpoint") {
    const [row] = await session.rows<BytesRow>(GET_CHECKPOINT);
    return row === undefined ? null : bytesOf(row[0]);
  }
  const name = parseTilePath(path);
  if (name === null) return null;
  const [row] = await session.rows<BytesRow>(GET_TILE, [levelOf(name), name.index, name.width]);
  return row === undefined ? null : bytesOf(row[0]);
}

/** The names of tiles after one; none when that was the last. */
export async function tilesAfter(session: LogSession, last: TileName | null): Promise<readonly TileName[]> {
  const after = last === null ? [ENTRIES - 1, 0, 0] : [levelOf(last), last.index, last.width];
  return (await session.rows<TileRow>(LIST_TILES, after)).map(nameOf);
}

/** Puts the checkpoint in its place, unless one of more entries is there. */
export async function putCheckpoint(session: LogSession, note: Uint8Array): Promise<void> {
  // The size as it stands in the note, believed only to compare two of our own.
  const size = Number((decodeUtf8(note) ?? "").split("\n")[1] ?? "");
  await session.rows(PUT_CHECKPOINT, [Number.isSafeInteger(size) ? size : 0, Buffer.from(note)]);
}

/** Removes partial tiles that are not needed any more, where this role may. */
export async function collectTiles(session: LogSession, { frames, ageMs }: CollectPolicy): Promise<void> {
  const [[may] = [""]] = await session.rows<readonly [string]>(MAY_COLLECT);
  if (may === "true") await session.rows(COLLECT, [frames, ageMs]);
}

function levelOf({ level }: TileName): number {
  return level === "entries" ? ENTRIES : level;
}

function nameOf([level, index, width]: TileRow): TileName {
  return {
    level: Number(level) === ENTRIES ? "entries" : Number(level),
    index: Number(index),
    width: Number(width),
  };
}
