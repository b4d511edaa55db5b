import { OWNER, roleName, schemaName, type Shape, truncates, writesIn } from "./catalog.ts";

/** The target that the benchmark's manifests are about. */
export const TARGET = "bench";

/** The environment variable that holds its URL. */
export const URL_VARIABLE = "BENCH_URL";

/** Says everything that a built catalog holds, and claims that there is nothing else: plans to zero changes. */
export function wholeManifest(shape: Shape): string {
  const roles = Array.from({ length: shape.roles }, (_, n) => role(n, shape));
  return [...head(), "roles:", `  ${OWNER}: {}`, ...roles, ""].join("\n");
}

/** The same, and a new group that may read every table. */
export function manifestWithNewGroup(shape: Shape): string {
  return `${wholeManifest(shape)}  new_group:\n    grants: [select on tables area_*.*]\n`;
}

function head(): string[] {
  return [
    "version: 1",
    `targets: { ${TARGET}: { engine: postgresql, environment: production, url: "\${${URL_VARIABLE}}" } }`,
    "scope: { authoritative: [{ facets: [grants], schemas: ['area_*'] }] }",
  ];
}

function role(n: number, shape: Shape): string {
  const area = schemaName(writesIn(n, shape.schemas));
  const variant = truncates(n, shape);
  const more = variant === null ? "" : `, "truncate on tables area_*.${variant}"`;
  const grants = `[select on tables area_*.*, "insert, update, delete on tables ${area}.*"${more}]`;
  return `  ${roleName(n)}: { login: true, grants: ${grants} }`;
}
