/** What only checks ask. What is stored as a password never leaves the server: not more than its beginning, `$2a$10$`, which says how it was made. */

/** 5.0 and later: everything behind the beginning is covered by the server. */
export const PASSWORD_FORMS = "select role, mask_inner(salted_hash, 7, 0) from system_auth.roles";
export type PasswordFormRow = readonly [role: string, beginning: string | null];

/** Before 5.0: who has any password stored, and whose is of a lower cost than 10. */
export const PASSWORDS_STORED = "select role from system_auth.roles where salted_hash > '' allow filtering";
export const PASSWORDS_CHEAP =
  "select role from system_auth.roles where salted_hash >= '$2a$00' and salted_hash < '$2a$10' allow filtering";
export type PasswordRow = readonly [role: string];

export const ROLE_MEMBERS = "select role, member from system_auth.role_members";
export type RoleMemberRow = readonly [role: string, member: string];

/** Its name is spelled so. */
export const GRANT_INDEX = "select resource, role from system_auth.resource_role_permissons_index";
export type GrantIndexRow = readonly [resource: string, role: string];

/** 5.0 and later. */
export const COLUMN_MASKS = "select keyspace_name, table_name, column_name from system_schema.column_masks";
export type ColumnMaskRow = readonly [keyspace: string, table: string, column: string];

/** The node that is asked, and its schema. */
export const THIS_NODE =
  "select rpc_address, rpc_port, data_center, release_version, schema_version from system.local where key = 'local'";
export type ThisNodeRow = readonly [
  address: string,
  port: number | null,
  dataCenter: string,
  release: string,
  schema: string,
];

/** The others, up or not. A row without an id is of a node that is gone, or not there yet. */
export const OTHER_NODES =
  "select host_id, native_address, native_port, data_center, release_version, schema_version from system.peers_v2";
export type OtherNodeRow = readonly [
  hostId: string | null,
  address: string | null,
  port: number | null,
  dataCenter: string | null,
  release: string | null,
  schema: string | null,
];
