import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { isMap, isSeq, parseDocument, type Document, type YAMLSeq } from "yaml";
import { RolewrightError } from "../../base/error.ts";
import { PEOPLE } from "./database/people.ts";

/** What somebody does to the imported files with an editor. Each gives the changed lines, with `-` and `+`. */

/** Adds the file that says who the people behind the logins are. */
export async function addPeople(folder: string): Promise<string> {
  await writeFile(join(folder, "people.yaml"), PEOPLE);
  return edit(folder, "rolewright.yaml", (manifest) => {
    sequenceAt(manifest, ["include"]).add("people.yaml");
  });
}

/** 2:14 a.m.: whatever is not declared in `sales` is to go, and the line that lets `sales_ro` read was cut to be written anew, which never happened. */
export async function scopePoorly(folder: string): Promise<string> {
  const scope = await edit(folder, "rolewright.yaml", (manifest) => {
    manifest.set("scope", manifest.createNode({ authoritative: [{ facets: ["grants"], schemas: ["sales"] }] }));
  });
  const roles = await edit(folder, "roles.yaml", (file) => {
    const grants = sequenceAt(file, READER_GRANTS);
    grants.items.splice(readingGrant(grants), 1);
  });
  return scope + roles;
}

/** The same intention done right: reads everything in `sales` but the cards; who has to use cards says so itself. */
export async function scopeWell(folder: string): Promise<string> {
  return edit(folder, "roles.yaml", (file) => {
    sequenceAt(file, READER_GRANTS).add(
      file.createNode({
        privileges: ["select"],
        on: { tables: "sales.*", except: ["sales.payment_cards"], partitions: true },
        future: { creators: ["sales_owner"] },
        because: "card numbers are for billing and the shop alone",
      }),
    );
    sequenceAt(file, ["roles", "sales_rw", "grants"]).add("select on table sales.payment_cards");
  });
}

const READER_GRANTS = ["roles", "sales_ro", "grants"];

function readingGrant(grants: YAMLSeq): number {
  const found = grants.items.findIndex((item) => isMap(item) && JSON.stringify(item.toJSON()).includes("sales.*"));
  if (found === -1) throw notAsImported("the grant on sales.* of sales_ro");
  return found;
}

function sequenceAt(document: Document, path: readonly string[]): YAMLSeq {
  const node = document.getIn(path);
  if (!isSeq(node)) throw notAsImported(path.join("."));
  return node;
}

function notAsImported(what: string): RolewrightError {
  return new RolewrightError("RW020", `the imported files do not have ${what}`, {
    help: "this is a defect of rolewright: please report it",
  });
}

async function edit(folder: string, file: string, change: (document: Document) => void): Promise<string> {
  const path = join(folder, file);
  const before = await readFile(path, "utf8");
  const document = parseDocument(before);
  change(document);
  const after = document.toString({ lineWidth: 140, flowCollectionPadding: true });
  await writeFile(path, after);
  return `  ${file}\n${changedLines(before, after)}`;
}

/** The lines that two texts do not share, in order: those that went and those that came. */
export function changedLines(before: string, after: string): string {
  const old = before.trimEnd().split("\n");
  const now = after.trimEnd().split("\n");
  const lengths = commonLengths(old, now);
  const lines: string[] = [];
  for (let i = 0, j = 0; i < old.length || j < now.length; ) {
    if (i < old.length && j < now.length && old[i] === now[j]) {
      i++;
      j++;
    } else if (j === now.length || (i < old.length && at(lengths, i + 1, j) >= at(lengths, i, j + 1))) {
      lines.push(`  - ${old[i++]}`);
    } else {
      lines.push(`  + ${now[j++]}`);
    }
  }
  return lines.map((line) => `${line.trimEnd()}\n`).join("");
}

/** `[i][j]`: how many lines the texts share from line i of one and j of the other on. */
function commonLengths(old: readonly string[], now: readonly string[]): number[][] {
  const lengths = Array.from({ length: old.length + 1 }, () => Array.from({ length: now.length + 1 }, () => 0));
  for (let i = old.length - 1; i >= 0; i--) {
    for (let j = now.length - 1; j >= 0; j--) {
      const row = lengths[i] ?? [];
      row[j] =
        old[i] === now[j] ? at(lengths, i + 1, j + 1) + 1 : Math.max(at(lengths, i + 1, j), at(lengths, i, j + 1));
    }
  }
  return lengths;
}

function at(lengths: readonly (readonly number[])[], i: number, j: number): number {
  return lengths[i]?.[j] ?? 0;
}
