import type { CodePage } from "./code-page.ts";

/** Diagnostics of approvals: signatures, who may give them, and applying without them. */
export const RW65X: Readonly<Record<string, CodePage>> = {
  RW650: {
    title: "The plan needs approvals that it does not have.",
    why: "The manifest says who must agree to a change of this risk on this target. Whoever made the plan and whoever applies it do not count.",
    fix: "Have one of the people who are named approve it with `rolewright approve PLAN`. `rolewright status PLAN` says who is missing.",
  },
  RW651: {
    title: "Somebody refused the plan.",
    why: "A refusal holds until the person who gave it approves the same plan.",
    fix: "Talk to them. Change the files and plan again, or ask them to approve.",
  },
  RW652: {
    title: "This is no SSH signature or public key.",
    why: "It was cut short, edited, or is a file of another kind.",
    fix: "Give the file that `ssh-keygen -Y sign` has written, unchanged; for a key the file that ends in `.pub`.",
  },
  RW653: {
    title: "The signature does not fit.",
    why: "It was made over something else, by another key, or one of the two was changed afterwards.",
    fix: "Sign again, exactly the document that `rolewright approve PLAN --document FILE` writes.",
  },
  RW654: {
    title: "The signature was made for another purpose.",
    why: "A signature names what it is for, so that one made for Git or for a file never approves a plan.",
    fix: "Sign with `ssh-keygen -Y sign -n rolewright-plan`, or let `rolewright approve` do it.",
  },
  RW655: {
    title: "The kind of key, hash or signature is not taken.",
    why: "Certificates, DSA keys, RSA keys below 2048 bits and signatures with SHA-1 prove too little.",
    fix: "Use an Ed25519, ECDSA, RSA or security-token key: `ssh-keygen -t ed25519`.",
  },
  RW656: {
    title: "Nobody is known by this key.",
    why: "A signature counts when its key stands in the allowed-signers file under the email or the key of a person in the manifest.",
    fix: "Add a line `alice@example.com ssh-ed25519 AAAA...` to the file, or sign with a key that stands there.",
  },
  RW657: {
    title: "A line of the allowed-signers file cannot be used.",
    why: "A line that is not understood could be the one that ends somebody's right. So nothing is decided by the file until it is corrected.",
    fix: 'Correct the line that is named. Certificate authorities are not taken, and times need a `Z`: `valid-before="20270131Z"`.',
  },
  RW658: {
    title: "A key stands for more than one person.",
    why: "Approvals are counted by people. A key that could be anybody's would let one of them count as several.",
    fix: "Write the person's own email or key as the principal, without wildcards, and each key under one person.",
  },
  RW659: {
    title: "The key may not be used for this, or not at this time.",
    why: "Its line in the allowed-signers file bounds it by `namespaces`, `valid-after` or `valid-before`. Both the moment of the signature and this one count.",
    fix: "Sign with another key, or change the line.",
  },
  RW660: {
    title: "The approval has expired.",
    why: "Who agrees to a change agrees to it now; later the reasons may be gone.",
    fix: "Ask for the approval again.",
  },
  RW661: {
    title: "The approval is for something else.",
    why: "It is bound to the plan, the target, the manifest, its policies and the plan's author. One of them is another one now.",
    fix: "Ask for the approval again, of the plan as it is.",
  },
  RW662: {
    title: "Whoever made the plan cannot approve it.",
    why: "Approval is somebody else's look at the change.",
    fix: "Ask one of the other approvers.",
  },
  RW663: {
    title: "Whoever applies the plan cannot have approved it.",
    why: "One person alone would carry a change through.",
    fix: "Let somebody else apply it, or ask another approver.",
  },
  RW664: {
    title: "This person is no approver of the plan.",
    why: "The manifest names who approves a change of this risk on this target.",
    fix: "Ask one of the people who are named, or add the person under `approvals` or `teams`.",
  },
  RW665: {
    title: "The approval was signed in the future.",
    why: "Its time lies more than five minutes ahead of this machine's clock; one of the two clocks is wrong.",
    fix: "Set the clocks, and ask for the approval again.",
  },
  RW666: {
    title: "Nobody touched the security token.",
    why: "The key is on a token that signed by itself. An approval is given by a person.",
    fix: "Sign again and touch the token. Keys made with `-O no-touch-required` cannot approve.",
  },
  RW667: {
    title: "The document could not be signed.",
    why: "`ssh-keygen` is missing, found no key, or the agent or the person said no.",
    fix: "Name a key with `--key`, or sign the document yourself: `rolewright approve PLAN --document FILE`, then `--signature FILE.sig`.",
  },
  RW668: {
    title: "It is not known who you are.",
    why: "`--as`, the email of Git, the name of the account or the key must lead to somebody in the manifest.",
    fix: "Give `--as` with a key under `people`, or add your email there.",
  },
  RW669: {
    title: "An approval or review file cannot be used.",
    why: "It is not what Rolewright writes: it was cut short, edited, or is a file of another kind.",
    fix: "Move it away, and ask for the approval again.",
  },
  RW670: {
    title: "The emergency way is closed.",
    why: "`--break-glass` needs a reason and a person of the manifest who answers for it, and a rule may rule it out.",
    fix: "Give `--reason TEXT` and, where you are not recognised, `--as PERSON`. Where a rule says `break_glass: false`, only approvals help.",
  },
  RW671: {
    title: "An emergency change has not been reviewed.",
    why: "What was applied without the approvals that the manifest asks for is looked at afterwards, by somebody else. Until then this stays an error.",
    fix: "Let another person look at it and sign: `rolewright review-break-glass PLAN --reason TEXT`.",
  },
  RW672: {
    title: "This person cannot review the emergency change.",
    why: "It takes somebody else than who applied it and who made the plan, out of those who could have approved it.",
    fix: "Ask one of the people who are named.",
  },
  RW673: {
    title: "The plan was made from another manifest.",
    why: "The files changed since. What is approved would not be what they say.",
    fix: "Plan again with `rolewright plan --out FILE`, or check out the files that the plan was made from.",
  },
  RW674: {
    title: "Too few people are left who could approve.",
    why: "Without whoever made the plan and whoever applies it there are fewer approvers than are asked for. Where it is not known who made it, one approver more is asked for.",
    fix: "Plan with `--as PERSON` so that the author is known, let somebody else apply, or add approvers to the manifest.",
  },
  RW675: {
    title: "A refusal of this plan is gone.",
    why: "The audit log says that somebody refused the plan, and the file with the refusal is not there any more. A refusal ends when the same person approves, not when its file is removed.",
    fix: "Restore the file under `.rolewright/approvals`, or ask that person. In an emergency `--break-glass` goes on, to be reviewed.",
  },
  RW676: {
    title: "An approval of a plan is gone.",
    why: "The audit log says that somebody approved a plan that was not applied, and the file with the approval is not there any more: the plan lacks it.",
    fix: "Restore the file under `.rolewright/approvals`, or have that person approve again.",
  },
};
