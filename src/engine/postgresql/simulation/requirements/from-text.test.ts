import { beforeAll, describe, expect, test } from "vitest";
import { fromText, loadText } from "./from-text.ts";

beforeAll(loadText);

function needs(text: string): readonly string[] {
  const { allOf, approximate } = fromText({ text, database: "shop", role: "ana", searchPath: ["$user", "sales"] });
  expect(approximate).toBe(true);
  return allOf.map((need) => {
    if (need.kind !== "need" || need.right.kind !== "privilege") return JSON.stringify(need);
    const { privilege, resource, columns } = need.right;
    const which = columns?.kind === "listed" ? `(${columns.names.join()})` : (columns?.kind ?? "");
    return `${privilege}${which} ${resource.path.slice(1).join(".")}`;
  });
}

describe("what the text alone says", () => {
  test("is the relations that it reads, in the first schema of the path or the one that is named", () => {
    expect(needs("select * from orders o join crm.people p on p.id = o.person")).toEqual([
      "SELECTany crm.people",
      "SELECTany sales.orders",
      "USAGE crm",
      "USAGE sales",
    ]);
  });

  test("is the columns that it writes", () => {
    expect(needs("insert into orders (id, amount) select 1, $1 on conflict (id) do update set amount = 2")).toContain(
      "INSERT(amount,id) sales.orders",
    );
    expect(needs("update orders set amount = 1")).toContain("UPDATE(amount) sales.orders");
    expect(needs("delete from orders")).toContain("DELETE sales.orders");
  });

  test("knows what a query made itself", () => {
    expect(needs("with x as (select 1) select * from x")).toEqual([]);
  });

  test("is unknown where it is no SQL, or does something else", () => {
    const ask = (text: string) => fromText({ text, database: "shop", role: "ana" }).unknown.map((part) => part.kind);
    expect(ask("this is none")).toEqual(["unparsed"]);
    expect(ask("grant select on orders to ben")).toEqual(["utility"]);
    expect(ask("call pay(1)")).toEqual(["utility"]);
  });
});
