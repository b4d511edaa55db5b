import { inspect } from "node:util";

const MASK = "[secret]";

/** A value that prints as `[secret]` wherever it goes: templates, JSON, `console`, errors. Only `reveal()` gives it out. */
export class Secret {
  readonly #value: string;

  constructor(value: string) {
    this.#value = value;
  }

  /** The value itself, for the one call that needs it. */
  reveal(): string {
    return this.#value;
  }

  toString(): string {
    return MASK;
  }

  toJSON(): string {
    return MASK;
  }

  static {
    Object.defineProperty(Secret.prototype, inspect.custom, { value: () => MASK });
  }
}
