import type { Json } from "../../base/digest.ts";
import { type LogRow, textAt } from "./row.ts";

const VERSION = "8.17";

/** One entry as an event of the Elastic Common Schema. */
export function ecsRow(row: LogRow, origin: string): Json {
  const { entry, index } = row;
  const op = textAt(row, "changes.0.op") ?? "";
  const outcome = textAt(row, "outcome");
  const actor = textAt(row, "actor.name");
  const about = textAt(row, "subject.name") ?? textAt(row, "changes.0.subject");
  const users = [actor, about].filter((name) => name !== null);
  return {
    "@timestamp": entry.time,
    ecs: { version: VERSION },
    event: {
      kind: "event",
      category: ["iam"],
      type: typesOf(entry.type, op),
      action: entry.type,
      id: entry.id,
      sequence: index,
      dataset: "rolewright.audit",
      outcome: outcome === "success" || outcome === "failure" ? outcome : "unknown",
    },
    ...(actor === null ? {} : { user: { name: actor, ...(about === null ? {} : { target: { name: about } }) } }),
    ...(users.length === 0 ? {} : { related: { user: users } }),
    ...(textAt(row, "target.name") === null ? {} : { service: { name: textAt(row, "target.name") } }),
    rolewright: { origin, entry: entry.fields },
  };
}

function typesOf(type: string, op: string): string[] {
  if (op.startsWith("create")) return ["group", "creation"];
  if (op.startsWith("drop")) return ["group", "deletion"];
  if (op !== "") return ["group", "change"];
  return type.startsWith("log.") || type.startsWith("config.") ? ["admin", "change"] : ["info"];
}
