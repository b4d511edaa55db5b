import { type Personal, personal } from "./commitment.ts";
import { credentialIn } from "./credentials.ts";

/** A text that people or programs wrote, as an entry may hold it: cut, since entries are to stay small; what looks like a credential is nowhere. */
export function toldOf(text: string, subject: string | null = null): Personal {
  return personal(credentialIn(text) === null ? text.slice(0, MAX_CHARACTERS) : "[withheld]", subject);
}

const MAX_CHARACTERS = 500;
