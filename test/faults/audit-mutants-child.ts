import { pathToFileURL } from "node:url";
import { join } from "node:path";

/** Asks each verifier in a folder what it says: `node audit-mutants-child.ts KEY OTHER FOLDER...`. One line for each, of JSON. */
const [key = "", other = "", ...folders] = process.argv.slice(2);
for (const folder of folders) {
  let said: string;
  try {
    const { judge } = (await import(
      pathToFileURL(join(folder, "test/support/audit-judge.ts")).href
    )) as typeof import("../support/audit-judge.ts");
    said = await judge(key, other);
  } catch (error) {
    said = `threw ${String(error)}`;
  }
  process.stdout.write(`${JSON.stringify(said)}\n`);
}
