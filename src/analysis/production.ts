/** Whether losses on targets of this environment must be accepted by their number: everything that calls itself production, or live. */
export function isProduction(environment: string): boolean {
  return /prod|^live\b/i.test(environment) && !/non-?_?prod/i.test(environment);
}
