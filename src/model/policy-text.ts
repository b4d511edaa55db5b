import type { Resource } from "./resource.ts";

/** An expression of a row policy, as somebody wrote it. */
export interface PolicyText {
  readonly table: Resource;
  readonly expression: string;
}

/** What a server says about an expression: the text that it would keep, or why there is none. */
export type PolicyTextAnswer = KnownPolicyText | RefusedPolicyText | UnknownPolicyText;

/** The text that the server keeps when it is given the expression, and again when it is given that text. */
export interface KnownPolicyText {
  readonly kind: "known";
  readonly text: string;
}

/** The server does not take the expression. */
export interface RefusedPolicyText {
  readonly kind: "refused";
  /** The server's own words. */
  readonly message: string;
  /** Where in the expression, in UTF-16 units from its start; null where the server does not say. */
  readonly offset: number | null;
  readonly help?: string;
}

/** The server could not be asked. */
export interface UnknownPolicyText {
  readonly kind: "unknown";
  readonly reason: string;
  readonly help: string;
}
