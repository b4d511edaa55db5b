import type { Finding, SourceLocation } from "../model/finding.ts";
import type { ManifestPath, SourceFile, TextRange } from "./source-file.ts";

/** Several files as one value, and the way back from a place in it to the file that said it. */
export interface JoinedFiles {
  readonly value: Record<string, unknown>;
  readonly findings: readonly Finding[];
  readonly locate: (path: ManifestPath, range?: TextRange) => SourceLocation | undefined;
  readonly locateKey: (path: ManifestPath) => SourceLocation | undefined;
}

interface Place {
  readonly file: SourceFile;
  readonly path: ManifestPath;
}

/** Joins files in the given order: lists are joined, maps are merged, and one thing said differently in two places is an error at both. */
export function joinFiles(files: readonly SourceFile[]): JoinedFiles {
  const joiner = new Joiner();
  for (const file of files) {
    for (const [key, value] of Object.entries(file.value as Record<string, unknown>)) {
      if (key !== "include") joiner.add(joiner.value, [key], value, { file, path: [key] });
    }
  }
  return {
    value: joiner.value,
    findings: joiner.findings,
    locate: (path, range) => {
      const place = joiner.placeOf(path) ?? emptyPlace(files);
      return place?.file.locate(place.path, range);
    },
    locateKey: (path) => {
      const place = joiner.placeOf(path) ?? emptyPlace(files);
      return place?.file.locateKey(place.path);
    },
  };
}

function emptyPlace(files: readonly SourceFile[]): Place | undefined {
  const file = files[0];
  return file === undefined ? undefined : { file, path: [] };
}

class Joiner {
  readonly value: Record<string, unknown> = {};
  readonly findings: Finding[] = [];
  /** Where each value came from; a path without an entry came with the nearest one above it. */
  readonly #places = new Map<string, Place>();
  readonly #copies = new WeakSet<object>();

  add(into: Record<string, unknown>, path: ManifestPath, value: unknown, place: Place): void {
    const key = String(path.at(-1));
    if (!Object.hasOwn(into, key)) {
      into[key] = value;
      this.#places.set(JSON.stringify(path), place);
      return;
    }
    const present = into[key];
    if (Array.isArray(present) && Array.isArray(value)) {
      value.forEach((_, index) => {
        const from = { file: place.file, path: [...place.path, index] };
        this.#places.set(JSON.stringify([...path, present.length + index]), from);
      });
      into[key] = [...(present as unknown[]), ...(value as unknown[])];
      return;
    }
    if (isMap(present) && isMap(value)) {
      const copy = this.#copies.has(present) ? present : { ...present };
      this.#copies.add(copy);
      into[key] = copy;
      for (const [name, inner] of Object.entries(value)) {
        this.add(copy, [...path, name], inner, { file: place.file, path: [...place.path, name] });
      }
      return;
    }
    if (present !== value) this.#conflict(path, place);
  }

  placeOf(path: ManifestPath): Place | undefined {
    for (let length = path.length; length > 0; length--) {
      const place = this.#places.get(JSON.stringify(path.slice(0, length)));
      if (place !== undefined) return { file: place.file, path: [...place.path, ...path.slice(length)] };
    }
    return undefined;
  }

  #conflict(path: ManifestPath, place: Place): void {
    const first = this.placeOf(path);
    this.findings.push({
      code: "RW108",
      severity: "error",
      message: `\`${path.join(".")}\` is said differently in two files`,
      location: place.file.locate(place.path),
      ...(first === undefined
        ? {}
        : { related: [{ message: "it is said here first", location: first.file.locate(first.path) }] }),
      help: "say it in one of them",
    });
  }
}

function isMap(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
