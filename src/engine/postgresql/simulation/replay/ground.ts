import { quoteLiteral } from "../../quote.ts";
import { type BlindSpots, readBlindSpots } from "./blind-spots.ts";
import { readRoleSettings, type RoleSettings } from "./session-state.ts";
import type { Rule } from "./statement-way.ts";
import {
  addSyntheticRows,
  readSampleRow,
  readSampleTypes,
  type SampleRow,
  type SampleTypes,
} from "./synthetic-rows.ts";
import { no, notConfirmed, yes } from "./verdict.ts";
import type { Wire } from "./wire.ts";
import type { ReplayAnswer } from "../../../simulation.ts";

/** What is known of a database before anything is tried in it. */
export interface Ground {
  /** Who we are there: a superuser. */
  readonly administrator: string;
  readonly major: number;
  readonly settings: RoleSettings;
  readonly spots: BlindSpots;
  readonly types: SampleTypes;
  /** The row that stands for those of a relation, as plans name it; null: it has none. */
  readonly sampleRow: (relation: string) => Promise<SampleRow | null>;
  readonly remembered: <T>(name: string, find: () => Promise<T>) => Promise<T>;
  decide(rule: Rule, role: string): Promise<ReplayAnswer>;
}

/** Reads a database as its administrator, and puts a row into every table without one. `keeper` stays the ground's own. */
export async function readGround(keeper: Wire): Promise<Ground> {
  await keeper.ask("set lc_messages = 'C'; set statement_timeout = '10s'; set jit = off");
  const { rows } = await keeper.ask("select current_setting('server_version_num'), session_user");
  const [version, administrator] = rows[0] ?? [];
  const types = await readSampleTypes(keeper);
  await addSyntheticRows(keeper, types);
  const known = new Map<string, Promise<unknown>>();
  const remembered = <T>(name: string, find: () => Promise<T>): Promise<T> => {
    const found = known.get(name) as Promise<T> | undefined;
    if (found !== undefined) return found;
    const asked = find();
    known.set(name, asked);
    asked.catch(() => known.delete(name)); // What could not be found out is asked again.
    return asked;
  };
  return {
    administrator: administrator ?? "",
    major: Math.floor(Number(version) / 10_000),
    settings: await readRoleSettings(keeper),
    spots: await readBlindSpots(keeper),
    types,
    sampleRow: (relation) => remembered(`row\0${relation}`, () => readSampleRow(keeper, relation)),
    remembered,
    decide: (rule, role) => decide(keeper, rule, role),
  };
}

async function decide(keeper: Wire, rule: Rule, role: string): Promise<ReplayAnswer> {
  switch (rule.kind) {
    case "anybody":
      return yes("rule");
    case "undecided":
      return notConfirmed("rule", rule.reason);
    case "needs": {
      const { rows, failure } = await keeper.ask(`select ${rule.condition.replaceAll("$1", () => quoteLiteral(role))}`);
      if (failure !== null) return notConfirmed("rule", failure);
      if (rows[0]?.[0] !== "t") return no("rule", { code: "42501", message: rule.refusal });
      return rule.whereHeld === "yes"
        ? yes("rule")
        : notConfirmed("rule", "it cannot be tried without lasting effects");
    }
  }
}
