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

const LIMITS: Readonly<Record<EngineName, RoleNameLimits>> = {
  cassandra: { mostBytes: null, reserved: [] },
  mariadb: { mostBytes: null, reserved: ["public", "none", "current_role", "current_user"] },
  mysql: { mostBytes: null, reserved: [] },
  postgresql: { mostBytes: 63, reserved: ["public", "none"] },
};

/** What `validate` knows of role names; everything else is the server's own to refuse. Where no engine is known, the strictest. */
export function roleNameLimits(engine: EngineName | undefined): RoleNameLimits {
  return LIMITS[engine ?? "postgresql"];
}
