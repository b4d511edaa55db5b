import type { CodePage } from "./code-page.ts";

/** What is wrong in manifest files; found without a database. */
export const RW1XX: Readonly<Record<string, CodePage>> = {
  RW101: {
    title: "a manifest file cannot be read",
    why: "The file does not exist, may not be read, or is not UTF-8 text.",
    fix: "Correct the path, or write a manifest with `rolewright init`. In a folder, `rolewright.yaml` is looked for.",
  },
  RW102: {
    title: "the file is not valid YAML",
    why: "Where the structure of a file is in doubt, so is what it grants. Nothing of it is used.",
    fix: "Correct the text at the place that is named; indentation and unclosed quotes or brackets are the usual reasons.",
  },
  RW103: {
    title: "a key is said twice in one map",
    why: "One of the two would silently win. Which access was meant cannot be told.",
    fix: "Join the two entries, or remove one.",
  },
  RW104: {
    title: "there is no such key",
    why: "A mistyped key would claim nothing, in silence: `grant:` instead of `grants:` would be a role without grants.",
    fix: "Use the key that is suggested. The JSON Schema shows all keys in an editor.",
    example: "# yaml-language-server: $schema=./node_modules/rolewright/dist/manifest.schema.json",
  },
  RW105: {
    title: "a value is not of the kind that its key takes",
    why: "Values are never converted: a name that looks like a number or like `true` must stand in quotes to be a name.",
    fix: "Write what the message says was expected.",
    example: 'roles:\n  "007": { login: true }',
  },
  RW106: {
    title: "a key is missing",
    why: "The entry means nothing without it.",
    fix: "Add the key.",
  },
  RW107: {
    title: "this version of the format is not known",
    why: "The first file says `version: 1`. Another number belongs to another release, which may read the same words differently.",
    fix: "Write `version: 1`, or use the release that the file was written for.",
  },
  RW108: {
    title: "two files say one thing differently",
    why: "Lists of several files are joined and maps are merged, but a single value cannot be two.",
    fix: "Say it in one of the files.",
  },
  RW109: {
    title: "an included file does not exist",
    why: "A missing file would be missing access.",
    fix: "Correct the path or the pattern; it is relative to the file that includes.",
  },
  RW110: {
    title: "a password stands in a file",
    why: "Files are kept in Git, and whoever may read the repository could then log in.",
    fix: "Name the environment variable or the file that holds it, and change the password: it was exposed.",
    example:
      "password: ${APP_PASSWORD}\nurl: ${SHOP_PROD_URL}\nurl: postgresql://app:${SHOP_PASSWORD}@db.example.com/shop",
  },
  RW111: {
    title: "an environment variable is not set",
    why: "The manifest names it for a URL or a password that this command needs.",
    fix: "Set it. Commands that do not connect, such as `validate`, work without it.",
  },
  RW112: {
    title: "a file that holds a secret cannot be read",
    why: "The manifest names it with `{ file: ... }`, relative to the folder of the manifest.",
    fix: "Correct the path, or give yourself the right to read it.",
  },
  RW113: {
    title: "a reference to the environment is malformed",
    why: "`${NAME}` takes letters, digits and underscores, beginning with a letter or an underscore.",
    fix: "Correct the name. A dollar sign before a brace that is meant as text is written `$$`.",
  },
  RW114: {
    title: "a file is larger or deeper than any manifest",
    why: "Limits on size, nesting and aliases keep a hostile or mistaken file from taking the machine down.",
    fix: "Check that the right file was named. Things are said once with profiles, not with YAML aliases.",
  },
  RW115: {
    title: "a grant line cannot be read",
    why: "A grant is `PRIVILEGES [(COLUMNS)] on KIND NAME [with grant option]`. Names with a dot, a space or a quote in them stand in double quotes.",
    fix: "Correct the line at the place that is named, or use the map form.",
    example:
      'grants:\n  - select (id, name) on table sales.customers\n  - usage on schema sales\n  - select on tables "odd.schema".*',
  },
  RW116: {
    title: "there is no such profile",
    why: "A role uses a profile that no file declares.",
    fix: "Declare it under `profiles`, or correct the name.",
  },
  RW117: {
    title: "a profile is not used as it was declared",
    why: "A parameter is missing, or one is given that the profile does not have, or a profile with memberships is used for everybody.",
    fix: "Give exactly the parameters that the profile lists.",
    example: "profiles: [{ use: reader, with: { schema: [sales, billing] } }]",
  },
  RW118: {
    title: "there is no such target",
    why: "The name stands neither in `targets` nor among those that are suggested.",
    fix: "Correct the name, or declare the target.",
  },
  RW119: {
    title: "text holds a character that no database can store",
    why: "Names are taken exactly as written, and no name can hold NUL or half of a surrogate pair.",
    fix: "Remove the character.",
  },
  RW121: {
    title: "a manifest in TypeScript could not be run",
    why: "The file is run by Node.js as it is, and its default export is the manifest.",
    fix: "Run it by itself to see the error. It may use types, but nothing that needs a build.",
    example:
      'import { defineManifest } from "rolewright";\nexport default defineManifest({ version: 1, roles: { app_ro: {} } });',
  },
  RW122: {
    title: "an entry is not for exactly one kind of thing",
    why: "Privileges mean different things on tables, sequences and schemas, so each entry is for one kind.",
    fix: "Write one entry for each kind.",
    example: "- { privileges: [select], on: { tables: sales.* } }\n- { privileges: [usage], on: { schema: sales } }",
  },
  RW123: {
    title: "a promise for the future that no server can keep",
    why: "Default privileges are kept by creator, schema and kind. They cannot be for single names, single columns, or kinds that have none.",
    fix: "Promise a whole schema (`sales.*`) or every schema (`*.*`), and grant single things when they exist.",
  },
  RW124: {
    title: "the URL of a target is not a URL",
    why: "The value does not begin with a scheme. It is not shown, since it may hold a password.",
    fix: "Write it as `postgresql://user@host:port/database?sslmode=verify-full`.",
  },
  RW125: {
    title: "there is no such person",
    why: "Approvers, and whoever answers for an agent, are people of this manifest.",
    fix: "Declare the person under `people`, or correct the name.",
  },
  RW126: {
    title: "more approvals are asked for than there are approvers",
    why: "Each approval comes from another person, so nothing could ever be approved.",
    fix: "Add approvers or lower the count.",
  },
  RW127: {
    title: "two identities share a login",
    why: "What one of them does cannot be told from what the other does, and neither can lose access alone.",
    fix: "Give each a login of its own.",
  },
  RW128: {
    title: "an access test does not say what it tests",
    why: "A test is either a statement that must work or be refused, or a privilege on something.",
    fix: "Say `statement`, or `privilege` and `on`.",
    example: 'tests:\n  - { as: analyst, must: deny, privilege: select, on: "table hr.salary" }',
  },
  RW150: {
    title: "two entries of what is sensitive have one name",
    why: "Findings about sensitive things are told apart by that name, and accepted by it.",
    fix: "Give each entry its own name, or join the two.",
    example: "sensitive:\n  - { name: salaries, on: table hr.salaries, readers: [payroll] }",
  },
};
