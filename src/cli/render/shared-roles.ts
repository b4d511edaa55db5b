import { printYaml, type YamlMap } from "../../config/import/yaml.ts";
import { linesFor } from "../../config/tighten/tighten.ts";
import { describeName, describeTyped } from "../../model/resource.ts";
import type { SharedRole } from "../../simulation/advise/mine.ts";
import type { JsonDocument } from "../context.ts";
import { escapeLine } from "../output/escape.ts";
import type { Block, Item } from "../output/page.ts";
import { names } from "./advice-words.ts";
import { counted, describeOne } from "./words.ts";

/** Roles that logins could share, with what is to be written for them. */
export function sharedBlocks(roles: readonly SharedRole[]): readonly Block[] {
  const items = roles.map(
    (role): Item => ({
      sign: role.exists ? "~" : "+",
      tone: role.exists ? "change" : "add",
      text: `${describeName(role.name)}${role.exists ? " is there already" : ""}: for ${names(role.members)}`,
      because: `${role.linesBefore} lines become ${role.linesAfter}`,
      lines: printYaml(entryOf(role)).trimEnd().split("\n").map(escapeLine),
      items: role.extra.map((each) => ({
        sign: "!",
        tone: "warn",
        text: `${describeName(each.login)} would gain ${each.privilege.toLowerCase()} on ${describeOne(each.resource)}`,
      })),
    }),
  );
  const note =
    items.length === 0
      ? "none would make the description shorter"
      : "the names are proposals; the lines of their members go";
  return [
    {
      kind: "section",
      title: "SHARED ROLES",
      note,
      items: items.length === 0 ? [{ text: "nothing to share" }] : items,
    },
  ];
}

function entryOf({ name, exists, grants, members }: SharedRole): YamlMap {
  const own = grants.map((each) => ({ grantee: name, ...each }));
  return { roles: { [name]: exists ? { members } : { grants: linesFor(own), members } } };
}

export function sharedDocument(roles: readonly SharedRole[]): readonly JsonDocument[] {
  return roles.map((role) => ({
    name: role.name,
    exists: role.exists,
    members: role.members,
    grants: role.grants.map((each) => ({ privilege: each.privilege, resource: describeTyped(each.resource) })),
    extra: role.extra.map((each) => ({
      login: each.login,
      privilege: each.privilege,
      resource: describeTyped(each.resource),
    })),
    lines_before: role.linesBefore,
    lines_after: role.linesAfter,
    manifest: printYaml(entryOf(role)),
  }));
}

/** What mining alone says. */
export function sharedSummary(roles: readonly SharedRole[]): Block {
  const [before, after] = [
    roles.reduce((sum, each) => sum + each.linesBefore, 0),
    roles.reduce((sum, each) => sum + each.linesAfter, 0),
  ];
  const gained = roles.reduce((sum, each) => sum + each.extra.length, 0);
  const text = `${counted(roles.length, "role")} could be shared: ${before} lines become ${after}; ${gained === 0 ? "nobody gains or loses anything" : counted(gained, "grant would be gained", "grants would be gained")}`;
  return { kind: "line", label: "SUMMARY", text };
}
