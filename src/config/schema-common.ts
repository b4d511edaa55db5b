import { z } from "zod";
import type { Form } from "../model/catalog.ts";
import { KIND_WORDS, kindOf, UNNAMED_WORDS } from "./kind-words.ts";
import type { OnEntry, Reference } from "./manifest.ts";
import { DURATION } from "./seconds.ts";

const FORMS = [
  "table",
  "partitioned-table",
  "view",
  "materialized-view",
  "foreign-table",
  "function",
  "procedure",
  "aggregate",
  "window",
  "base",
  "domain",
  "enum",
  "composite",
  "range",
] as const satisfies readonly Form[];

/** Any name: text that is not empty. */
export const name: z.ZodString = z.string().min(1);
/** A list of them. */
export const names: z.ZodArray<z.ZodString> = z.array(name);
/** Why a thing is as it is. */
export const because: z.ZodExactOptional<z.ZodString> = name
  .describe("The reason. It is shown in the plan and kept in the audit log.")
  .exactOptional();
/** Where a thing counts. */
export const targetsKey: z.ZodExactOptional<z.ZodArray<z.ZodString>> = names
  .describe("Only on these targets. Default: on all of them.")
  .exactOptional();

/** A place that something is read from. */
export const reference: z.ZodType<Reference> = z.union([
  z.string().min(1).describe("Text with `${NAME}` for environment variables; `$$` is a dollar sign."),
  z.strictObject({ env: name.describe("The environment variable to read.") }),
  z.strictObject({
    file: name.describe("The file to read, relative to the manifest; one trailing newline is dropped."),
  }),
]);

/** How long something takes. */
export const duration: z.ZodString = z.string().regex(DURATION, "expected a duration, as in 90s, 10m or 2h");

const kindNames = z.union([name, z.array(name)]);
const kindKeys = Object.fromEntries([
  ...KIND_WORDS.map((word) => {
    const what = word.replaceAll("-", " ");
    const text =
      kindOf(word)?.plural === true
        ? `Patterns over ${what}: one, or a list.`
        : `One ${what}, or a list; each must exist.`;
    return [word, kindNames.describe(text).exactOptional()];
  }),
  ...UNNAMED_WORDS.map((word) => [word, z.literal(true).describe("There is only one.").exactOptional()]),
]);
/** What a grant is on. */
export const on: z.ZodType<OnEntry> = z.strictObject({
  ...kindKeys,
  except: names.describe("Patterns over what is left out.").exactOptional(),
  kinds: z.array(z.enum(FORMS)).describe("Only things of these forms.").exactOptional(),
  partitions: z
    .boolean()
    .describe("Whether patterns cover partitions. Default: no, access goes through the parent.")
    .exactOptional(),
  extensions: names.describe("Extensions whose members the patterns cover too. Default: none.").exactOptional(),
  database: name.describe("Only in this database. Default: in every database of the target.").exactOptional(),
});

/** A day. */
export const day: z.ZodString = z
  .string()
  .regex(/^\d{4}-\d{2}-\d{2}$/u, "expected a day, as in 2027-01-31")
  .describe("A day, as in `2027-01-31`.");
/** How far one looks. */
export const reach: z.ZodEnum<{ effective: "effective"; reachable: "reachable"; escalable: "escalable" }> = z.enum([
  "effective",
  "reachable",
  "escalable",
]);
