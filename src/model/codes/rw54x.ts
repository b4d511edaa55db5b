import type { CodePage } from "./code-page.ts";

/** Diagnostics of evidence of use: logs, counters and the file that they end in. RW540 to RW549. */
export const RW54X: Readonly<Record<string, CodePage>> = {
  RW540: {
    title: "changes on this engine cannot be simulated",
    why: "There is no reader of its workload, and no shadow to try a change on.",
    fix: "Use `rolewright plan` and `rolewright check`: who gains and loses what is exact without a simulation.",
  },
  RW541: {
    title: "a log is of no form that is known",
    why: "Its first lines fit none of the forms, and a log that is guessed at would give evidence of things that nobody did.",
    fix: "Name the form with `--format`; `rolewright workload collect --help` lists them. Anything can be turned into `jsonl`: one JSON object a line with `statement`, `at` and who did it.",
    example: '{"at":"2026-11-20T10:00:00Z","database":"shop","login":"app","role":"app_rw","statement":"select 1"}',
  },
  RW542: {
    title: "the lines of a log do not begin as `log_line_prefix` says",
    why: "A plain log says in its prefix alone when something was done and by whom. With a wrong one, names and times would be taken from the wrong places.",
    fix: "Give the server's own setting: `show log_line_prefix`. It must hold a time (`%m`, `%t` or `%n`), the user (`%u`) and the database (`%d`), and should hold the session (`%c` or `%p`) and SQLSTATE (`%e`).",
    example: "rolewright workload collect postgresql.log --line-prefix '%m [%p] %q%u@%d '",
  },
  RW543: {
    title: "a log cannot be read",
    why: "It is not there, may not be read by this account, or is not in UTF-8 or another encoding that holds ASCII.",
    fix: "Name files that exist. The logs of a server often belong to its own account: copy them, or run as that account.",
  },
  RW544: {
    title: "a file is not evidence, or was cut short",
    why: "It is not what `rolewright workload collect` writes, or it was written by a version with another format.",
    fix: "Collect it again, or name the right file.",
  },
  RW545: {
    title: "evidence was changed after it was written",
    why: "Its digest is not the one that it was written with. Somebody could have taken the statements out that a change would break.",
    fix: "Collect it again, or take the file from where it was written. Evidence is joined with `rolewright workload merge`, never by hand.",
  },
  RW546: {
    title: "evidence is of another server",
    why: "Logs do not say of which server they are. None of the logins and databases in this one is known on the target.",
    fix: "Name the logs of this target, or the target that they are of.",
  },
  RW547: {
    title: "a source of evidence cannot be read on this server",
    why: "The extension is not there, what it keeps may not be read by this role, or there is no such source.",
    fix: "Do what the help of the message says; `rolewright workload collect --help` lists the sources.",
  },
  RW548: {
    title: "evidence of different targets cannot be joined",
    why: "It would say of one server what was done on another.",
    fix: "Join files of one engine and one target.",
  },
};
