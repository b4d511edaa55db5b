import type { ScriptStatement } from "./world.ts";

/**
 * The smallest script that still fails, found by leaving statements out: first halves, then quarters, then single ones. `fails` must be true for `script`.
 * @param attempts how often `fails` may be asked at most; what is left then is what is returned.
 */
export async function shrinkScript(
  script: readonly ScriptStatement[],
  fails: (candidate: readonly ScriptStatement[]) => Promise<boolean>,
  attempts = 200,
): Promise<readonly ScriptStatement[]> {
  let left = script;
  let chunk = Math.ceil(left.length / 2);
  let asked = 0;
  while (chunk >= 1 && asked < attempts) {
    let removed = false;
    for (let start = 0; start < left.length && asked < attempts; ) {
      const candidate = [...left.slice(0, start), ...left.slice(start + chunk)];
      asked++;
      if (await fails(candidate)) {
        left = candidate;
        removed = true;
      } else {
        start += chunk;
      }
    }
    if (chunk > 1) chunk = Math.ceil(chunk / 2);
    else if (!removed) break;
  }
  return left;
}
