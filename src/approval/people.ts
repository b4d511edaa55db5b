/** Somebody who may approve, by what the manifest says. */
export interface Person {
  /** The key in the manifest. */
  readonly name: string;
  readonly email: string | null;
  readonly team: string | null;
  /** The day on which the person left, `2027-01-31`; null: still here. */
  readonly left: string | null;
  /** Several people use this identity, so it is nobody's word. */
  readonly shared: boolean;
}

/** Who made a plan or applies one, as far as it can be told: nothing here is proved. */
export interface Doer {
  /** People that it may be, sorted: by `--as`, by the email that Git knows, by the name of the account. All of them are kept from approving. */
  readonly people: readonly string[];
  /** How it is shown: a name, an email, `alice@laptop`. */
  readonly label: string;
  /** True when it is somebody of the manifest: a person, or a service or agent that was named. */
  readonly known: boolean;
}

/** The person whom a principal of the allowed-signers file stands for: by key or by email. Null: nobody; more than one where an email is shared. */
export function peopleOf(principal: string, people: readonly Person[]): readonly Person[] {
  return people.filter(({ name, email }) => name === principal || email === principal);
}

/** Why this person's word does not count at this time; null: it does. */
export function disqualified(person: Person, now: Date): string | null {
  if (person.shared) return "is used by several people";
  const today = now.toISOString().slice(0, 10);
  return person.left !== null && person.left <= today ? `left on ${person.left}` : null;
}
