import { digestJson, type Digest, type Json } from "../base/digest.ts";
import type { Plan } from "./plan.ts";

/** The digest of a plan by its content: everything but the digest that stands in it, and who made it. Equal plans are equal byte for byte. */
export function digestOf(plan: Omit<Plan, "digest">): Digest {
  return digestJson({ ...plan, digest: undefined, made_by: undefined } as unknown as Json);
}
