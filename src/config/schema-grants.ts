import { z } from "zod";
import type { GrantEntry, MembershipEntry, ProfileEntry, ProfileUse, RevokeEntry } from "./manifest.ts";
import { because, name, names, on, targetsKey } from "./schema-common.ts";

/** A pattern may match nothing. */
export const mayBeEmpty: z.ZodExactOptional<z.ZodBoolean> = z
  .boolean()
  .describe("A pattern that matches nothing is an error unless this is true.")
  .exactOptional();

const future = z
  .strictObject({
    creators: z
      .union([z.literal("discovered"), z.array(name).min(1)])
      .describe(
        "The roles that make the objects. `discovered`: the owners in the schema and the roles that hold CREATE there.",
      ),
    only: z.boolean().describe("Nothing that exists already, only what is made from now on.").exactOptional(),
  })
  .describe("The same for objects that these roles make from now on.")
  .exactOptional();

const by = name
  .describe("The copy that this role gave. Default: any copy counts, and the owner gives a new one.")
  .exactOptional();

const grantCommon = {
  privileges: z.array(name).min(1).describe("`select`, `insert`, ... or `all`."),
  columns: z.array(name).min(1).describe("Only these columns, by exact name.").exactOptional(),
  on: on.describe("What the privileges are for: exactly one kind."),
  by,
  future,
  may_be_empty: mayBeEmpty,
  targets: targetsKey,
  because,
};
const grantText = name.describe("`PRIVILEGES [(COLUMNS)] on KIND NAME [with grant option]`");
/** What a role holds. */
export const grant: z.ZodType<GrantEntry> = z.union([
  grantText,
  z.strictObject({
    ...grantCommon,
    grantable: z.boolean().describe("Whether the grantee may pass it on. Default: no.").exactOptional(),
  }),
]);
/** What it must not hold. */
export const revoke: z.ZodType<RevokeEntry> = z.union([
  grantText,
  z.strictObject({
    ...grantCommon,
    grant_option_only: z.boolean().describe("Only the right to pass it on is to go. Default: no.").exactOptional(),
  }),
]);

/** A role that it is in. */
export const membership: z.ZodType<MembershipEntry> = z.union([
  name,
  z.strictObject({
    role: name,
    admin: z.boolean().describe("May add and remove members. Default: no.").exactOptional(),
    inherit: z.boolean().describe("Has the role's privileges without asking. Default: yes.").exactOptional(),
    set: z.boolean().describe("May become the role by SET ROLE. Default: yes.").exactOptional(),
    by,
    targets: targetsKey,
    because,
  }),
]);

/** A thing that is said once for many. */
export const profile: z.ZodType<ProfileEntry> = z.strictObject({
  because,
  parameters: names.describe("Names that stand in braces in the text below: `{schema}`.").exactOptional(),
  grants: z.array(grant).exactOptional(),
  revoke: z.array(revoke).exactOptional(),
  member_of: z.array(membership).exactOptional(),
});

/** Where a profile is used, and with what. */
export const profileUse: z.ZodType<string | ProfileUse> = z.union([
  name,
  z.strictObject({
    use: name.describe("The profile."),
    with: z
      .record(z.string(), z.union([name, z.array(name).min(1)]))
      .describe("Its parameters. A list: once for each.")
      .exactOptional(),
    targets: targetsKey,
  }),
]);
