import type { CodePage } from "./code-page.ts";

/** The audit log: writing it, and what its verification finds. */
export const RW6XX: Readonly<Record<string, CodePage>> = {
  RW600: {
    title: "there is no audit log here",
    why: "Nothing was recorded in this folder yet, or the folder is another one.",
    fix: "Name the folder with `--log`, or apply something first: the log begins with the first event.",
  },
  RW601: {
    title: "the audit log could not be written",
    why: "The disk is full, the folder cannot be written, or the storage did not answer. Nothing runs before its announcement is durable in the log, so nothing was changed.",
    fix: "Make room or correct the path and its rights, and run it again.",
  },
  RW602: {
    title: "an entry must not be written",
    why: "What is written to the log can never be removed. An entry that looks as if it held a credential, or that is longer than 65,535 bytes, is refused before it is hashed.",
    fix: "Report it if the text came from Rolewright itself; otherwise take the credential out of what it came from.",
  },
  RW603: {
    title: "the log's signing key cannot be used",
    why: "The key file is missing, is not a key, is not this log's, or other users can read it. Without a signature no entry counts as written.",
    fix: "Restore the key file with mode 0600. If the key is lost, open a new log: `rolewright explain RW605` says how the old one stays verifiable.",
  },
  RW604: {
    title: "the audit log is damaged, so nothing is added to it",
    why: "What is stored is not what was signed, or does not fit together. Adding to it would sign the damage.",
    fix: "`rolewright audit verify --full` says where. Restore the folder from a copy; the entry that was to be written was not, and what it announced was not done.",
  },
  RW605: {
    title: "the audit log is older than a checkpoint that is known of it",
    why: "A checkpoint that was remembered covers entries that are not here, or not these: the folder was restored from an old copy, replaced, or rolled back on purpose. Going on would give two histories under one name.",
    fix: "Restore the missing part. If it is lost, move the folder away: the next event opens a new log under a new name, and the old one stays verifiable by its own key.",
  },
  RW606: {
    title: "other writers were always faster",
    why: "Each batch of entries is added only onto the end that it was made for. Others kept adding in between.",
    fix: "Run it again.",
  },
  RW607: {
    title: "the audit log is down, and its spool cannot be written either",
    why: "A change that only takes access away goes to a local file while the log cannot be written, so that it is announced somewhere in every case. That file could not be made durable, so nothing was done.",
    fix: "Make room or correct the rights of `.rolewright/runs/spool`, or mend the log, and run it again.",
  },
  RW608: {
    title: "what waited for the audit log was changed",
    why: "Each record in a spool names the one before it, and how many there were is remembered elsewhere. This spool was edited, cut or removed. Nothing is added to the log until somebody has decided what that means.",
    fix: "Restore the file. If it is lost, `rolewright audit absorb --give-up --reason TEXT` takes over what is left of it, keeps the damaged file, and writes to the log what was given up and why.",
  },
  RW609: {
    title: "the audit log is down, and this may not go past it",
    why: "Only the plan that was let past a log that is down may be announced in the spool, and taking a failed part of it back would give access again.",
    fix: "Mend the log; then `rolewright status` says how to finish the plan or take it back.",
  },
  RW610: {
    title: "the log's checkpoint cannot be read",
    why: "It is missing, or is not exactly a signed note with an origin, a size and a root.",
    fix: "Restore it from a copy, or let the log write it anew: any command that records something does.",
  },
  RW611: {
    title: "the checkpoint is not signed by the log's key",
    why: "No signature by a trusted key is on it, or one fails. Whoever wrote it does not hold the key.",
    fix: "Treat the log as forged until the right checkpoint is found.",
  },
  RW612: {
    title: "the checkpoint is another log's",
    why: "Its origin is not the name of the trusted key.",
    fix: "Check the folder and the key; `rolewright audit keys` prints the one that is used here.",
  },
  RW613: {
    title: "a file of the log is missing",
    why: "The signed tree has hashes and entries there, and the file that holds them is gone.",
    fix: "Restore it from a copy: its content is fixed by the signed root, so a right copy can be told from a wrong one.",
  },
  RW614: {
    title: "a file of the log has the wrong length",
    why: "A tile is 32 bytes for each hash, and a bundle holds exactly its entries. This one was cut short or something was added.",
    fix: "Restore it from a copy.",
  },
  RW615: {
    title: "the right edge of the tree does not lead to the signed root",
    why: "One of the last tiles was changed, or the checkpoint belongs to another tree.",
    fix: "Restore the tiles from a copy; `rolewright audit verify --full` recomputes them from the entries and says which differ.",
  },
  RW616: {
    title: "a tile is not the one that the signed tree has there",
    why: "Its hash is not in the tile above it, or it is not what the entries give.",
    fix: "Restore it from a copy.",
  },
  RW617: {
    title: "an entry is not the one that was signed",
    why: "Its hash is not the one in the tree: it was changed, moved or replaced after it was written.",
    fix: "Restore the bundle from a copy. Until then nothing that this entry says can be believed.",
  },
  RW618: {
    title: "a file lies in the log that does not belong there",
    why: "The served part of a log holds its checkpoint, tiles and bundles, and a left-over partial one must be the beginning of the whole one.",
    fix: "Remove it after looking at where it came from.",
  },
  RW619: {
    title: "an entry contradicts the others",
    why: "The signed tree holds it, but it is no entry as this version knows them, its time is before that of the one before it, or it is an outcome of nothing that was announced.",
    fix: "The log is what was written. Look at the entry with `rolewright audit show N`; the writer of it was at fault, or held the key and meant harm.",
  },
  RW620: {
    title: "the log was rolled back",
    why: "A checkpoint that was kept elsewhere covers more entries than the log has now.",
    fix: "Keep both checkpoints as evidence, and restore the missing entries from a copy.",
  },
  RW621: {
    title: "the log shows two histories",
    why: "A checkpoint that was kept elsewhere is signed by the same log and is not the beginning of what the log holds now. Only the holder of the key can have made both.",
    fix: "Keep both checkpoints as evidence. One of the two histories was written later.",
  },
  RW622: {
    title: "an anchor cannot be used",
    why: "It is no checkpoint of this log, or not signed by its key, so it can neither confirm nor contradict anything.",
    fix: "Give a checkpoint of this log that was kept elsewhere.",
  },
  RW623: {
    title: "a proof does not prove what it says",
    why: "Its hashes do not lead from the entry to the signed root, or the file is no proof.",
    fix: "Ask for the proof again: `rolewright audit prove N`.",
  },
  RW624: {
    title: "the key was not valid at this size",
    why: "It was retired before, or was not yet in use.",
    fix: "A checkpoint that only an old key signed after its end may have been made by whoever got hold of it.",
  },
  RW625: {
    title: "too few witnesses have signed",
    why: "The trust policy asks for a quorum of witnesses, and not enough of them are on the checkpoint.",
    fix: "Ask the witnesses again, or verify with a policy that says whom you trust.",
  },
  RW630: {
    title: "there is no such entry",
    why: "Entries are numbered from 0, without gaps.",
    fix: "`rolewright audit log` lists them.",
  },
  RW631: {
    title: "there is no trusted key for the log",
    why: "Whom to believe must come from somewhere else than the log itself.",
    fix: "Give the log's public key with `--key`, as its owner told you: `rolewright audit keys` prints it for whoever writes the log.",
  },
  RW632: {
    title: "what opens a personal field does not fit",
    why: "The value that is kept beside the log is not the one that the entry is committed to.",
    fix: "Do not believe it. The entry itself stands.",
  },
  RW633: {
    title: "the plan that is kept for an entry is another one",
    why: "The entry names a plan by its digest, and where the plan itself lies. What lies there is not that plan.",
    fix: "Restore the blob from a copy: its content is fixed by its address, and the plan by its digest.",
  },
  RW634: {
    title: "what was announced did not get as far as the manifest asks in time",
    why: "`audit.level` asks that an announcement is published, or signed by so many witnesses, before anything runs. That was not so within `audit.timeout`.",
    fix: "Nothing was changed, and the log says so. See that the witnesses answer (`rolewright audit anchor --policy FILE` asks them), or let `audit.on_timeout: degrade` go on with what was reached, which the log then says.",
  },
  RW640: {
    title: "the witness cannot be started or asked",
    why: "The address is in use, the state cannot be kept, or the witness gave no usable answer.",
    fix: "Check the address and the folder; the log itself is not affected.",
  },
  RW641: {
    title: "what the witness saw cannot be read or kept",
    why: "A witness that forgot what it saw could sign a second history of a log. So it signs nothing for this log until its state is whole.",
    fix: "Make room or restore the folder from a copy that is not older. A copy that is older makes the witness sign what it must not: give it a new key and name then.",
  },
  RW642: {
    title: "a witness has seen more of the log than there is, or another history",
    why: "The log was restored from an old copy, or somebody who holds its key rewrote it.",
    fix: "Restore the missing part. What the witness saw can be read from it, as `/HASH/checkpoint`; keep both checkpoints as evidence.",
  },
  RW643: {
    title: "the storage cannot hold an audit log",
    why: "It stored an object over another one although it was told not to, or without comparing it. Two writers would both win there, and the log would fork.",
    fix: "Take a storage that honours `If-None-Match: *` and `If-Match` when it stores, as Amazon S3 does since 2024.",
  },
  RW644: {
    title: "the bucket of the audit log is not described",
    why: "ROLEWRIGHT_AUDIT_STORE names a bucket, and its address, region, endpoint or credentials are missing or wrong.",
    fix: "Set ROLEWRIGHT_AUDIT_STORE to s3://BUCKET/PREFIX, AWS_REGION, AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_ENDPOINT_URL_S3 for a storage that is not Amazon's.",
  },
  RW645: {
    title: "the audit log's tables are not there, and cannot be made",
    why: "A log in PostgreSQL begins with a schema of its own. The role in the URL may not create one, or somebody else's schema has its name.",
    fix: "Run any command that records something once as a role that may create a schema, and grant the writer what docs/audit.md says.",
  },
  RW646: {
    title: "the audit log's tables are of another version",
    why: "They were made by a version of Rolewright that keeps them in another shape.",
    fix: "Use the version of Rolewright that the others use who write to this log.",
  },
  RW647: {
    title: "the server cannot hold an audit log",
    why: "Nothing may count as written that a power loss takes away: `fsync` and `full_page_writes` must be on, `synchronous_commit` at least `on`, and the server no standby.",
    fix: "Correct the settings of the log's server, or name another one.",
  },
  RW648: {
    title: "another writer holds the audit log",
    why: "Writers take turns for milliseconds. One did not let go in 30 seconds: its machine stands still, or somebody locked the tables by hand.",
    fix: "Run it again: a writer that stands still is ended by the server after 15 seconds. Otherwise look for who holds it in `pg_stat_activity`.",
  },
  RW649: {
    title: "what `ROLEWRIGHT_AUDIT_STORE` says is no place for an audit log",
    why: "It is a URL of a PostgreSQL database or of a bucket, or it is not set, and the log lies in files.",
    fix: "Give it the form `postgresql://user@host:port/database` or `s3://BUCKET/PREFIX`.",
  },
};
