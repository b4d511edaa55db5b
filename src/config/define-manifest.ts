import type { Manifest } from "./manifest.ts";

/** A manifest in TypeScript: `export default defineManifest({ version: 1, ... })`. It only checks types and gives back what it was given. */
export function defineManifest(manifest: Manifest): Manifest {
  return manifest;
}
