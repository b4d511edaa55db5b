import type { Session } from "./client.ts";
import { CODE, isServerError, isTooFewNodes } from "./errors.ts";
import * as sql from "./queries.ts";

/** Settings of one node, by name. */
export type Settings = ReadonlyMap<string, string>;

/** The settings of the node; null where we may not read them. */
export async function readSettings(session: Session): Promise<Settings | null> {
  try {
    const rows = await session.rows<sql.SettingRow>(sql.SETTINGS, { consistency: "localOne" });
    return new Map(rows.map(([name, value]) => [name, value ?? ""]));
  } catch (error) {
    if (isServerError(error, [CODE.unauthorized]) && !isTooFewNodes(error)) return null;
    throw error;
  }
}

/** What checks each of these things, by the name of its class without its package; empty where it is not known. */
export function classOfSetting(settings: Settings, name: string): string {
  const value = settings.get(`${name}.class_name`) ?? settings.get(name) ?? "";
  return value.slice(value.lastIndexOf(".") + 1);
}

/** Whether what is granted counts, and what of it: 0, 1; absent where the settings may not be read. */
export function enforcement(settings: Settings | null): Readonly<Record<string, number>> {
  if (settings === null) return {};
  const checks = (name: string): number => (/^(?:AllowAll|$)/u.test(classOfSetting(settings, name)) ? 0 : 1);
  return {
    authenticator: checks("authenticator"),
    authorizer: checks("authorizer"),
    cidr_authorizer: checks("cidr_authorizer"),
    network_authorizer: checks("network_authorizer"),
  };
}

/** How long a node may go on believing what it read about roles and grants, in milliseconds. */
export function cacheValidityMs(settings: Settings): number {
  const names = ["roles_validity", "permissions_validity", "credentials_validity"];
  return Math.max(...names.map((name) => milliseconds(settings.get(name) ?? settings.get(`${name}_in_ms`) ?? "")));
}

const UNITS: Readonly<Record<string, number>> = { ms: 1, s: 1000, m: 60_000, h: 3_600_000, d: 86_400_000 };

function milliseconds(text: string): number {
  const [, number = "0", unit = "ms"] = /^(\d+)(ms|s|m|h|d)?$/u.exec(text) ?? [];
  return Number(number) * (UNITS[unit] ?? 1);
}
