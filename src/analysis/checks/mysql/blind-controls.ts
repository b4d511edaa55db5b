import { PUBLIC, type RoleName } from "../../../model/role.ts";
import { listBits } from "../../bits.ts";
import { granteesOf, heldAnywhere, joined, SERVER, togetherIn } from "../../escalation/mysql-held.ts";
import type { Resource } from "../../../model/resource.ts";
import type { Check } from "../check.ts";
import { concerned, ENGINES, revoke, said, sure } from "./principals.ts";

const CONTROLS: readonly { readonly place: Resource; readonly privilege: string; readonly word: string }[] = [
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
    const { graph } = index;
    const controls = CONTROLS.map((each) => ({ ...each, held: joined(index, [[each.place, each.privilege]]) }));
    const data = heldAnywhere(index, ["DELETE", "INSERT", "SELECT", "UPDATE"], { own: true });
    for (const id of listBits(graph.existing)) {
      const name = graph.names[id] as RoleName;
      if (!concerned(context, name)) continue;
      const found = controls.flatMap((each) => {
        const over = togetherIn(index, [each.held, data], id);
        return over === null ? [] : [{ ...each, over }];
      });
      if (found.length === 0) continue;
      const words = found.map(({ word }) => word).join(", ");
      const changes = found.flatMap(({ place, privilege }) =>
        granteesOf(index, place, privilege)
          .filter((grantee) => grantee === PUBLIC || graph.isReacher(graph.idOf(grantee), id, null))
          .map((grantee) => revoke(grantee, [place], [privilege])),
      );
      yield {
        message: `${said(name)} uses data, and may switch off what records that: it holds ${words}`,
        principals: [name],
        resources: found.map(({ place }) => place),
        over: found.some(({ over }) => over === "effective") ? "effective" : "reachable",
        fix: { text: `revoke ${words} from ${changes.map(({ grantee }) => said(grantee)).join(", ")}`, changes },
        ...sure(context),
      };
    }
  },
};
