import type { Value } from "./client.ts";

// INVARIANT: no query names `salted_hash`.

/** Which server, which node, and its clock. */
export const SERVER =
  "select cluster_name, host_id, release_version, data_center, totimestamp(now()) from system.local where key = 'local'";
export type ServerRow = readonly [cluster: string, hostId: string, release: string, dataCenter: string, now: string];

/** The other nodes, up or not. */
export const PEERS = "select host_id, data_center, native_address, native_port, release_version from system.peers_v2";
export type PeerRow = readonly [
  hostId: string | null,
  dataCenter: string | null,
  address: string | null,
  port: number | null,
  release: string | null,
];

/** Settings of the node that is asked. Refused to who may not read `system_views`. */
export const SETTINGS = "select name, value from system_views.settings";
export type SettingRow = readonly [name: string, value: string | null];

export const ROLES = "select role, can_login, is_superuser, member_of from system_auth.roles";
export type RoleRow = readonly [
  role: string,
  login: boolean | null,
  superuser: boolean | null,
  memberOf: readonly string[] | null,
];

export const PERMISSIONS = "select role, resource, permissions from system_auth.role_permissions";
export type PermissionRow = readonly [role: string, resource: string, permissions: readonly string[] | null];

/** `role` holds the name of a resource here: `roles/ana`. */
export const DATA_CENTERS = "select role, dcs from system_auth.network_permissions";
/** 5.0 and later. `role` is the role's name. */
export const CIDR_GROUPS = "select role, cidr_groups from system_auth.cidr_permissions";
export type RestrictionRow = readonly [role: string, names: readonly string[] | null];

/** 5.0 and later. */
export const IDENTITIES = "select identity, role from system_auth.identity_to_role";
export type IdentityRow = readonly [identity: string, role: string];

export const KEYSPACES = "select keyspace_name, replication from system_schema.keyspaces";
/** `class`, and how many copies there are, in all or by data center. */
export type KeyspaceRow = readonly [name: string, replication: { readonly [key: string]: string }];

export const TABLES = "select keyspace_name, table_name from system_schema.tables";
export type TableRow = readonly [keyspace: string, name: string];

export const VIEWS = "select keyspace_name, view_name, base_table_name from system_schema.views";
export type ViewRow = readonly [keyspace: string, name: string, base: string];

export const COLUMNS = "select keyspace_name, table_name, column_name, kind, position from system_schema.columns";
export type ColumnRow = readonly [keyspace: string, table: string, column: string, kind: string, position: number];

export const FUNCTIONS = "select keyspace_name, function_name, argument_types from system_schema.functions";
export const AGGREGATES = "select keyspace_name, aggregate_name, argument_types from system_schema.aggregates";
export type RoutineRow = readonly [keyspace: string, name: string, argumentTypes: readonly string[] | null];

export const TYPES = "select keyspace_name, type_name, field_names, field_types from system_schema.types";
export type TypeRow = readonly [
  keyspace: string,
  name: string,
  fields: readonly string[] | null,
  types: readonly string[] | null,
];

/** Who is connected to the node that is asked, and to no other. */
export const CLIENTS =
  "select address, port, username, driver_name, client_options, connection_stage from system_views.clients";
export type ClientRow = readonly [
  address: string,
  port: number,
  user: string | null,
  driver: string | null,
  options: { readonly [key: string]: Value } | null,
  stage: string | null,
];
