import { usageError } from "./usage.ts";

/** The arguments and options of one command, as text; each is read by the type that the command wants. */
export class Input {
  readonly #arguments: readonly (string | undefined)[];
  readonly #options: ReadonlyMap<string, unknown>;

  /** `options` by their flag's name without dashes: `accept-access-loss`. */
  constructor(args: readonly (string | undefined)[], options: ReadonlyMap<string, unknown>) {
    this.#arguments = args;
    this.#options = options;
  }

  /** The argument at this place, or null. */
  argument(index: number): string | null {
    return this.#arguments[index] ?? null;
  }

  /** All arguments that were given, in order. */
  get given(): readonly string[] {
    return this.#arguments.filter((each) => each !== undefined);
  }

  /** True when the switch was given. */
  flag(name: string): boolean {
    return this.#options.get(name) === true;
  }

  /** The value of an option, or null. */
  text(name: string): string | null {
    const value = this.#options.get(name);
    return typeof value === "string" ? value : null;
  }

  /** The values of an option that may be given several times, in the order given. */
  list(name: string): readonly string[] {
    const value = this.#options.get(name);
    return Array.isArray(value) ? value.map(String) : [];
  }

  /** The value of an option as a whole number, zero or more, or null. */
  count(name: string): number | null {
    const value = this.text(name);
    if (value === null) return null;
    if (!/^\d{1,9}$/.test(value))
      throw usageError("RW004", `option \`--${name}\` takes a whole number, not \`${value}\``);
    return Number(value);
  }
}
