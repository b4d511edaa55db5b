import type { RoleOrigin } from "../../model/role.ts";

/** A managed service, recognised by roles that only it has; host names prove nothing. */
export interface Provider {
  readonly name: string;
  /** Any of these roles gives it away. */
  readonly signs: readonly string[];
  /** The role that its customers administer with: it counts as an administrator. */
  readonly admin: string;
  /** Roles that belong to the service: outside every Scope unless named. */
  readonly roles: RegExp;
}

/** The services by what their documentation says; none was reached by our tests. Order matters: Supabase and Neon also run on others' clouds. */
export const PROVIDERS: readonly Provider[] = [
  {
    name: "supabase",
    signs: ["supabase_admin"],
    admin: "postgres",
    roles: /^(supabase_.*|anon|authenticated|authenticator|service_role|dashboard_user|pgbouncer|pgsodium_.*)$/,
  },
  { name: "neon", signs: ["neon_superuser"], admin: "neon_superuser", roles: /^(neon_.*|cloud_admin)$/ },
  {
    name: "amazon-rds",
    signs: ["rds_superuser", "rdsadmin"],
    admin: "rds_superuser",
    roles: /^rds(_.*|admin|topmgr)$/,
  },
  {
    name: "google-cloud-sql",
    signs: ["cloudsqlsuperuser", "cloudsqladmin"],
    admin: "cloudsqlsuperuser",
    roles: /^cloudsql.*$/,
  },
  { name: "azure", signs: ["azure_pg_admin", "azuresu"], admin: "azure_pg_admin", roles: /^(azure_.*|azuresu)$/ },
];

/** The managed service that has these roles, or null. */
export function recogniseProvider(roles: ReadonlySet<string>): Provider | null {
  return PROVIDERS.find((provider) => provider.signs.some((sign) => roles.has(sign))) ?? null;
}

/** Where a role comes from. The prefix `pg_` is reserved by the server; the first superuser always has the id 10. */
export function roleOrigin(name: string, oid: string, provider: Provider | null): RoleOrigin {
  if (oid === "10") return "bootstrap";
  if (name.startsWith("pg_")) return "predefined";
  return provider?.roles.test(name) === true ? "provider" : "user";
}
