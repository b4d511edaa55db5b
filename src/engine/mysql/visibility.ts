import type { Privilege } from "../../model/access-list.ts";
import type { Unknown } from "../../model/snapshot.ts";
import type { Product } from "./product.ts";

/** What is hidden from us for want of a privilege on `*.*`. */
interface Hidden {
  readonly subject: string;
  /** One of these shows it. */
  readonly shownBy: readonly Privilege[];
  /** The one that does the least else. */
  readonly least: Privilege;
  readonly reason: string;
}

const ON_TABLES = [
  "ALTER",
  "CREATE",
  "CREATE VIEW",
  "DELETE",
  "DROP",
  "INDEX",
  "INSERT",
  "REFERENCES",
  "SELECT",
  "SHOW VIEW",
  "TRIGGER",
  "UPDATE",
];

const HIDDEN_ON_BOTH: readonly Hidden[] = [
  {
    subject: "tables",
    shownBy: ON_TABLES,
    least: "SHOW VIEW",
    reason: "only those are shown that the connection's account has a privilege on",
  },
  {
    subject: "columns",
    shownBy: ["SELECT", "INSERT", "UPDATE", "REFERENCES"],
    least: "REFERENCES",
    reason: "only those are shown that the connection's account has a privilege on",
  },
  {
    subject: "triggers",
    shownBy: ["TRIGGER"],
    least: "TRIGGER",
    reason: "only those are shown that the connection's account may change",
  },
];

const HIDDEN: Readonly<Record<Product["engine"], readonly Hidden[]>> = {
  mariadb: HIDDEN_ON_BOTH,
  mysql: [
    ...HIDDEN_ON_BOTH,
    {
      subject: "events",
      shownBy: ["EVENT"],
      least: "EVENT",
      reason: "only those are shown that the connection's account may change",
    },
    {
      subject: "routines",
      shownBy: ["SELECT", "SHOW_ROUTINE"],
      least: "SHOW_ROUTINE",
      reason: "only those are shown that the connection's account may run or change",
    },
  ],
};

/** What of the catalog is not shown to an account that holds these privileges on `*.*`. */
export function hiddenFrom(held: ReadonlySet<Privilege>, product: Product, account: string): readonly Unknown[] {
  return HIDDEN[product.engine]
    .filter(({ shownBy }) => !shownBy.some((privilege) => held.has(privilege)))
    .map(({ subject, reason, least }) => ({
      subject,
      reason,
      help: `have an administrator run: grant ${least.toLowerCase()} on *.* to ${account}`,
    }));
}
