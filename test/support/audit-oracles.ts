import { spawnSync } from "node:child_process";
import { existsSync, mkdirSync, mkdtempSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { formatVerifierKey, type VerifierKey } from "../../src/audit/note/verifier-key.ts";
import type { Files } from "./audit-corpus.ts";

const VERIFY_PY = fileURLToPath(new URL("../../src/audit/verifier/verify.py", import.meta.url));
const GO_PROGRAM = fileURLToPath(new URL("../oracles/go/src/verify/main.go", import.meta.url));
const GO_FOLDER = fileURLToPath(new URL("../oracles/go", import.meta.url));
/** Where Debian's golang-golang-x-mod-dev puts its sources. */
const DEBIAN_GO_PATH = "/usr/share/gocode";

/** What somebody else's program says about a log. */
export interface Verdict {
  readonly verified: boolean;
  readonly said: string;
}

/** One that verifies a folder with a key, and checkpoints that were kept elsewhere as files. */
export type Oracle = (key: VerifierKey, tree: string, anchors?: readonly string[]) => Verdict;

/** Why this machine cannot run Python with openssl; null where it can. */
export function pythonMissing(): string | null {
  for (const [program, ...args] of [
    ["python3", "--version"],
    ["openssl", "version"],
  ] as const) {
    if (spawnSync(program, args).status !== 0) return `${program} is not installed`;
  }
  return null;
}

/** The verifier that auditors read, in Python. `flags` come before the program. */
export function pythonOracle(flags: readonly string[] = []): Oracle {
  return (key, tree, anchors = []) => run("python3", [...flags, VERIFY_PY, formatVerifierKey(key), tree, ...anchors]);
}

/** Builds the program on golang.org/x/mod/sumdb with Debian's packages. Why it cannot be built, in words, where it cannot. */
export function goOracle(folder: string): Oracle | string {
  if (spawnSync("go", ["version"]).status !== 0) return "go is not installed";
  if (!existsSync(join(DEBIAN_GO_PATH, "src/golang.org/x/mod/sumdb/note"))) {
    return "golang-golang-x-mod-dev is not installed";
  }
  const program = join(mkdtempSync(join(folder, "go-")), "verify-log");
  const built = spawnSync("go", ["build", "-o", program, GO_PROGRAM], {
    encoding: "utf8",
    env: { ...process.env, GO111MODULE: "off", GOFLAGS: "", GOPATH: `${GO_FOLDER}:${DEBIAN_GO_PATH}` },
  });
  if (built.status !== 0) throw new Error(`the Go verifier cannot be built: ${built.stderr}`);
  return (key, tree, anchors = []) => run(program, [formatVerifierKey(key), tree, ...anchors]);
}

function run(program: string, args: readonly string[]): Verdict {
  const { status, stdout, stderr } = spawnSync(program, args, { encoding: "utf8" });
  if (status !== 0 && status !== 1) throw new Error(`${program} ended with ${status}: ${stderr}`);
  return { verified: status === 0, said: `${stdout}${stderr}` };
}

/** Writes files into a new folder below this one. */
export function writeTree(folder: string, files: Files): string {
  const tree = mkdtempSync(join(folder, "tree-"));
  for (const [path, bytes] of files) {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), bytes);
  }
  return tree;
}
