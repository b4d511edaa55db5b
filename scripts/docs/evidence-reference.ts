import { loadEngine } from "../../src/engine/registry.ts";
import { neutralLog } from "../../src/simulation/evidence/jsonl.ts";
import { code, generatedFrom, markdownTable, page } from "./markdown.ts";

/** One engine for each folder of readers. */
const ENGINES = ["postgresql", "mariadb", "cassandra"] as const;

/** The page of everything that evidence can be collected from. */
export async function evidenceReference(): Promise<string> {
  const rows: string[][] = [];
  for (const name of ENGINES) {
    const { logs, sources, grammar } = await (await loadEngine(name)).simulation();
    const engine = name === "mariadb" ? "mariadb, mysql" : name;
    for (const each of logs) rows.push([engine, "log", code(each.kind), each.summary]);
    for (const each of sources) rows.push([engine, "`--live`", code(each.kind), each.summary]);
    if (name === ENGINES.at(-1)) {
      const neutral = neutralLog(grammar);
      rows.push(["all", "log", code(neutral.kind), neutral.summary]);
    }
  }
  return page(
    generatedFrom("the readers of src/engine and src/simulation"),
    "# Sources of evidence",
    "What `rolewright workload collect` reads (docs/workload.md). A log's form is told from how it begins, in this order, unless `--format` names it.",
    markdownTable(["engine", "read as", "name", "what it is"], rows),
  );
}
