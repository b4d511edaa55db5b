/** One figure of a benchmark: one JSON object a line. */
export interface Measurement {
  readonly bench: string;
  readonly metric: string;
  readonly value: number;
  readonly unit: "ms" | "MiB";
  /** The least that anybody would need for the same, measured in the same run; null where there is nothing to compare with. */
  readonly baseline: number | null;
  /** `value / baseline`. */
  readonly ratio: number | null;
  /** What we want to stay below on 4 vCPU and 8 GiB; null where nothing is promised. */
  readonly target: number | null;
  readonly met: boolean | null;
  readonly conditions: Readonly<Record<string, string | number>>;
}

/** Fills in what follows from the rest. */
export function measurement(
  given: Pick<Measurement, "bench" | "metric" | "value" | "unit" | "baseline" | "target" | "conditions">,
): Measurement {
  const { baseline, target, value } = given;
  return {
    bench: given.bench,
    metric: given.metric,
    value: round(value),
    unit: given.unit,
    baseline: baseline === null ? null : round(baseline),
    ratio: baseline === null || baseline === 0 ? null : round(value / baseline),
    target,
    met: target === null ? null : value <= target,
    conditions: given.conditions,
  };
}

function round(value: number): number {
  return Number(value.toPrecision(3));
}
