import { compareText, sorted } from "../../../base/order.ts";
import { describeName } from "../../../model/resource.ts";
import { PUBLIC } from "../../../model/role.ts";
import type { Check } from "../check.ts";
import { words } from "../postgresql/given.ts";
import { defaultChange, plural } from "./future.ts";

/** DEF-05. */
export const emptyDefault: Check = {
  id: "DEF-05",
  title: "default privileges that leave nobody anything open new objects to everybody",
  why: "An empty list is kept as no list at all: the new object gets what the server gives by itself, and everybody may execute it. What was meant to close everything opens it.",
  fix: "Leave the creator its own entry: `alter default privileges for role CREATOR grant execute on functions to CREATOR`.",
  danger: "critical",
  principles: ["least privilege"],
  engines: ["postgresql"],
  *find({ index, dialect }) {
    for (const [, entry] of sorted(index.state.defaultPrivileges, ([a], [b]) => compareText(a, b))) {
      const { creator, database, schema, kind, list } = entry;
      if (schema !== null || list.entries.length > 0) continue;
      const builtin = dialect.rules.builtinList(kind, creator).entries;
      const open = builtin.find(({ grantee }) => grantee === PUBLIC)?.privileges ?? [];
      if (open.length === 0) continue;
      const own = builtin.find(({ grantee }) => grantee === creator)?.privileges ?? [];
      yield {
        message: `everybody gets ${words(open)} on ${plural(kind)} that \`${describeName(creator)}\` makes, since its default privileges leave nobody anything`,
        principals: [creator],
        resources: [{ kind: "database", path: [database] }],
        about: `${kind}\0${database}`,
        danger: kind === "routine" ? "critical" : "medium",
        fix: {
          text: `give \`${describeName(creator)}\` its own ${words(own)} back`,
          changes: [defaultChange("add-default", entry, creator, own)],
        },
      };
    }
  },
};
