import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { RolewrightError } from "../../../base/error.ts";
import { changedLines } from "../changed-lines.ts";

/** What somebody does to the imported files with an editor. Each gives the changed lines, with `-` and `+`. */
export async function addPeople(folder: string, people: string): Promise<string> {
  await writeFile(join(folder, "people.yaml"), people);
  return edit(folder, "rolewright.yaml", [/^(include: \[[^\]]*)\]/mu, "$1, people.yaml]"]);
}

const SCOPE = `
scope:
  authoritative:
    - facets: [grants]
      roles: [reporting]
      schemas: [shop]
`;

/** 2:14 a.m.: whatever is not declared in `shop` is to go, and the line that lets analysts read it was cut to be written anew, which never happened. */
export async function scopePoorly(folder: string): Promise<string> {
  const scope = await edit(folder, "rolewright.yaml", [/(\n)$/u, `$1${SCOPE}`]);
  return scope + (await edit(folder, "roles.yaml", [/^(\s+- select on schema) shop, stock$/mu, "$1 stock"]));
}

/** The same intention done right: analysts read everything in `shop` but the cards. */
export async function scopeWell(folder: string): Promise<string> {
  const lines = [
    "- privileges: [select]",
    "  on: { tables: shop.*, except: [shop.payment_cards] }",
    "  because: card numbers are for the shop alone",
  ];
  const text = lines.map((line) => `\n$1${line}`).join("");
  return edit(folder, "roles.yaml", [/^(\s+)(- select on schema stock)$/mu, `$1$2${text}`]);
}

async function edit(folder: string, file: string, [place, text]: readonly [RegExp, string]): Promise<string> {
  const path = join(folder, file);
  const before = await readFile(path, "utf8");
  const after = before.replace(place, text);
  if (after === before) {
    throw new RolewrightError("RW020", `the imported file ${file} does not have ${place.source}`, {
      help: "this is a defect of rolewright: please report it",
    });
  }
  await writeFile(path, after);
  return `  ${file}\n${changedLines(before, after)}`;
}
