import type { Purpose } from "../../../model/declared.ts";
import type { Danger } from "../../../model/check-finding.ts";
import type { Resource } from "../../../model/resource.ts";
import { granteesOf, SERVER } from "../../escalation/mysql-held.ts";
import type { Check } from "../check.ts";
import { concerned, ENGINES, isFor, revoking, said, sure } from "./principals.ts";

interface Copying {
  readonly place: Resource;
  readonly privilege: string;
  readonly word: string;
  readonly gets: string;
  readonly danger: Danger;
  readonly purposes: readonly Purpose[];
}

const server = (privilege: string, gets: string, danger: Danger, purposes: readonly Purpose[]): Copying => ({
  place: SERVER,
  privilege,
  word: privilege,
  gets,
  danger,
  purposes,
});

const dynamic = (word: string, gets: string, purposes: readonly Purpose[]): Copying => ({
  place: { kind: "dynamic-privilege", path: [word] },
  privilege: "USAGE",
  word,
  gets,
  danger: "critical",
  purposes,
});

/** On MariaDB BINLOG MONITOR shows the statements of the binary log (seen on 10.11). */
const COPYING: readonly Copying[] = [
  server("REPLICATION SLAVE", "receives every change of all data", "critical", ["replication"]),
  server("BINLOG REPLAY", "writes any row of any table", "critical", ["replication", "backup"]),
  server("BINLOG MONITOR", "reads the statements of the binary log", "medium", ["replication", "backup", "monitoring"]),
  dynamic("BACKUP_ADMIN", "copies all data files", ["backup"]),
  dynamic("CLONE_ADMIN", "copies the whole server, or replaces it", ["backup", "replication"]),
  dynamic("REPLICATION_APPLIER", "writes any row of any table", ["replication"]),
  dynamic("BINLOG_ADMIN", "purges and redirects the binary log", ["replication", "backup"]),
];

/** MYE-14. */
export const copies: Check = {
  id: "MYE-14",
  title: "all data can be copied by replication, backup or the binary log",
  why: "Such a right is asked for once and gives every row of every schema, whatever is granted on them.",
  fix: "Give it only to accounts for replication or backup, from their hosts alone, and say so by their purpose.",
  danger: "critical",
  principles: ["least privilege"],
  engines: ENGINES,
  cis: ["CIS MySQL 5 REPLICATION SLAVE", "CIS MySQL 9"],
  *find(context) {
    for (const { place, privilege, word, gets, danger, purposes } of COPYING) {
      for (const grantee of granteesOf(context.index, place, privilege)) {
        if (!concerned(context, grantee) || isFor(context, grantee, purposes)) continue;
        yield {
          message: `${said(grantee)} holds ${word}, which ${gets}`,
          principals: [grantee],
          resources: [place],
          about: word,
          danger,
          fix: { ...revoking(grantee, [place], [privilege]), text: `revoke ${word} from ${said(grantee)}` },
          ...sure(context),
        };
      }
    }
  },
};
