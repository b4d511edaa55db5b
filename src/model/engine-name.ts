/** The database products that a target can name. */
export const ENGINE_NAMES = ["cassandra", "mariadb", "mysql", "postgresql"] as const;

export type EngineName = (typeof ENGINE_NAMES)[number];

/** What can be said about the names of roles without asking a server. */
export interface RoleNameLimits {
  /** A longer name is cut in silence and then means another role; null: none is. */
  readonly mostBytes: number | null;
  /** Names that the server understands as something else. */
  readonly reserved: readonly string[];
}

/** By engine: what `validate` knows of role names. The rest is the server's own to refuse. */
export const ROLE_NAME_LIMITS: Readonly<Record<EngineName, RoleNameLimits>> = {
  cassandra: { mostBytes: null, reserved: [] },
  mariadb: { mostBytes: null, reserved: ["public", "none", "current_role", "current_user"] },
  mysql: { mostBytes: null, reserved: [] },
  postgresql: { mostBytes: 63, reserved: ["public", "none"] },
};
