import { describeName } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import type { AccessIndex } from "../access-index.ts";
import { explainAccess } from "../explain.ts";
import type { AccessQuestion } from "../sources.ts";

const BY = {
  grant: "holds it",
  ownership: "owns it",
  public: "everybody holds it",
  predefined: "has it from the server",
  superuser: "is a superuser",
  "default-privilege": "gets it by default privileges",
  attribute: "has it by an attribute",
  membership: "has the admin option",
} as const;

/** One sentence on the nearest way by which a role has an access: `svc_shop` → `sales_rw`, which holds it. */
export function wayOf(index: AccessIndex, who: RoleName, question: AccessQuestion): string {
  const [path] = explainAccess(index, who, question, { limit: 1 })?.paths ?? [];
  if (path === undefined) return "a way that cannot be shown gives it";
  if (path.by === "public") return BY.public;
  const roles = [who, ...path.roles].map((name) => `\`${describeName(name)}\``);
  const set = path.needsSetRole ? " after SET ROLE" : "";
  return roles.length === 1 ? `${roles[0]} ${BY[path.by]} itself` : `${roles.join(" → ")}, which ${BY[path.by]}${set}`;
}
