import type { Resource } from "../../../model/resource.ts";
import type { Grantee } from "../../../model/role.ts";
import { allTogether, countsFor, granteesOf, heldAnywhere, joined, SERVER } from "../../escalation/mysql-held.ts";
import type { Check } from "../check.ts";
import { concerned, ENGINES, revoke, said, sure } from "./principals.ts";

interface Control {
  readonly place: Resource;
  readonly privilege: string;
  readonly word: string;
}

const CONTROLS: readonly Control[] = [
  { place: SERVER, privilege: "SUPER", word: "SUPER" },
  ...["AUDIT_ADMIN", "ENCRYPTION_KEY_ADMIN", "FIREWALL_ADMIN", "SYSTEM_VARIABLES_ADMIN"].map((word) => ({
    place: { kind: "dynamic-privilege", path: [word] } as const,
    privilege: "USAGE",
    word,
  })),
];

/** MYE-16. */
export const blindControls: Check = {
  id: "MYE-16",
  title: "who uses data may switch off what records it",
  why: "SUPER, and on MySQL AUDIT_ADMIN and its like, switch off the audit log, the general log, the firewall or encryption: the same person then uses the data, and nothing is recorded.",
  fix: "Keep these rights with accounts that hold nothing on data.",
  danger: "high",
  principles: ["separation of duties", "traceability"],
  engines: ENGINES,
  *find(context) {
    const { index } = context;
    const data = heldAnywhere(index, ["DELETE", "INSERT", "SELECT", "UPDATE"], { own: true });
    const found = new Map<Grantee, (Control & { readonly over: "effective" | "reachable" })[]>();
    for (const control of CONTROLS) {
      const held = joined(index, [[control.place, control.privilege]]);
      for (const { name, over } of allTogether(index, [held, data])) {
        if (concerned(context, name)) found.set(name, [...(found.get(name) ?? []), { ...control, over }]);
      }
    }
    for (const [name, controls] of found) {
      const words = controls.map(({ word }) => word).join(", ");
      const changes = controls.flatMap(({ place, privilege }) =>
        granteesOf(index, place, privilege)
          .filter((grantee) => countsFor(index, grantee, name))
          .map((grantee) => revoke(grantee, [place], [privilege])),
      );
      yield {
        message: `${said(name)} uses data, and may switch off what records that: it holds ${words}`,
        principals: [name],
        resources: controls.map(({ place }) => place),
        over: controls.some(({ over }) => over === "effective") ? "effective" : "reachable",
        fix: { text: `revoke ${words} from ${changes.map(({ grantee }) => said(grantee)).join(", ")}`, changes },
        ...sure(context),
      };
    }
  },
};
