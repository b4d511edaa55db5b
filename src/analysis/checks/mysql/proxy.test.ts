import { expect, it } from "vitest";
import { type MysqlWorld, told, toldAfterFix } from "../../../../test/support/check-world-mysql.ts";
import { proxy } from "./proxy.ts";

const on = (...grants: string[]): MysqlWorld => ({ roles: { "app@%": {}, "weak@%": {}, "strong@%": {} }, grants });

it("MYE-08 finds PROXY on a strong account, on root and on any account", () => {
  const world = on(
    "super on server to strong@%",
    "proxy on role strong@% to app@%",
    "proxy on role root@localhost to app@%",
    "proxy on role @% to weak@%",
  );
  expect(told(proxy, world)).toEqual([
    "critical `app@%` may sign in as `root@localhost` by PROXY",
    "critical `app@%` may sign in as `strong@%` by PROXY",
    "critical `weak@%` may sign in as any account by PROXY",
  ]);
  expect(toldAfterFix(proxy, world)).toEqual([]);
});

it("MYE-08 is silent about PROXY on a weak account, on one that is gone, and about other grants", () => {
  expect(told(proxy, on("proxy on role weak@% to app@%", "proxy on role gone@% to app@%"))).toEqual([]);
  expect(told(proxy, on("select on schema shop to app@%", "proxy on role root@localhost to gone@%"))).toEqual([]);
});

it("MYE-08 takes who can escalate for strong", () => {
  const grants = [
    "proxy on role weak@% to app@%",
    "create user on server to strong@%",
    "proxy on role strong@% to weak@%",
  ];
  expect(told(proxy, on(...grants))).toHaveLength(2);
});

it("MYE-08 does not take for strong who would need somebody else for it", () => {
  const grants = [
    "proxy on role weak@% to app@%",
    "insert on table mysql.db to strong@%",
    "proxy on role strong@% to weak@%",
  ];
  const callers = on(
    "proxy on role weak@% to app@%",
    "super on server to strong@%",
    "execute on schema shop to strong@%",
    "alter routine, create routine on schema shop to weak@%",
  );
  expect(told(proxy, { ...callers, exists: ["routine shop.f.function"] })).toEqual([]);
  expect(told(proxy, on(...grants))).toHaveLength(1);
});
