import { expect, test } from "vitest";
import { unifiedDiff } from "./unified-diff.ts";

test("a changed line stands between its neighbours", () => {
  const before = "a\nb\nc\nd\ne\nf\ng\nh\n";
  expect(unifiedDiff("x.yaml", before, before.replace("e\n", "E\nE2\n"))).toEqual([
    "--- a/x.yaml",
    "+++ b/x.yaml",
    "@@ -2,7 +2,8 @@",
    " b",
    " c",
    " d",
    "-e",
    "+E",
    "+E2",
    " f",
    " g",
    " h",
  ]);
  expect(unifiedDiff("x.yaml", before, before)).toEqual([]);
});
