import { describeName } from "../../../model/resource.ts";
import type { Subscription } from "../../../model/posture/postgresql.ts";
import { hasBit } from "../../bits.ts";
import type { Check, CheckContext, Gap, Hit } from "../check.ts";
import { isFor, membersOf } from "./given.ts";
import type { Purpose } from "../../../model/declared.ts";

/** PGE-27. */
export const subscriptions: Check = {
  id: "PGE-27",
  title: "what a publisher sends is written with strong rights, or anybody may subscribe",
  why: "The rows that arrive fire triggers and go past row policies as the owner of the subscription: who rules the publisher, or owns a table here, acts as that role. Who may subscribe makes this server connect out.",
  fix: "From PostgreSQL 16 on let a role own the subscription that may write these tables and nothing else, with `run_as_owner = false`.",
  danger: "high",
  principles: ["least privilege"],
  engines: ["postgresql"],
  *find(context) {
    for (const { member, removing } of membersOf(context, "pg_create_subscription")) {
      if (isFor(context, member, REPLICATES)) continue;
      yield {
        message: `\`${describeName(member)}\` is a member of \`pg_create_subscription\` and may make this server connect to any publisher`,
        principals: [member],
        about: "pg_create_subscription",
        fix: { text: "take the membership away, or declare the role's purpose: replication", changes: removing },
      };
    }
    yield* owned(context);
  },
};

const REPLICATES: ReadonlySet<Purpose> = new Set(["admin", "break-glass", "replication"]);

function* owned(context: CheckContext): Generator<Hit | Gap> {
  const all = context.posture?.postgresql?.subscriptions ?? null;
  if (all === null) return yield { unknown: "subscriptions were not read" };
  const { graph, rules } = context.index;
  for (const subscription of all) {
    const owner = graph.idOf(subscription.owner);
    const isStrong = hasBit(graph.superuserRoles, owner);
    if (!isStrong && !subscription.runAsOwner) continue;
    // Until 15 there is no choice: the owner is a superuser, and writes as itself.
    const isChosen = rules.adminNeeded;
    yield hit(context, subscription, isStrong, isChosen);
  }
}

function hit(
  { dialect }: CheckContext,
  { name, owner, database, runAsOwner }: Subscription,
  isStrong: boolean,
  isChosen: boolean,
): Hit {
  const quoted = dialect.quoteIdentifier(name);
  const as = isStrong ? `the superuser \`${describeName(owner)}\`` : `its owner \`${describeName(owner)}\``;
  const message = runAsOwner
    ? `the subscription \`${describeName(name)}\` writes what arrives as ${as}`
    : `the subscription \`${describeName(name)}\` belongs to ${as}`;
  return {
    message,
    principals: [owner],
    resources: [{ kind: "database", path: [database] }],
    about: `subscription\0${database}\0${name}\0${runAsOwner ? "as owner" : "owner"}`,
    danger: runAsOwner && isChosen ? "high" : "medium",
    fix: isChosen
      ? {
          text: "turn run_as_owner off, and give the subscription to a role with the rights on its tables only",
          sql: runAsOwner ? [`alter subscription ${quoted} set (run_as_owner = false)`] : [],
        }
      : { text: "upgrade to PostgreSQL 16 or later, where what arrives can be written as the owner of each table" },
  };
}
