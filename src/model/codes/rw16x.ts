import type { CodePage } from "./code-page.ts";

/** What the manifest says about checks and their findings. */
export const RW16X: Readonly<Record<string, CodePage>> = {
  RW160: {
    title: "an acceptance has ended",
    why: "A finding was accepted until a day that is over. It counts again, and somebody has to decide anew.",
    fix: "Mend the finding and take the entry out, or accept it anew with a later `until` and a reason that holds today.",
    example:
      "accepted:\n  - check: INH-11\n    roles: [build]\n    because: the build still logs in by itself; the new login comes with the next release\n    owner: ana\n    until: 2027-01-31",
  },
  RW161: {
    title: "there is no such check",
    why: "An acceptance or a severity names a check by an id that no check has, so it would never do anything.",
    fix: "Correct the id. `rolewright check --json` and the list of checks in the documentation name all of them.",
    example: "policies:\n  - { check: INH-11, severity: error, environments: [production] }",
  },
  RW162: {
    title: "an acceptance that nothing needs",
    why: "The check was evaluated and found nothing that the entry fits: it was mended, or the entry names something else. Left standing, it would accept the next one unseen.",
    fix: "Take the entry out, or correct its `check`, `finding`, `roles` or `on`.",
  },
  RW163: {
    title: "the base to compare with could not be read",
    why: "`--no-new-access` compares with an earlier state of the manifest or of the database. Without it nothing can be said, which is not the same as no new access.",
    fix: "Name a commit, a branch or a tag that Git knows here (in CI the history must be fetched), a manifest, or a file that `rolewright snapshot` wrote.",
    example: "git fetch origin main\nrolewright check --no-new-access --base origin/main",
  },
  RW164: {
    title: "a line gives access that the base does not give",
    why: "`--no-new-access` was asked for, and somebody would get something that they do not have by the base.",
    fix: "Take the line out, or let somebody who may do so merge it without this gate.",
  },
  RW165: {
    title: "a duty names a role that there is not",
    why: "Nobody can have a duty by a role that neither exists on the target nor is declared, so the rules about it would protect nothing.",
    fix: "Correct the name, or say with `targets` where the role is.",
    example: "duties:\n  approve-payment:\n    - { role: approvers, targets: [billing-prod] }",
  },
  RW166: {
    title: "a rule names a duty that there is not",
    why: "Rules about people are about duties, and duties are declared by name.",
    fix: "Declare it under `duties`, or correct the name.",
    example:
      "duties:\n  enter-payment: [insert on table billing.payments]\nseparation:\n  - { at_most: 3, of: enter-payment }",
  },
  RW167: {
    title: "a rule about duties does not say exactly one thing",
    why: "A rule keeps duties apart, or counts the people who have one, or asks for approval by people who have another.",
    fix: "Say one of `never_together`, `at_most` with `of`, and `requires_approval_by` with `of`.",
    example: "separation:\n  - never_together: [enter-payment, approve-payment]\n    because: nobody pays themselves",
  },
};
