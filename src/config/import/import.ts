import type { Snapshot, Unknown } from "../../model/snapshot.ts";
import type { StateRules } from "../../model/state-rules.ts";
import { grantClaims } from "./claims.ts";
import { documents } from "./documents.ts";
import { proveImport } from "./prove.ts";

/** How the imported files name what they are about. */
export interface ImportOptions {
  /** The name of the target in the manifest. */
  readonly target: string;
  /** The environment variable that will hold its URL: no URL is ever written to a file. */
  readonly urlVariable: string;
  /** `production` asks for more. */
  readonly environment: string;
}

export interface ImportedFile {
  /** Relative to the folder of the manifest, with forward slashes. */
  readonly path: string;
  readonly text: string;
}

export interface ImportedFiles {
  /** The main file first. */
  readonly files: readonly ImportedFile[];
  /** What the files leave out, in plain sentences. */
  readonly notExpressed: readonly string[];
  readonly unknowns: readonly Unknown[];
}

/**
 * Turns a live Target into files that reproduce it exactly. Values in, values out: writing them is the caller's. The files are read back and resolved here; if they did not lead to
 * exactly the state that they were made from, this throws RW235 and names the difference.
 */
export function importManifest(snapshot: Snapshot, rules: StateRules, options: ImportOptions): ImportedFiles {
  // A name means every database of the target unless it says which.
  const nameDatabase = snapshot.catalog.databases.length > 1;
  const claims = grantClaims(snapshot, rules, nameDatabase);
  const written = documents(snapshot, claims, { ...options, rules, nameDatabase });
  proveImport(written.files, options.target, { snapshot, rules });
  return { ...written, unknowns: snapshot.unknowns };
}
