import { compareResources, resourceKey, type Resource } from "../../model/resource.ts";
import type { AccessState, RowPolicy } from "../../model/access-state.ts";
import { PUBLIC } from "../../model/role.ts";
import { compareBy, sorted } from "../../base/order.ts";
import { manifestName } from "./name.ts";
import type { YamlMap } from "./yaml.ts";

/** Row security, table by table, as the `row_policies` list of a manifest. */
export function rowPoliciesYaml(access: AccessState, nameDatabase: boolean): readonly YamlMap[] {
  const tables = new Map<string, { table: Resource; policies: RowPolicy[] }>();
  for (const { resource, rowSecurity } of access.holdings.values()) {
    if (rowSecurity !== undefined) tables.set(resourceKey(resource), { table: resource, policies: [] });
  }
  for (const policy of access.rowPolicies.values()) {
    const key = resourceKey(policy.table);
    const entry = tables.get(key) ?? { table: policy.table, policies: [] };
    tables.set(key, entry);
    entry.policies.push(policy);
  }
  return sorted(tables.values(), (a, b) => compareResources(a.table, b.table)).map(({ table, policies }) => {
    const security = access.holdings.get(resourceKey(table))?.rowSecurity;
    return {
      table: manifestName(table),
      database: nameDatabase ? table.path[0] : undefined,
      enabled: security?.enabled ?? false,
      forced: security?.forced ?? false,
      policies:
        policies.length === 0
          ? undefined
          : Object.fromEntries(
              sorted(
                policies,
                compareBy((one) => one.name),
              ).map((one) => [one.name, policyYaml(one)]),
            ),
    };
  });
}

function policyYaml(policy: RowPolicy): YamlMap {
  const everybody = policy.roles.length === 1 && policy.roles[0] === PUBLIC;
  return {
    command: policy.command === "ALL" ? undefined : policy.command.toLowerCase(),
    permissive: policy.permissive ? undefined : false,
    to: everybody ? undefined : policy.roles.map((role) => (role === PUBLIC ? "public" : role)),
    using: policy.using ?? undefined,
    check: policy.check ?? undefined,
  };
}
