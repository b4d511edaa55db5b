/** What `rolewright explain CODE` prints about a diagnostic. */
export interface CodePage {
  /** One sentence, lower-case first letter, no full stop. */
  readonly title: string;
  /** Why it is an error, or why it matters. */
  readonly why: string;
  /** What to do. */
  readonly fix: string;
  /** A few lines that show the right way. */
  readonly example?: string;
}
