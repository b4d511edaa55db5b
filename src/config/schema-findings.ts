import { z } from "zod";
import type { Finding } from "../model/finding.ts";
import { didYouMean } from "./did-you-mean.ts";
import type { ManifestPath, SourceFile } from "./source-file.ts";

type Issue = z.core.$ZodIssue;
type JsonSchema = z.core.JSONSchema.BaseSchema;

/** Checks one file against the schema: every unknown key, wrong value and missing key, where it stands. */
export function schemaFindings(file: SourceFile, schema: z.ZodType): readonly Finding[] {
  const result = schema.safeParse(file.value);
  if (result.success) return [];
  const described = new Describer(file, schema);
  return result.error.issues.flatMap((issue) => described.describe(issue, []));
}

class Describer {
  readonly #file: SourceFile;
  readonly #json: JsonSchema;

  constructor(file: SourceFile, schema: z.ZodType) {
    this.#file = file;
    this.#json = z.toJSONSchema(schema, { io: "input" });
  }

  describe(issue: Issue, above: ManifestPath): readonly Finding[] {
    const path: ManifestPath = [...above, ...(issue.path as (string | number)[])];
    const value = valueAt(this.#file.value, path);
    switch (issue.code) {
      case "unrecognized_keys":
        return issue.keys.map((key) => this.#unknownKey(path, key));
      case "invalid_union":
        if (value === undefined && path.length > 0) return [this.#missing(path)];
        return this.#union(issue.errors, path, value);
      case "invalid_type":
        if (value === undefined && path.length > 0) return [this.#missing(path)];
        return [this.#wrong(path, TYPE_WORDS[issue.expected] ?? issue.expected, value)];
      case "invalid_value":
        if (value === undefined && path.length > 0) return [this.#missing(path)];
        if (path.length === 1 && path[0] === "version") return [this.#version(path, value)];
        return [this.#wrongValue(path, issue.values, value)];
      case "too_small":
        return [
          this.#wrong(
            path,
            issue.origin === "number"
              ? `a number from ${issue.minimum}`
              : issue.origin === "array"
                ? "a list with at least one entry"
                : "text that is not empty",
            value,
          ),
        ];
      case "too_big":
      case "invalid_format":
      case "not_multiple_of":
      case "invalid_key":
      case "invalid_element":
      case "custom":
        break;
    }
    return [this.#finding("RW105", path, issue.message)];
  }

  /** Of the alternatives, the one that has the shape of what was written. */
  #union(alternatives: readonly (readonly Issue[])[], path: ManifestPath, value: unknown): readonly Finding[] {
    const fitting = alternatives.filter(
      (issues) => !issues.some((issue) => issue.code === "invalid_type" && issue.path.length === 0),
    );
    const best = fitting.toSorted((a, b) => a.length - b.length)[0];
    if (best !== undefined) return best.flatMap((issue) => this.describe(issue, path));
    const expected = alternatives.flatMap((issues) =>
      issues.map((issue) => (issue.code === "invalid_type" ? (TYPE_WORDS[issue.expected] ?? issue.expected) : "")),
    );
    return [this.#wrong(path, [...new Set(expected.filter((word) => word !== ""))].join(" or "), value)];
  }

  #unknownKey(path: ManifestPath, key: string): Finding {
    const known = keysAt(this.#json, path);
    const help =
      didYouMean(key, known) ?? (known.length === 0 ? undefined : `the keys here are ${known.map(code).join(", ")}`);
    const at = path.length === 0 ? "" : ` in \`${path.join(".")}\``;
    return this.#located("RW104", `unknown key \`${key}\`${at}`, this.#file.locateKey([...path, key]), help);
  }

  #missing(path: ManifestPath): Finding {
    const parent = path.slice(0, -1);
    const at = parent.length === 0 ? "" : ` in \`${parent.join(".")}\``;
    const help = path.length === 1 && path[0] === "version" ? "write `version: 1`" : undefined;
    return this.#located(
      "RW106",
      `the key \`${String(path.at(-1))}\` is missing${at}`,
      this.#file.locate(parent),
      help,
    );
  }

  #version(path: ManifestPath, value: unknown): Finding {
    const help = "this release reads `version: 1`; a newer format needs a newer release";
    return this.#finding("RW107", path, `expected \`version: 1\`, found ${found(value)}`, help);
  }

  #wrongValue(path: ManifestPath, values: readonly z.core.util.Primitive[], value: unknown): Finding {
    const texts = values.map(String);
    const help = typeof value === "string" ? didYouMean(value, texts) : undefined;
    return this.#finding("RW105", path, `expected ${texts.map(code).join(" or ")}, found ${found(value)}`, help);
  }

  #wrong(path: ManifestPath, expected: string, value: unknown): Finding {
    const help =
      value === null && expected.includes("list")
        ? "an empty list is written `[]`"
        : expected.startsWith("text") && (typeof value === "number" || typeof value === "boolean")
          ? "put it in quotes"
          : undefined;
    return this.#finding("RW105", path, `expected ${expected}, found ${found(value)}`, help);
  }

  #finding(codeOf: string, path: ManifestPath, message: string, help?: string): Finding {
    return this.#located(codeOf, message, this.#file.locate(path), help);
  }

  #located(
    codeOf: string,
    message: string,
    location: ReturnType<SourceFile["locate"]>,
    help: string | undefined,
  ): Finding {
    return { code: codeOf, severity: "error", message, location, ...(help === undefined ? {} : { help }) };
  }
}

const TYPE_WORDS: Readonly<Record<string, string>> = {
  string: "text",
  number: "a number",
  int: "a whole number",
  boolean: "true or false",
  array: "a list",
  object: "a map",
  record: "a map",
  null: "null",
};

function found(value: unknown): string {
  if (value === null || value === undefined) return "nothing";
  if (Array.isArray(value)) return value.length === 0 ? "an empty list" : "a list";
  if (typeof value === "object") return "a map";
  if (typeof value === "string") return value === "" ? "empty text" : code(value.slice(0, 60));
  return code(JSON.stringify(value));
}

function code(text: string): string {
  return `\`${text}\``;
}

function valueAt(value: unknown, path: ManifestPath): unknown {
  let at = value;
  for (const step of path) {
    if (typeof at !== "object" || at === null || !Object.hasOwn(at, step)) return undefined;
    at = (at as Record<string | number, unknown>)[step];
  }
  return at;
}

/** The keys that the schema knows at a place, read from its JSON form: over all alternatives. */
function keysAt(root: JsonSchema, path: ManifestPath): readonly string[] {
  let schemas: readonly JsonSchema[] = alternatives(root);
  for (const step of path) {
    schemas = schemas.flatMap((schema) => {
      const next = typeof step === "number" ? schema.items : (schema.properties?.[step] ?? schema.additionalProperties);
      return typeof next === "object" && !Array.isArray(next) ? alternatives(next) : [];
    });
  }
  return [...new Set(schemas.flatMap((schema) => Object.keys(schema.properties ?? {})))];
}

function alternatives(schema: JsonSchema): readonly JsonSchema[] {
  return (schema.anyOf as readonly JsonSchema[] | undefined)?.flatMap(alternatives) ?? [schema];
}
