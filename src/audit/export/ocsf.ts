import type { Json } from "../../base/digest.ts";
import { type LogRow, textAt } from "./row.ts";

/** OCSF 1.8: category 3 is identity and access management. */
const CATEGORY = 3;
const CLASSES = { account_change: 3001, entity_management: 3004, user_access: 3005, group_management: 3006 } as const;

interface Kind {
  readonly uid: (typeof CLASSES)[keyof typeof CLASSES];
  readonly activity: number;
}

/** What a change is in OCSF 1.8; whom it is about (a login or a role) is not in an entry, so the class of roles is taken. */
const CHANGES: Readonly<Record<string, Kind>> = {
  "create-role": { uid: CLASSES.group_management, activity: 6 },
  "drop-role": { uid: CLASSES.group_management, activity: 5 },
  "add-grant": { uid: CLASSES.group_management, activity: 1 },
  "remove-grant": { uid: CLASSES.group_management, activity: 2 },
  "add-membership": { uid: CLASSES.user_access, activity: 3 },
  "remove-membership": { uid: CLASSES.user_access, activity: 4 },
};

/** Events that create, read, change, remove: the activities of entity management. */
const OTHER: Kind = { uid: CLASSES.entity_management, activity: 3 };

/** One entry as an event of the Open Cybersecurity Schema Framework, version 1.8. What it has no place for is under `unmapped`. */
export function ocsfRow(row: LogRow, origin: string): Json {
  const { entry, index } = row;
  const op = entry.type === "change.intent" ? textAt(row, "changes.0.op") : null;
  const { uid, activity } = (op === null ? undefined : CHANGES[op]) ?? OTHER;
  const outcome = textAt(row, "outcome");
  return {
    metadata: { version: "1.8.0", uid: entry.id, product: { name: "Rolewright", vendor_name: "Rolewright" } },
    category_uid: CATEGORY,
    class_uid: uid,
    activity_id: activity,
    type_uid: uid * 100 + activity,
    time: Date.parse(entry.time),
    severity_id: entry.type === "breakglass.used" ? 4 : 1,
    status_id: outcome === "failure" ? 2 : outcome === "success" ? 1 : 0,
    message: entry.type,
    actor: { user: { name: textAt(row, "actor.name") ?? "", uid: textAt(row, "actor.ref") ?? "" } },
    ...subject(row, uid),
    unmapped: { origin, index, entry: entry.fields },
  };
}

function subject(row: LogRow, uid: number): Readonly<Record<string, Json>> {
  const name = textAt(row, "subject.name") ?? textAt(row, "changes.0.subject") ?? "";
  if (uid === CLASSES.group_management) return { group: { name } };
  if (uid === CLASSES.user_access) return { user: { name }, privileges: [] };
  return { entity: { name: textAt(row, "target.name") ?? "audit log", type: row.entry.type } };
}
