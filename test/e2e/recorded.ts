import { expect } from "vitest";
import { parseVerifierKey } from "../../src/audit/note/verifier-key.ts";
import { pythonMissing, pythonOracle } from "../support/audit-oracles.ts";
import { expectExit, type Workspace } from "./cli.ts";

/** The entries of a log in clear, once both verifiers say that nothing in it was changed. */
export async function recorded(
  folder: Workspace,
  types: string,
): Promise<readonly (Readonly<Record<string, unknown>> & { readonly type: string })[]> {
  expectExit(await folder.run(["audit", "verify", "--full"]), 0);
  if (pythonMissing() === null) {
    const { keys } = (await folder.run(["audit", "keys", "--json"])).json() as unknown as {
      readonly keys: readonly { readonly vkey: string }[];
    };
    const key = parseVerifierKey(keys[0]?.vkey ?? "");
    if (key === null) throw new Error("the log has no public key");
    expect(pythonOracle()(key, folder.path(".rolewright/audit/tree"))).toMatchObject({ verified: true });
  }
  const log = await folder.run(["audit", "log", "--type", types, "--last", "0", "--json"]);
  expectExit(log, 0);
  const { entries } = log.json() as unknown as {
    readonly entries: readonly { readonly fields: { readonly type: string } & Record<string, unknown> }[];
  };
  return entries.map(({ fields }) => fields);
}
