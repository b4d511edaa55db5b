import { addBody } from "./bodies.ts";
import type { Rules } from "./closure.ts";
import { addRoutine } from "./routine-needs.ts";
import { addQuery, addStatement } from "./statements.ts";
import { addTableCode } from "./table-code.ts";

/** All rules together: code leads to tables, tables to code. */
export const RULES: Rules = { addBody, addQuery, addRoutine, addStatement, addTableCode };
