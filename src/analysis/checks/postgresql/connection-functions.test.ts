import { expect, test } from "vitest";
import { type CheckWorld, runOn, told } from "../../../../test/support/check-world.ts";
import { resourceKey } from "../../../model/resource.ts";
import type { Snapshot } from "../../../model/snapshot.ts";
import { connectionFunctions } from "./connection-functions.ts";

/** Says of some routines which extension made them. */
function madeBy(extension: string, ...names: readonly string[]): (catalog: Snapshot["catalog"]) => Snapshot["catalog"] {
  return (catalog) => {
    const entries = new Map(catalog.entries);
    for (const name of names) {
      const resource = { kind: "routine", path: ["shop", ...name.split(".")] } as const;
      entries.set(resourceKey(resource), { resource, extension });
    }
    return { ...catalog, entries };
  };
}

function world(grants: readonly string[], catalog: CheckWorld["catalog"]): CheckWorld {
  return { roles: { app: {}, boss: { superuser: true } }, grants, ...(catalog === undefined ? {} : { catalog }) };
}

test("connection functions that everybody may execute are found, all of an extension in one finding", () => {
  const grants = ["execute on routine public.dblink to public", "execute on routine public.dblink_exec to public"];
  const both = madeBy("dblink", "public.dblink", "public.dblink_exec");
  expect(told(connectionFunctions, world(grants, both))).toEqual([
    "high everybody may make the server open connections, by 2 functions of `dblink`",
  ]);
  expect(runOn(connectionFunctions, world(grants, both)).findings[0]?.mend.changes).toHaveLength(1);
});

test("connecting without a password is critical", () => {
  const grants = ["execute on routine public.dblink_connect_u to app"];
  expect(told(connectionFunctions, world(grants, madeBy("dblink", "public.dblink_connect_u")))).toEqual([
    "critical `app` may make the server open connections, by a function of `dblink`, one of them without asking for a password",
  ]);
});

test("one without a password among others is enough, and each database is for itself", () => {
  const grants = ["execute on routine public.dblink_connect_u to app", "execute on routine public.dblink to app"];
  const both = madeBy("dblink", "public.dblink_connect_u", "public.dblink");
  expect(told(connectionFunctions, world(grants, both))[0]).toMatch(/^critical .* 2 functions/u);
});

test("other functions of the extension, the same names of others, and superusers are left alone", () => {
  const quoting = ["execute on routine public.dblink_get_pkey to public"];
  expect(told(connectionFunctions, world(quoting, madeBy("dblink", "public.dblink_get_pkey")))).toEqual([]);
  const own = ["execute on routine public.dblink to public"];
  expect(told(connectionFunctions, world(own, undefined))).toEqual([]);
  expect(told(connectionFunctions, world(own, madeBy("hstore", "public.dblink")))).toEqual([]);
  const boss = ["execute on routine public.dblink to boss"];
  expect(told(connectionFunctions, world(boss, madeBy("dblink", "public.dblink")))).toEqual([]);
});
