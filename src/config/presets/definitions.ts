import type { Privilege } from "../../model/access-list.ts";
import type { PresetName } from "../manifest.ts";

/** What a preset gives on one kind of thing. */
export interface PresetGrant {
  /** As in a grant line; `all` is every privilege of the kind. */
  readonly privileges: readonly string[];
  readonly kind: "schema" | "table" | "sequence" | "routine" | "schema-routines";
  /** Left out of `all`. */
  readonly but?: readonly string[];
  /** Sequences only: those behind serial columns. */
  readonly serving?: true;
  /** Tables only: partitions too, on which some rights are asked for one by one. */
  readonly partitions?: true;
}

/** A preset in one way of keeping privileges. */
export interface PresetForm {
  readonly grants: readonly PresetGrant[];
  /** Without this privilege on the server the preset has no meaning there, and gives nothing. */
  readonly needs?: { readonly kind: PresetGrant["kind"]; readonly privilege: Privilege };
  /** With this privilege its holder can do more than the preset's name says. */
  readonly beyond?: { readonly privilege: Privilege; readonly what: string; readonly help: string };
}

/** One version of a preset. */
export interface PresetVersion {
  /** Where privileges are held thing by thing. */
  readonly byThing: PresetForm;
  /** Where privileges on a schema cover what is in it, now and later: of these, the ones that the server has. */
  readonly covering: PresetForm;
}

/**
 * Every version of every preset, least privilege by construction; the first is 1.
 * INVARIANT: a version that was released never changes. Something else under the same name is a new version at the end, and new words in `PRESET_WORDS`.
 */
export const PRESET_VERSIONS: Readonly<Record<PresetName, readonly [PresetVersion, ...PresetVersion[]]>> = {
  // No sequences (`nextval` writes), no routines, no definitions of views.
  "read-only": [
    {
      byThing: {
        grants: [
          { privileges: ["usage"], kind: "schema" },
          { privileges: ["select"], kind: "table" },
        ],
      },
      covering: { grants: [{ privileges: ["select"], kind: "schema" }] },
    },
  ],
  // No TRUNCATE, REFERENCES, TRIGGER, no DDL; of sequences USAGE alone, which takes the next number and cannot set it.
  "read-write": [
    {
      byThing: {
        grants: [
          { privileges: ["usage"], kind: "schema" },
          { privileges: ["select", "insert", "update", "delete"], kind: "table" },
          { privileges: ["usage"], kind: "sequence", serving: true },
        ],
      },
      covering: {
        grants: [{ privileges: ["select", "insert", "update", "delete", "modify"], kind: "schema" }],
        beyond: {
          privilege: "MODIFY",
          what: "truncate tables",
          help: "`modify` is one privilege for insert, update, delete and truncate here",
        },
      },
    },
  ],
  // PostgreSQL's MAINTAIN reads no rows. Of a partitioned table, each partition is asked about by itself. MariaDB and MySQL ask for SELECT and INSERT.
  maintenance: [
    {
      byThing: {
        grants: [
          { privileges: ["usage"], kind: "schema" },
          { privileges: ["maintain"], kind: "table", partitions: true },
        ],
        needs: { kind: "table", privilege: "MAINTAIN" },
      },
      covering: {
        grants: [{ privileges: ["select", "insert", "lock tables", "show view"], kind: "schema" }],
        needs: { kind: "schema", privilege: "LOCK TABLES" },
        beyond: {
          privilege: "SELECT",
          what: "read rows and add rows",
          help: "`analyze table` and `optimize table` ask for select and insert here, and a dump for select and lock tables",
        },
      },
    },
  ],
  // It owns nothing and passes nothing on. On PostgreSQL a trigger runs as whoever writes to the table, and a foreign key calls the operators of its types as the owner (PGE-10, PGE-11).
  // On MariaDB and MySQL it cannot put triggers on what others write (MYE-10) or replace the code that they call (MYE-11), on Cassandra it brings no code into the server (CSE-08).
  admin: [
    {
      byThing: {
        grants: [
          { privileges: ["usage", "create"], kind: "schema" },
          { privileges: ["all"], kind: "table", but: ["references", "trigger"] },
          { privileges: ["all"], kind: "sequence" },
          { privileges: ["execute"], kind: "routine" },
        ],
      },
      covering: {
        grants: [
          { privileges: ["all"], kind: "schema", but: ["authorize", "unmask", "trigger", "alter routine"] },
          { privileges: ["execute"], kind: "schema-routines" },
        ],
      },
    },
  ],
};
