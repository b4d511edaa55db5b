import { POLICY_TYPES, POLICY_VARIABLES } from "./fields.ts";

/** An object of one of the types: the evaluator tells types by their constructors. */
type Constructor = new (values: Readonly<Record<string, unknown>>) => object;

function constructorOf(name: string): Constructor {
  const made = {
    // oxlint-disable-next-line typescript/no-extraneous-class -- the evaluator tells types by their constructors
    [name]: class {
      constructor(values: Readonly<Record<string, unknown>>) {
        Object.assign(this, values);
      }
    },
  };
  return made[name] as Constructor;
}

/** The constructor of each type. */
export const CONSTRUCTORS: ReadonlyMap<string, Constructor> = new Map(
  POLICY_TYPES.map(({ name }) => [name, constructorOf(name)]),
);

/** The type of the items of a list type; null for every other type. */
export function itemType(type: string): string | null {
  return /^list<(.*)>$/u.exec(type)?.[1] ?? null;
}

/** The variables with every object in them made one of its type; each when it is first asked for. */
export function typedValues(values: Readonly<Record<string, unknown>>): Readonly<Record<string, unknown>> {
  const typed: Record<string, unknown> = {};
  const known = new Map<string, unknown>();
  for (const { name, type } of POLICY_VARIABLES) {
    Object.defineProperty(typed, name, {
      enumerable: true,
      get: () => {
        if (!known.has(name)) known.set(name, typedAs(type, values[name]));
        return known.get(name);
      },
    });
  }
  return typed;
}

function typedAs(type: string, value: unknown): unknown {
  const item = itemType(type);
  if (item !== null && Array.isArray(value)) return value.map((each) => typedAs(item, each));
  const Typed = CONSTRUCTORS.get(type);
  const fields = POLICY_TYPES.find(({ name }) => name === type)?.fields;
  if (Typed === undefined || fields === undefined) return value;
  const given = value as Readonly<Record<string, unknown>>;
  return new Typed(Object.fromEntries(fields.map((field) => [field.name, typedAs(field.type, given[field.name])])));
}
