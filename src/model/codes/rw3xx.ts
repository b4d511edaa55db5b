import type { CodePage } from "./code-page.ts";

/** Diagnostics of planning, plan files and reverting. */
export const RW3XX: Readonly<Record<string, CodePage>> = {
  RW301: {
    title: "the file is not a plan",
    why: "A plan is the JSON that `rolewright plan --out FILE` writes. This file has another shape, or was cut off while it was written or copied.",
    fix: "Give the file that `rolewright plan` wrote, or plan again.",
  },
  RW302: {
    title: "the plan was changed after it was made",
    why: "A plan is approved by its digest. When its content no longer has that digest, it is not what was approved.",
    fix: "Plan again, and use the file unchanged. To change what is planned, change the manifest.",
  },
  RW303: {
    title: "the plan has a format that this release does not read",
    why: "A newer release of Rolewright made it, and may mean something by it that this one does not know.",
    fix: "Use the release that made the plan, or plan again with this one.",
  },
  RW310: {
    title: "the connection's role may not do what the plan needs",
    why: "Executability is proven before anything runs: the server would refuse a statement of the plan, or do it in another role's name. Rolewright never gives itself a role to make a plan work.",
    fix: "Have an administrator run the statement that the finding shows, or connect as a role that has the right.",
  },
  RW311: {
    title: "the connection's role could not undo the plan",
    why: "A plan brings its way back along. If the role that runs it could not run that as well, nothing could be taken back when it has to be.",
    fix: "Have an administrator run the statement that the finding shows, or connect as a role that keeps the right.",
  },
  RW312: {
    title: "a role cannot be dropped while a database of the cluster was not read",
    why: "Roles are shared by all databases of a cluster. In one that was not read the role may own objects or hold grants, and the server would refuse to drop it.",
    fix: "Read all databases of the target (`databases: all`), with a login that may connect to each.",
  },
  RW313: {
    title: "a role that is dropped still owns something or is named somewhere",
    why: "The server refuses to drop a role that anything depends on. What it owns needs a new owner first.",
    fix: "Name a successor: `retire: { successor: other_role }`.",
  },
  RW314: {
    title: "a grant would lose the grant option that it stands on",
    why: "Who passes a privilege on must hold it with the grant option. Taking that away while the passed-on grant stays is refused by the server, or takes the grant along.",
    fix: "Have the owner grant it first, or remove the passed-on grant as well.",
  },
  RW315: {
    title: "a grant is about something that does not exist",
    why: "Cassandra refuses GRANT and REVOKE alike on what does not exist, so a grant that was left behind when something was dropped can only be taken back while there is something of that name.",
    fix: "Make something of that name, apply, and drop it again; or drop the role, which takes all its grants along; or leave the grant.",
  },
  RW316: {
    title: "the server cannot handle a single quote in the name of a role",
    why: "Cassandra writes the name into statements of its own without quoting it. CREATE ROLE and DROP ROLE then fail, and have done a part of their work.",
    fix: "Use a name without it.",
  },
  RW317: {
    title: "too few nodes keep the roles and grants",
    why: "`system_auth` has so few copies that with one node down some roles can be neither read nor changed: nobody could log in as them, and a plan would stop half-way.",
    fix: "Have a superuser run the statement that the message shows, and repair `system_auth` on every node.",
  },
  RW318: {
    title: "one node alone keeps the roles and grants",
    why: "While it is down nobody can log in, and when its disk is lost all roles and grants are.",
    fix: "Add nodes, and copies of `system_auth` on them.",
  },
  RW319: {
    title: "a membership follows from others already",
    why: "Cassandra refuses to record that a role is a member of another one which it is a member of through others.",
    fix: "Take the membership out of the manifest: it changes nothing. Or take the other one out, if the direct one is meant.",
  },
  RW320: {
    title: "an access list grows towards what a catalog row can hold",
    why: "The access list of a table or a column must fit into one row of the catalog, about 8 kB after compression. How well it compresses depends on the ids of the roles.",
    fix: "Grant to a group role and make the others its members: one entry instead of one for each.",
    example: "roles:\n  readers: { grants: [select on tables sales.*] }\n  alice: { member_of: [readers] }",
  },
  RW321: {
    title: "an access list would not fit into its catalog row",
    why: "The server would refuse the grant with error 54000 (row is too big), after everything before it had been done.",
    fix: "Grant to a group role and make the others its members: one entry instead of one for each.",
    example: "roles:\n  readers: { grants: [select on tables sales.*] }\n  alice: { member_of: [readers] }",
  },
  RW322: {
    title: "the server keeps the name of an MBean in another form",
    why: "Java sorts the properties of such a name. A grant that is written in another order would be recorded under the sorted name, and never be found under the written one.",
    fix: "Write the name as the message shows it.",
  },
  RW325: {
    title: "the server would not keep, or not take, what the plan asks for",
    why: "MariaDB and MySQL cut numbers that are too high without a word, refuse grants on what does not exist, and end the expiry of a password by a new one only. A statement of the plan would fail, or lead to another state than the one that was approved; as a warning: what the plan does cannot be taken back.",
    fix: "Follow the help of the finding.",
  },
  RW326: {
    title: "code runs with the rights of an account that loses some",
    why: "Views, routines, triggers and events of MariaDB and MySQL run with the rights that their definer has at that moment. When it loses one that they need, they fail for everybody who uses them.",
    fix: "See whether the code needs what is taken. If so, make it anew with another definer first.",
  },
  RW327: {
    title: "the server is read-only",
    why: "A server with `read_only` is nearly always a replica. It refuses changes of accounts and grants to most, and what it does take makes it differ from its primary.",
    fix: "Plan and apply on the primary.",
  },
  RW330: {
    title: "the plan takes away more than it may without being asked",
    why: "A small edit that removes much is nearly always a mistake: a pattern that no longer matches, a file that was not loaded, an authoritative scope that is too wide. The budget is 10 removals, or 5 % of all grants and memberships; more than 1,000 are always asked for.",
    fix: "Look at what is removed. If it is meant, plan again with `--allow-removals=N`; the number becomes part of the plan that is approved.",
  },
  RW331: {
    title: "Access is missing for a moment while the plan is applied.",
    why: "Taking a privilege from a table takes it from the table's columns too, so a grant that is narrowed to columns is taken first and given again by the next statement. Where grants take no part in transactions nothing holds the two together.",
    fix: "Apply when nobody needs the access, or keep the wider grant. Applying the plan accepts it.",
  },
  RW340: {
    title: "somebody changed what the plan had made",
    why: "Taking a plan back must not overwrite what others did since.",
    fix: "Look at `rolewright drift`. Revert with `--leave-changed` to take back the rest, or change the manifest and plan.",
  },
  RW341: {
    title: "some of the plan had been taken back already",
    why: "What is already as it was before the plan needs no statement.",
    fix: "Nothing; it is said so that the numbers add up.",
  },
  RW342: {
    title: "a role that the plan made stays for now",
    why: "A change that nobody confirmed is taken back by itself. Sessions are open that may act as a role that it made, which nobody can log in as: the server would refuse to drop it, or they would lose what they work with. So everything else was taken back, and the role stays with what it holds and without members: no new session gets it.",
    fix: "Let the sessions end, or connect anew, and drop the role. A `removals trial` makes such a role for its login.",
  },
  RW360: {
    title: "an access test fails",
    why: "The manifest says under `tests` what must be allowed and what must be denied. This is not so: on the live database, or in the state that the plan leads to. What cannot be told fails too.",
    fix: "The message names the way that gives the access, or what is lacking. Change the grants, or the test if it is no longer meant; nothing turns a failing test into a warning.",
    example:
      "tests:\n  - as: analyst\n    must: deny\n    privilege: select\n    on: hr.salary(amount)\n    because: salaries are for HR",
  },
};
