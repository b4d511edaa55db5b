import type { Check } from "../check.ts";

/** HID: hidden access by matching of names. */
export const NAMES: readonly Check[] = [];
