import { compareBy, sorted } from "../../base/order.ts";
import { resourceKey, type ResourceKey } from "../../model/resource.ts";
import { PUBLIC, type Grantee, type Role } from "../../model/role.ts";
import type { Snapshot } from "../../model/snapshot.ts";
import type { StateRules } from "../../model/state-rules.ts";
import type { GrantClaims } from "./claims.ts";
import { notExpressed } from "./notes.ts";
import { ownershipYaml } from "./ownership.ts";
import { findProfiles } from "./profiles.ts";
import { granteeYaml, memberOfYaml, roleYaml, type GranteeBody } from "./roles.ts";
import { rowPoliciesYaml } from "./row-policies.ts";
import { inReadingOrder, joinSchemas } from "./statement.ts";
import { comment, printYaml, type YamlMap } from "./yaml.ts";
import type { ImportedFile, ImportOptions } from "./import.ts";

export interface Documents {
  readonly files: readonly ImportedFile[];
  readonly notExpressed: readonly string[];
}

/** Writes the manifest of a snapshot as files. Pure text; whether it is right is proven elsewhere. */
export function documents(
  snapshot: Snapshot,
  claims: GrantClaims,
  options: ImportOptions & { readonly rules: StateRules; readonly nameDatabase: boolean },
): Documents {
  const { profiles, uses, rest } = findProfiles(inReadingOrder(claims.statements));
  const byGrantee = Map.groupBy(rest, (statement) => statement.grantee);
  const body = (grantee: Grantee): GranteeBody => ({
    uses: uses.get(grantee) ?? [],
    statements: joinSchemas(byGrantee.get(grantee) ?? []),
  });
  const roles = sorted(
    [...snapshot.access.roles.values()].filter((role) => role.origin === "user"),
    compareBy((role) => role.name),
  );
  const block = (role: Role): YamlMap => ({
    [role.name]: roleYaml(role, body(role.name), { snapshot, rules: options.rules }),
  });
  const groups = roles.filter((role) => role.attributes["login"] !== true).map(block);
  const logins = roles.filter((role) => role.attributes["login"] === true).map(block);
  const ownership = ownershipYaml(claims.places, {
    owners: new Set(roles.map((role) => role.name)),
    follows: followers(snapshot, options.rules),
    nameDatabase: options.nameDatabase,
  });
  const policies = rowPoliciesYaml(snapshot.access, options.nameDatabase);
  const notes = notExpressed(snapshot, claims, options.rules);
  const everybody = {
    member_of: memberOfYaml(PUBLIC, { snapshot, rules: options.rules }),
    ...granteeYaml(body(PUBLIC)),
  };
  const files = [
    file(
      "profiles.yaml",
      "What several roles hold in the same way, with {schema} for the schema.",
      profiles.length > 0,
      () =>
        section(
          "profiles",
          profiles.map(({ name, grants }) => ({ [name]: { parameters: ["schema"], grants } })),
        ),
    ),
    file("roles.yaml", "Roles that cannot log in: what others are members of.", groups.length > 0, () =>
      section("roles", groups),
    ),
    file("logins.yaml", "Roles that can log in.", logins.length > 0, () => section("roles", logins)),
    file("public.yaml", "Everybody, beyond what the server gives everybody by itself.", !isEmpty(everybody), () =>
      printYaml({ public: everybody }),
    ),
    file("ownership.yaml", "Who owns what.", ownership.length > 0, () => printYaml({ ownership })),
    file("row_policies.yaml", "Row security, table by table, in the server's own words.", policies.length > 0, () =>
      printYaml({ row_policies: policies }),
    ),
  ].filter((one) => one !== null);
  return { files: [mainFile(snapshot, files, notes, options), ...files], notExpressed: notes };
}

function mainFile(
  snapshot: Snapshot,
  files: readonly ImportedFile[],
  notes: readonly string[],
  options: ImportOptions & { readonly rules: StateRules },
): ImportedFile {
  const { identity, version, catalog } = snapshot;
  const head = [
    `Imported from ${options.target} (${version.product} ${version.text}); against the state as it was, these files plan to zero changes.`,
    "",
    "Nothing is authoritative yet: what is declared is added where it is missing, and nothing else is touched.",
    "To let Rolewright remove what is not declared, add for example:",
    "  scope:",
    "    authoritative:",
    "      - facets: [grants, memberships]",
    "        roles: [reporting_*]",
  ];
  const document: YamlMap = {
    version: 1,
    include: files.length === 0 ? undefined : files.map((one) => one.path),
    targets: {
      [options.target]: {
        engine: identity.engine,
        environment: options.environment,
        url: `\${${options.urlVariable}}`,
        databases: options.rules.lacks("database") === null ? catalog.databases : undefined,
      },
    },
  };
  const left =
    notes.length === 0
      ? ""
      : `\n${comment(["Not in these files:", ...notes.map((note) => `  - ${oneLine(note)}`)].join("\n"))}\n`;
  const unread = snapshot.unknowns.map((unknown) => `  - ${oneLine(`${unknown.subject}: ${unknown.reason}`)}`);
  const unknown =
    unread.length === 0
      ? ""
      : `\n${comment(["Could not be read, and is therefore not here:", ...unread].join("\n"))}\n`;
  return { path: "rolewright.yaml", text: `${comment(head.join("\n"))}\n${printYaml(document)}${left}${unknown}` };
}

function file(path: string, head: string, wanted: boolean, print: () => string): ImportedFile | null {
  return wanted ? { path, text: `${comment(head)}\n${print()}` } : null;
}

/** One map with an empty line between its entries: each is read by itself. */
function section(name: string, entries: readonly YamlMap[]): string {
  const blocks = entries.map((entry) => printYaml(entry).replace(/^(?=.)/gm, "  "));
  // Blocks of one line stand close together.
  const isLine = (text: string | undefined): boolean => text?.indexOf("\n") === text?.lastIndexOf("\n");
  const spaced = blocks.map((text, at) => (at > 0 && !(isLine(text) && isLine(blocks[at - 1])) ? `\n${text}` : text));
  return `${name}:\n${spaced.join("")}`;
}

function followers(snapshot: Snapshot, rules: StateRules): ReadonlySet<ResourceKey> {
  const keys = new Set<ResourceKey>();
  for (const { resource } of snapshot.access.holdings.values()) {
    if (resource.kind !== "table") continue;
    for (const one of rules.ownedAlong(resource)) keys.add(resourceKey(one));
  }
  return keys;
}

function isEmpty(map: YamlMap): boolean {
  return Object.values(map).every((value) => value === undefined);
}

/** Names may hold line breaks; a comment may not. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]/gu, (char) => `\\u{${(char.codePointAt(0) ?? 0).toString(16)}}`);
}
