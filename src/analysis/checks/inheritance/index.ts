import type { Check } from "../check.ts";
import { loginAsGroup } from "./login-as-group.ts";

/** INH: who gets what through whom. */
export const INHERITANCE: readonly Check[] = [loginAsGroup];
