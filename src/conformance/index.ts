/**
 * What every engine has to do, for whoever writes one: `for (const { name, run } of engineConformance(target)) test(name, run)`.
 */
export { engineConformance } from "./engine-conformance.ts";
export type { ConformanceCase, ConformanceTarget } from "./conformance-target.ts";
