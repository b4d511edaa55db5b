import { z } from "zod";
import type { Change } from "../model/change.ts";
import { RESOURCE_KINDS } from "../model/resource.ts";
import type { Plan } from "./plan.ts";

/** The shape of a plan file of format 1.0, strict: a field that this release does not know is an error, because it could mean something. */
export const PLAN_SCHEMA: z.ZodType<Plan> = z.lazy(() => plan) as unknown as z.ZodType<Plan>;

const text = z.string();
const count = z.int();
const texts = z.array(text);
const digest = z.templateLiteral(["sha256:", z.string().regex(/^[0-9a-f]{64}$/)]);
const kind = z.enum(RESOURCE_KINDS);
const resource = z.strictObject({ kind, path: texts });
const resources = z.array(resource).min(1);

const location = z.strictObject({
  file: text,
  line: count,
  column: count,
  endLine: count.optional(),
  endColumn: count.optional(),
});

const origin = z.strictObject({
  locations: z.array(location),
  because: text.optional(),
  by: z.enum(["declared", "absent", "authoritative", "revert"]),
});

const attribute = z.union([z.boolean(), z.number(), text, z.null()]);

const role = z.strictObject({
  name: text,
  origin: z.enum(["user", "predefined", "bootstrap", "provider"]),
  attributes: z.record(text, attribute),
  settings: z.array(z.strictObject({ database: text.nullable(), name: text, value: text })),
});

const membership = z.strictObject({
  role: text,
  member: text,
  grantor: text,
  admin: z.boolean(),
  inherit: z.boolean(),
  set: z.boolean(),
  implied: z.boolean(),
});

const policy = z.strictObject({
  table: resource,
  name: text,
  command: z.enum(["ALL", "SELECT", "INSERT", "UPDATE", "DELETE"]),
  permissive: z.boolean(),
  roles: texts,
  using: text.nullable(),
  check: text.nullable(),
});

const rowSecurity = z.strictObject({ enabled: z.boolean(), forced: z.boolean() });

const place = { resourceKind: kind, database: text.nullable(), resources };
const grant = { ...place, privileges: texts.min(1), grantee: text, grantor: text, grantable: z.boolean() };
const target = z.strictObject({ creator: text, database: text, schema: text.nullable(), kind });
const defaults = { target, privileges: texts.min(1), grantee: text, grantable: z.boolean() };

/** One schema for each kind, so that a new kind of change does not compile until it is here. */
const CHANGES = {
  "create-role": z.strictObject({ kind: z.literal("create-role"), role }),
  "drop-role": z.strictObject({ kind: z.literal("drop-role"), role }),
  "rename-role": z.strictObject({ kind: z.literal("rename-role"), from: text, to: text }),
  "alter-role": z.strictObject({
    kind: z.literal("alter-role"),
    role: text,
    attributes: z.array(z.strictObject({ name: text, before: attribute, after: attribute })).min(1),
  }),
  "set-role-setting": z.strictObject({
    kind: z.literal("set-role-setting"),
    role: text,
    database: text.nullable(),
    name: text,
    before: text.nullable(),
    after: text.nullable(),
  }),
  "set-password": z.strictObject({ kind: z.literal("set-password"), role: text, source: text }),
  "add-membership": z.strictObject({ kind: z.literal("add-membership"), membership }),
  "remove-membership": z.strictObject({ kind: z.literal("remove-membership"), membership }),
  "alter-membership": z.strictObject({ kind: z.literal("alter-membership"), before: membership, after: membership }),
  "add-grant": z.strictObject({ kind: z.literal("add-grant"), ...grant }),
  "remove-grant": z.strictObject({ kind: z.literal("remove-grant"), ...grant }),
  "add-grant-option": z.strictObject({ kind: z.literal("add-grant-option"), ...grant }),
  "remove-grant-option": z.strictObject({ kind: z.literal("remove-grant-option"), ...grant }),
  "add-default": z.strictObject({ kind: z.literal("add-default"), ...defaults }),
  "remove-default": z.strictObject({ kind: z.literal("remove-default"), ...defaults }),
  "add-default-option": z.strictObject({ kind: z.literal("add-default-option"), ...defaults }),
  "remove-default-option": z.strictObject({ kind: z.literal("remove-default-option"), ...defaults }),
  "change-owner": z.strictObject({ kind: z.literal("change-owner"), ...place, from: text, to: text }),
  "create-policy": z.strictObject({ kind: z.literal("create-policy"), policy }),
  "drop-policy": z.strictObject({ kind: z.literal("drop-policy"), policy }),
  "alter-policy": z.strictObject({ kind: z.literal("alter-policy"), before: policy, after: policy }),
  "set-row-security": z.strictObject({
    kind: z.literal("set-row-security"),
    table: resource,
    before: rowSecurity,
    after: rowSecurity,
  }),
} satisfies Record<Change["kind"], z.ZodType>;

const change = z.discriminatedUnion("kind", [
  CHANGES["create-role"],
  CHANGES["drop-role"],
  CHANGES["rename-role"],
  CHANGES["alter-role"],
  CHANGES["set-role-setting"],
  CHANGES["set-password"],
  CHANGES["add-membership"],
  CHANGES["remove-membership"],
  CHANGES["alter-membership"],
  CHANGES["add-grant"],
  CHANGES["remove-grant"],
  CHANGES["add-grant-option"],
  CHANGES["remove-grant-option"],
  CHANGES["add-default"],
  CHANGES["remove-default"],
  CHANGES["add-default-option"],
  CHANGES["remove-default-option"],
  CHANGES["change-owner"],
  CHANGES["create-policy"],
  CHANGES["drop-policy"],
  CHANGES["alter-policy"],
  CHANGES["set-row-security"],
]);

const stage = z.strictObject({
  name: z.enum(["all", "prepare", "add", "heavy", "remove", "finish"]),
  database: text,
  statements: z.array(
    z.strictObject({
      text,
      changes: z.array(count),
      as: text.optional(),
      secret: text.optional(),
      heavy: text.optional(),
      interrupts: text.optional(),
    }),
  ),
});

const finding = z.strictObject({
  code: text,
  severity: z.enum(["error", "warning", "info"]),
  message: text,
  location: location.optional(),
  related: z.array(z.strictObject({ message: text, location })).optional(),
  help: text.optional(),
});

const plan = z.strictObject({
  format_version: z.literal("1.0"),
  tool: text,
  target: z.strictObject({
    name: text,
    environment: text,
    identity: z.strictObject({ engine: text, server: text, databases: texts }),
    version: z.strictObject({ product: text, major: count, minor: count, text }),
    actor: text,
  }),
  manifest_digest: digest.nullable(),
  fingerprint: z.strictObject({ before: digest, after: digest }),
  basis: z.record(text, text),
  changes: z.array(z.strictObject({ change, origin })),
  stages: z.array(stage),
  inverse_changes: z.array(change),
  inverse: z.array(stage),
  irreversible: texts,
  budget: z.strictObject({
    statements: count,
    locks: count,
    max_locks: count,
    removals: count.optional(),
    allowed_removals: count.optional(),
  }),
  findings: z.array(finding),
  resolution_findings: count.optional(),
  trial: z.strictObject({ tries: digest, login: text }).optional(),
  digest,
  made_by: z.strictObject({ people: texts, label: text, known: z.boolean() }).optional(),
});
