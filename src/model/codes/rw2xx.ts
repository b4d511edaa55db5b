import type { CodePage } from "./code-page.ts";

/** What a manifest says and the database of a target does not bear out. */
export const RW2XX: Readonly<Record<string, CodePage>> = {
  RW201: {
    title: "there is no such role",
    why: "A line names a role that neither exists on the target nor is declared.",
    fix: "Declare it under `roles`, or correct the name. Names are exact: nothing is folded to lower case.",
  },
  RW202: {
    title: "there is no such thing in the database",
    why: "Singular kinds (`table`, `routine`) name one thing that must exist.",
    fix: "Correct the name, or grant on a pattern if it may be missing. Routines are named with their input types.",
    example: "grants:\n  - execute on routine sales.total(integer, text)",
  },
  RW203: {
    title: "this kind of thing does not have that privilege",
    why: "The server would refuse it, or, on some kinds, ignore it with a warning.",
    fix: "Use one of the kinds or privileges that are listed. `maintain` needs PostgreSQL 17. In one manifest for several engines, limit the line with `targets`.",
  },
  RW204: {
    title: "a role would be a member of itself",
    why: "Memberships form a cycle. The server refuses the one that closes it, whichever comes last.",
    fix: "Remove one of the memberships on the way that is shown.",
  },
  RW205: {
    title: "one thing is said in two ways that exclude each other",
    why: "A grant is both declared and revoked, a membership has two sets of options, or one entry is there twice. Whichever won, somebody's line would be wrong.",
    fix: "Remove one of the two lines, or leave the exception out of the pattern with `except`.",
    example: "- privileges: [select]\n  on: { tables: sales.*, except: [sales.cards] }",
  },
  RW206: {
    title: "a pattern matches nothing",
    why: "A grant on nothing gives nothing, and an exception that matches nothing protects nothing: most often it is a misspelt name. Patterns leave out partitions and what extensions and the server made.",
    fix: "Correct the pattern, or say `may_be_empty: true` in the map form where nothing is right for now.",
  },
  RW207: {
    title: "there is no such schema",
    why: "No database of the target that was read has it.",
    fix: "Correct the name, or create the schema first.",
  },
  RW208: {
    title: "there is no such database, or it is not managed",
    why: "Only the databases that the target lists are read and changed.",
    fix: "Correct the name, or add the database to the target's `databases`.",
  },
  RW209: {
    title: "several routines have that name",
    why: "Routines of one name differ in their input types, and a grant on one is not a grant on the others.",
    fix: "Write the input types, or use the plural and a pattern for all of them.",
    example: "- execute on routine sales.total(integer)\n- execute on routines sales.total(*)",
  },
  RW210: {
    title: "this server has no such option of a membership",
    why: "Until PostgreSQL 15 the member's own `inherit` attribute decides for all of its memberships, and SET ROLE is always allowed. MariaDB and MySQL choose `admin`, and `inherit` of accounts (a default role). Cassandra chooses nothing.",
    fix: "Leave the option out. On PostgreSQL, upgrade to 16.",
  },
  RW211: {
    title: "no role can have that name",
    why: "Names longer than 63 bytes are cut by the server and then mean another role; `public`, `none` and names that begin with `pg_` are the server's own.",
    fix: "Choose another name.",
  },
  RW212: {
    title: "a new role differs from an existing one only in case",
    why: "Two roles that people cannot tell apart get each other's grants sooner or later.",
    fix: "If the existing role is meant, write its name exactly.",
  },
  RW213: {
    title: "revoking from an owner controls nothing",
    why: "An owner can always grant itself what was taken from it. The line is not planned.",
    fix: "Give the thing another owner, or keep people from becoming that role.",
  },
  RW214: {
    title: "revoking columns under a right on the whole table has no effect",
    why: "A right on a table is a right on all of its columns, and the server ignores the revocation of a part in silence.",
    fix: "Revoke it on the table, and grant the columns that stay.",
  },
  RW215: {
    title: "revoking a default in one schema has no effect",
    why: "What a creator's objects carry in every schema, built-in or set, can be extended in one schema, but not reduced there. The server accepts the statement and stores nothing.",
    fix: "Revoke it in every schema.",
    example:
      'public:\n  revoke:\n    - privileges: [execute]\n      on: { routines: "*.*" }\n      future: { creators: [app_owner], only: true }',
  },
  RW216: {
    title: "a login is granted whole patterns directly",
    why: "Access that is tied to a login cannot be shared, leased or handed over, and access lists that name many logins outgrow the catalog.",
    fix: "Grant to a role without login, and make the login a member of it.",
  },
  RW217: {
    title: "a role may own things that cannot be read",
    why: "Dropping a role needs every database of the cluster to be free of it. What was not read is unknown, not empty.",
    fix: "Connect as a role that can read it, or wait until the database accepts connections.",
  },
  RW218: {
    title: "the successor of a retired role is no use",
    why: "What the role owns goes to its successor, which must exist and stay.",
    fix: "Name another role.",
  },
  RW219: {
    title: "the scope ignores what a line is about",
    why: "What is ignored is never touched, so the line could not be carried out.",
    fix: "Remove the line, or the pattern from `scope.ignore`.",
  },
  RW220: {
    title: "there is no such column",
    why: "Columns are named exactly, one by one.",
    fix: "Correct the name.",
  },
  RW221: {
    title: "others create objects there too",
    why: "Default privileges are kept by creator. What roles outside the list make will not carry the grant.",
    fix: "Add them to `creators`, or say `creators: discovered`.",
  },
  RW222: {
    title: "a role owns things and no line says so",
    why: "The scope is authoritative for ownership, but an owner cannot be taken away without another one.",
    fix: "Declare who owns them.",
  },
  RW223: {
    title: "a role cannot be renamed as declared",
    why: "`was` names a role that is still needed under its old name, or the new name is taken.",
    fix: "Remove `was`, or retire one of the two roles.",
  },
  RW224: {
    title: "how the server writes a policy's expression is not known",
    why: "The server keeps expressions in a form of its own, with casts and parentheses. If its text differs from the file's, the apply notices and rolls back.",
    fix: "Write the expression as the server shows it after import, or plan against the live target: then the server is asked.",
  },
  RW225: {
    title: "one thing is to have two owners",
    why: "Two lines give it to different roles.",
    fix: "Remove one of the lines, or leave it out of the pattern with `except`.",
  },
  RW226: {
    title: "the server refuses a policy's expression",
    why: "It was tried on an empty temporary table with the same columns, in a transaction that was rolled back. The message is the server's own.",
    fix: "Correct the expression. Functions, other tables and types need their schema, since nothing is looked up in a search path; columns of the table itself are written without it.",
    example:
      'using: "region = sales.current_region()"\nusing: "exists (select from hr.members m where m.region = orders.region)"',
  },
  RW227: {
    title: "everybody cannot pass a privilege on",
    why: "The server refuses the grant option for PUBLIC.",
    fix: "Grant it to a role.",
  },
  RW228: {
    title: "how the server would write a policy's expression could not be asked",
    why: "Only the server can tell whether the expression of the file is the one that stands there. It is asked with an empty temporary table in a transaction that is rolled back, never with the live table. A policy that is not known is not planned.",
    fix: "Give the connection's role TEMPORARY on the database and point the target at the primary, or write the expression exactly as the live policy has it.",
  },
  RW230: {
    title: "a retired role is still named",
    why: "A role that leaves can hold nothing, own nothing and be no member.",
    fix: "Remove the line.",
  },
  RW231: {
    title: "the owner of this cannot be chosen",
    why: "Columns and parameters have no owner; a sequence behind a column follows its table.",
    fix: "Say who owns the table.",
  },
  RW232: {
    title: "only tables have row policies",
    why: "Views, materialized views and foreign tables do not.",
    fix: "Declare the policies on the table underneath.",
  },
  RW233: {
    title: "row security without a policy hides every row",
    why: "Without a policy only the owner, superusers and roles that bypass row security see rows.",
    fix: "Add a policy, or leave row security disabled.",
  },
  RW234: {
    title: "an identity logs in as a role that cannot log in",
    why: "Its access could not be used, and reports about it would be wrong.",
    fix: "Say `login: true`, or name another role.",
  },
  RW235: {
    title: "imported files do not say exactly what the database holds",
    why: "Before import writes a file it reads its own text back and compares the state that it leads to with the one it came from. Here they differ, so nothing was written.",
    fix: "This is a defect of Rolewright: please report it with the differences that `--json` lists.",
  },
  RW236: {
    title: "this server has nothing of the kind that a line is about",
    why: "Owners, default privileges, row policies, settings of roles, grantors and everybody are not there in every engine. What cannot be carried out is not passed over in silence.",
    fix: "Do what the help says, or limit the line to other targets with `targets`.",
  },
  RW237: {
    title: "a role of this server cannot have that attribute",
    why: "What can be said of a role differs by engine, and on MariaDB between accounts (`app@%`), which log in, and roles, which never do.",
    fix: "Take it out, or limit the role to other targets with `targets`. Who logs in on MariaDB and MySQL is named `user@host`.",
    example: 'roles:\n  "app@10.0.%": { login: true, targets: [shop-mariadb] }',
  },
  RW238: {
    title: "there is no grant option here",
    why: "PostgreSQL keeps the right to pass on with each privilege; MariaDB and MySQL keep one for all that is held on a table, on a schema or everywhere; Cassandra has a privilege for it, `authorize`.",
    fix: "Write the line that the help shows.",
    example: "grants:\n  - authorize on schema shop",
  },
  RW239: {
    title: "a login would have more roles from the start than it can",
    why: "On MariaDB a login has one default role. The others it is a member of are active only after `set role`.",
    fix: "Say `inherit: false` of all but one, or put the roles into one role.",
    example: "member_of:\n  - reporting_ro\n  - { role: oncall, inherit: false }",
  },
  RW240: {
    title: "code runs with the rights of a role that is to go",
    why: "MariaDB and MySQL remember the definer of a view, routine, trigger or event by its name. When no account has that name, using it fails.",
    fix: "Make it anew with another definer first, or keep the account, locked: `login: false`.",
  },
  RW241: {
    title: "an access test is about an identity without a login here",
    why: "The test says what this identity can do on this target, and it has no way in that could be tried.",
    fix: "Give it a login under `logins`, or say with `targets` where the test counts.",
  },
  RW242: {
    title: "a preset gives nothing on this server",
    why: "The server has no privilege for what the preset is for, and what could be given instead gives far more than its name says: before PostgreSQL 17 only owners vacuum, analyze and reindex, and owners read and drop; Cassandra is maintained over JMX, not by statements.",
    fix: "Say with `targets` where the preset counts. Before PostgreSQL 17, let the owner make a function that runs `analyze` or `reindex` (security definer, with its own search_path), and grant execute on it; VACUUM is autovacuum's. Where a person has to do it by hand, make them eligible for the owner's role for an hour.",
    example: "presets:\n  - { preset: maintenance, schemas: [sales], targets: [shop-pg17] }",
  },
  RW243: {
    title: "a preset lets its holder do more here than its name says",
    why: "The server has no smaller privilege: MariaDB and MySQL ask for SELECT and INSERT before they analyze or optimize a table, and Cassandra's MODIFY truncates.",
    fix: "Treat its holders as people who can do that, or take the preset out and let the server's own jobs do it.",
  },
  RW244: {
    title: "an administrator's rights are inherited without a word",
    why: "Whoever is a member of a role with the preset `admin` has its rights in every session, by mistake too, unless the membership says `inherit: false`: then they are used on purpose, after `set role`.",
    fix: "Say `inherit: false`, or, where it is meant or cannot be chosen, `inherit: true`.",
    example: "member_of:\n  - { role: sales_admin, inherit: false }",
  },
  RW245: {
    title: "whoever has a preset without routines can run code with the rights of others",
    why: "PostgreSQL lets everybody execute a new function, and one that is `security definer` runs as its owner: what it writes, a reader writes.",
    fix: "Take execute away from everybody, and grant it to those who need it.",
    example: "public:\n  revoke: [execute on routines sales.*]",
  },
};
