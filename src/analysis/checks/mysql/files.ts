import { granteesOf, SERVER } from "../../escalation/mysql-held.ts";
import type { Check } from "../check.ts";
import { concerned, ENGINES, revoking, said, sure } from "./principals.ts";

/** MYE-05. */
export const files: Check = {
  id: "MYE-05",
  title: "FILE reaches every file of the server",
  why: "Where `secure_file_priv` names no folder, FILE reads whatever the account of the server can read, the grant tables and keys among it, and writes new files anywhere it can write.",
  fix: "Revoke FILE, and set `secure_file_priv` to a folder of its own.",
  danger: "critical",
  principles: ["least privilege"],
  engines: ENGINES,
  cis: ["CIS MySQL 5 FILE"],
  *find(context) {
    const found = granteesOf(context.index, SERVER, "FILE").filter((grantee) => concerned(context, grantee));
    if (found.length === 0) return;
    const settings = context.posture?.mysql?.settings;
    const folder = settings?.get("secure_file_priv");
    if (folder === undefined) {
      yield { unknown: "`secure_file_priv` was not read, which limits what FILE reaches" };
      return;
    }
    // MySQL says NULL where it lets nobody; elsewhere no folder is every folder.
    if (folder !== "") return;
    for (const grantee of found) {
      yield {
        message: `${said(grantee)} holds FILE, and \`secure_file_priv\` keeps it from no file of the server`,
        principals: [grantee],
        resources: [SERVER],
        path: [`${said(grantee)} reads any file by LOAD_FILE and writes new ones by INTO OUTFILE`],
        over: "escalable",
        fix: revoking(grantee, [SERVER], ["FILE"], ", and set `secure_file_priv` in the server's configuration"),
        ...sure(context),
      };
    }
  },
};
