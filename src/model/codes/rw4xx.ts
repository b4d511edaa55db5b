import type { CodePage } from "./code-page.ts";

/** Diagnostics of `apply`, `revert` and of the records that they keep. */
export const RW4XX: Readonly<Record<string, CodePage>> = {
  RW401: {
    title: "This plan was applied already.",
    why: "A plan is applied once. Applying it a second time would repeat a decision that was made about another moment.",
    fix: "Plan again. If the plan is empty, there is nothing left to do.",
  },
  RW402: {
    title: "The plan is not the one that its digest was made of.",
    why: "The digest is what people approve. A plan file that was edited, cut short or damaged is refused, whatever the edit was.",
    fix: "Plan again with `rolewright plan --out FILE`, and apply that file unchanged.",
  },
  RW403: {
    title: "The plan was made for another server.",
    why: "A plan is bound to the server by the identity that the server itself chose when it was set up; a URL or a host name proves nothing.",
    fix: "Check the target's URL, or make a plan for this server.",
  },
  RW404: {
    title: "The database moved since the plan was made.",
    why: "The plan says exactly who gains and loses what, from the state that it was made from. From another state the same statements could mean something else.",
    fix: "Plan again, and have the new plan approved. The message names what moved.",
  },
  RW405: {
    title: "Another apply is running on this cluster.",
    why: "One applier at a time holds a lock in the database, so that two plans never mix.",
    fix: "Wait until it ends, and run the command again. The message names the holder.",
  },
  RW406: {
    title: "The plan derived anew from the live database differs from the one given.",
    why: "Apply derives the plan again from the database itself and compares the digests. They differ when another version of Rolewright made the plan.",
    fix: "Plan again with the version that will apply it.",
  },
  RW407: {
    title: "The plan takes access away, and the loss was not accepted.",
    why: "On a production target losses are accepted by their exact number, so that nobody takes away more than they meant to.",
    fix: "Read who loses what in the plan. If that is meant, apply with `--accept-access-loss=N`, where N is the number that the plan prints.",
  },
  RW408: {
    title: "The plan would lock the administrators out.",
    why: "After it nobody could administer the server, or Rolewright could not take the change back. This guard cannot be waived.",
    fix: "Keep at least one login that can administer the server, and Rolewright's own path, and plan again.",
  },
  RW409: {
    title: "A check or a policy refuses the plan.",
    why: "A refused plan cannot be applied.",
    fix: "Change the files so that the check passes, and plan again. `rolewright explain CHECK` says what it looks for.",
  },
  RW410: {
    title: "Waiting for a lock took too long.",
    why: "Somebody holds a lock that a statement needs, for example an open ALTER TABLE. Waiting longer would queue everybody else behind us.",
    fix: "Nothing was changed. Run it again when the other transaction has ended.",
  },
  RW411: {
    title: "Somebody else changed the same thing at the same moment.",
    why: "PostgreSQL lets one of two simultaneous GRANTs on an object fail. Rolewright rolls back and tries again a few times.",
    fix: "Nothing was changed. Run it again, or stop the other writer.",
  },
  RW412: {
    title: "The server refused a statement, or did only part of it.",
    why: "A GRANT that only warns has not granted. Rolewright treats such a warning as a failure and rolls back.",
    fix: "Read the server's message. Usually the connection's role lacks a right on the object.",
  },
  RW413: {
    title: "The connection to the server was lost.",
    why: "Without a COMMIT nothing of a transaction remains. If the loss fell on the COMMIT itself, the server is asked how the transaction ended.",
    fix: "Run the command again. It first settles what became of this run.",
  },
  RW414: {
    title: "The apply was interrupted.",
    why: "Ctrl-C, or the caller's signal. The open transaction was rolled back.",
    fix: "Run the command again when you are ready.",
  },
  RW415: {
    title: "The state after the statements is not the one that the plan predicted.",
    why: "Before it commits, Rolewright reads the state back and compares it with the prediction. Anything else means that the plan would do something that nobody approved.",
    fix: "Nothing was changed. The message names the difference. Plan again; if it happens again with nobody else writing, report it.",
  },
  RW416: {
    title: "The server's own privilege functions disagree with the prediction.",
    why: "Before it commits, Rolewright asks the server itself about the affected privileges.",
    fix: "Nothing was changed. The message names the answers. Plan again; if it happens again with nobody else writing, report it.",
  },
  RW417: {
    title: "The source of a password is missing or empty.",
    why: "Passwords are read from the environment or a file at the moment of the apply, and never stored in a plan.",
    fix: "Set the environment variable, or write the file, and apply again.",
  },
  RW418: {
    title: "The connection may not run every statement of the plan.",
    why: "What may be run is proven before the first statement, not tried.",
    fix: "Connect as a role that may, or have somebody who may run the statements in the message.",
  },
  RW419: {
    title: "Some stages stand and the rest do not.",
    why: "Databases of one cluster cannot commit together. A later stage failed, and the earlier ones could not be taken back.",
    fix: "Read which stages stand. Plan again to finish, or revert to go back.",
  },
  RW420: {
    title: "A file could not be written durably.",
    why: "Nothing is done to a database before the record that announces it is safely on disk.",
    fix: "Make room on the disk, or check the rights of the folder, and run it again.",
  },
  RW421: {
    title: "A run record is damaged.",
    why: "What it said is unknown, and unknown is not empty: with a damaged record it cannot be told whether a plan was applied.",
    fix: "Restore the file from a backup. If you know how the run ended, move the file away.",
  },
  RW422: {
    title: "An earlier run has not ended yet.",
    why: "Its client is gone, but its transaction is still open on the server, so neither answer would be true.",
    fix: "Wait until the server has noticed, or end that session, and run it again.",
  },
  RW423: {
    title: "It is not known yet how the apply ended.",
    why: "The connection was lost while the transaction was being committed, and the server cannot be asked.",
    fix: "When the server is back, run `rolewright status`: the server remembers how the transaction ended.",
  },
  RW424: {
    title: "There is no record of that run.",
    why: "Revert uses the inverse that was stored when the plan was applied.",
    fix: "Look at `rolewright status` for the runs that are known here.",
  },
  RW425: {
    title: "The plan was made for another role of the connection.",
    why: "Another role may not be able to run the statements, or would be recorded as another grantor.",
    fix: "Connect as the role that the plan names, or plan again.",
  },
  RW426: {
    title: "This run cannot be taken back.",
    why: "Only a run that was applied, or that stands in part, has something to take back.",
    fix: "Look at `rolewright status`: it says how the run ended.",
  },
  RW427: {
    title: "A role that is to be dropped is in use.",
    why: "A session of a dropped role lives on, and nobody could tell any more whose it is.",
    fix: "Wait until its sessions end, or apply with `--end-sessions`, which ends them after the commit.",
  },
  RW428: {
    title: "The lock that keeps other appliers away was lost.",
    why: "Its session was ended, so another apply could have begun. Nothing is committed without the lock.",
    fix: "Run the command again.",
  },
  RW429: {
    title: "A statement was done in part.",
    why: "Where grants take no part in transactions, a statement that fails can leave some of what it does behind. The state was read back and is neither the one before nor the one after.",
    fix: "What stood was taken back, or the outcome says what stands. Run `rolewright status`, then plan again.",
  },
  RW430: {
    title: "An earlier plan stands in part on this server.",
    why: "Its apply was cut off, or failed and could not be taken back. Another plan on top of it would be judged by a state that nobody meant.",
    fix: "Finish it with `rolewright apply PLAN`, or take back what stands of it with `rolewright revert PLAN`. The message names the plan.",
  },
  RW432: {
    title: "An access test fails in the state that was read back.",
    why: "The manifest says under `tests` what must be allowed and denied. After the statements, and before they are committed, the tests are run on the state that was read back. Where statements stand at once, what was done is taken back.",
    fix: "Nothing is left of the change. The message names the test and the way that decides it. Change the grants, or the test if it is no longer meant.",
  },
  RW431: {
    title: "A plan that stands in part cannot be finished, since somebody changed what it is about.",
    why: "What somebody else changed is never overwritten: they may have had a reason.",
    fix: "Look at the places that the message names. Undo that change, or take back what stands of the plan with `rolewright revert PLAN --leave-changed`.",
  },
  RW499: {
    title: "Apply failed in a way that it does not know.",
    why: "This is a defect of Rolewright. The open transaction was rolled back.",
    fix: "Report it, with the message.",
  },
};
