import type { ArgumentSpec, CommandSpec, OptionSpec } from "./command-spec.ts";

const SNAPSHOT: OptionSpec = {
  flags: "--snapshot FILE",
  summary: "answer from a file that `rolewright snapshot` made, without a database",
  completes: "file",
};
const CSV: OptionSpec = { flags: "--csv", summary: "print CSV instead of text" };
const WHICH: readonly OptionSpec[] = [
  {
    flags: "--kind KIND",
    summary: "table, column, sequence, routine, schema, database and so on, where a name could be several",
  },
  { flags: "--database NAME", summary: "the database, where a name is in several", completes: "none" },
];
const WHO: ArgumentSpec = {
  name: "WHO",
  summary: "a person, service or agent of the manifest, or a role; `public` is everybody",
  required: true,
  completes: "role",
};
const PRIVILEGE: ArgumentSpec = {
  name: "PRIVILEGE",
  summary: "such as select or usage",
  required: true,
  completes: "none",
};
const RESOURCE: ArgumentSpec = {
  name: "RESOURCE",
  summary: "its name as the database holds it: `sales.orders`, `sales.orders.total`, `sales`",
  required: true,
  completes: "none",
};

/** The commands that answer what X can do, who can do Y, and by which way. */
export const QUESTION_COMMANDS: readonly CommandSpec[] = [
  {
    name: "access",
    summary: "show what somebody can do, and by which way; or who gained and lost what between two states",
    details:
      "A person, service or agent of the manifest is shown on every target where they have a login; a target that cannot be asked is shown as unknown, and the exit code is 1. With `--diff`, A and B are each a snapshot file, a plan file (the state that it leads to), `files` (what the manifest asks for) or `live`.",
    arguments: [
      { ...WHO, required: false, summary: `${WHO.summary}; with --diff the state A` },
      { name: "B", summary: "with --diff: the other state", required: false, completes: "file" },
    ],
    options: [
      { flags: "--on PATTERN", summary: "only resources of these names, such as `sales.*`", completes: "none" },
      ...WHICH.slice(0, 1),
      { flags: "--diff", summary: "compare two states" },
      { flags: "--detail", summary: "name every object" },
      CSV,
      SNAPSHOT,
    ],
    examples: [
      "rolewright access alice",
      "rolewright access app_rw --on 'sales.*' --csv",
      "rolewright access --diff yesterday.json live",
    ],
    exits: { 0: "answered", 1: "failed", 5: "a plan to compare was made from another state" },
    load: async () => (await import("./commands/access.ts")).access,
  },
  {
    name: "who-can",
    summary: "show everybody who holds a privilege on a resource, how, and whether they can use it",
    arguments: [PRIVILEGE, RESOURCE],
    options: [
      { flags: "--grantable", summary: "only who may pass it on" },
      { flags: "--roles", summary: "list roles that cannot log in too" },
      ...WHICH,
      CSV,
      SNAPSHOT,
    ],
    examples: [
      "rolewright who-can select sales.orders",
      "rolewright who-can execute 'sales.refund(integer)' --csv",
      "rolewright who-can usage sales --kind schema --snapshot prod.json",
    ],
    exits: { 0: "answered", 1: "failed" },
    load: async () => (await import("./commands/who-can.ts")).whoCan,
  },
  {
    name: "why",
    summary: "show every shortest way by which somebody has a privilege, and what to remove to end it",
    arguments: [WHO, PRIVILEGE, RESOURCE],
    options: [{ flags: "--grantable", summary: "ask for the right to pass it on" }, ...WHICH, CSV, SNAPSHOT],
    examples: [
      "rolewright why alice select sales.orders",
      "rolewright why svc_billing insert billing.invoices --json",
      "rolewright why public usage sales --snapshot prod.json",
    ],
    exits: { 0: "they have it", 1: "they do not, or the question failed" },
    load: async () => (await import("./commands/why.ts")).why,
  },
  {
    name: "graph",
    summary: "draw who is what and who holds what, around one person, role or table, or everything",
    arguments: [],
    options: [
      {
        flags: "--on NAME",
        summary: "the person, role or resource in the middle (default: everything)",
        completes: "role",
      },
      { flags: "--hops N", summary: "how many steps from it are drawn" },
      { flags: "--from WHO", summary: "light up how WHO gets to the resource", completes: "role" },
      { flags: "--privilege NAME", summary: "which privilege on the resource (default select)" },
      { flags: "--heat-map", summary: "roles by schemas instead: who reads, changes and owns what where" },
      {
        flags: "--format FORMAT",
        summary: "svg, html (interactive), dot or mermaid (default: by --out, else svg)",
        choices: ["svg", "html", "dot", "mermaid"],
      },
      { flags: "--out FILE", summary: "write it there instead of to stdout", completes: "file" },
      ...WHICH,
      SNAPSHOT,
    ],
    examples: [
      "rolewright graph --on alice --out alice.html",
      "rolewright graph --on sales.orders --from alice --out why.svg",
      "rolewright graph --heat-map --out heat.svg",
    ],
    exits: { 0: "drawn", 1: "failed" },
    load: async () => (await import("./commands/graph.ts")).graph,
  },
];
