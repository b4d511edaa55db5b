import { expect, test } from "vitest";
import type { Change } from "../model/change.ts";
import type { Membership } from "../model/role.ts";
import { onlyReduces } from "./only-reduces.ts";
import type { Report } from "./report.ts";

const MEMBER: Membership = {
  role: "readers",
  member: "alice",
  grantor: "owner",
  admin: true,
  inherit: true,
  set: true,
  implied: false,
};

/** Whether a change of this kind, in the form given here, takes access away and does nothing else. */
const KINDS: Readonly<Record<Change["kind"], readonly (readonly [form: object, reduces: boolean])[]>> = {
  "create-role": [[{}, false]],
  "drop-role": [[{}, true]],
  "rename-role": [[{}, false]],
  "alter-role": [
    [{ attributes: [{ name: "login", before: true, after: false }] }, true],
    [{ attributes: [{ name: "login", before: false, after: true }] }, false],
    [{ attributes: [{ name: "valid_until", before: null, after: "2026-01-01" }] }, false],
    [{ attributes: [{ name: "inherit", before: true, after: false }] }, false],
    [
      {
        attributes: [
          { name: "createdb", before: true, after: false },
          { name: "superuser", before: false, after: true },
        ],
      },
      false,
    ],
  ],
  "set-role-setting": [[{}, false]],
  "set-password": [[{}, false]],
  "add-membership": [[{}, false]],
  "remove-membership": [[{}, true]],
  "alter-membership": [
    [{ before: MEMBER, after: { ...MEMBER, admin: false } }, true],
    [{ before: { ...MEMBER, admin: false }, after: MEMBER }, false],
    [{ before: { ...MEMBER, set: false }, after: { ...MEMBER, admin: false } }, false],
  ],
  "add-grant": [[{}, false]],
  "remove-grant": [[{}, true]],
  "add-grant-option": [[{}, false]],
  "remove-grant-option": [[{}, true]],
  "add-default": [[{}, false]],
  "remove-default": [[{}, true]],
  "add-default-option": [[{}, false]],
  "remove-default-option": [[{}, true]],
  "change-owner": [[{}, false]],
  "create-policy": [[{}, false]],
  "drop-policy": [[{}, false]],
  "alter-policy": [[{}, false]],
  "set-row-security": [[{}, false]],
};

function judged(changes: readonly unknown[], delta: Partial<Report["delta"]> = {}): string | null {
  const none = { losses: [], gains: [], unknowns: [], subjectsLosing: 0, subjectsGaining: 0 };
  const plan = { changes: changes.map((change) => ({ change })) };
  return onlyReduces({ plan, delta: { ...none, ...delta } } as unknown as Report);
}

test("only what takes access away by its kind does, and one change that does not is enough", () => {
  for (const [kind, forms] of Object.entries(KINDS)) {
    for (const [form, reduces] of forms) {
      expect([kind, form, judged([{ kind, ...form }]) === null]).toEqual([kind, form, reduces]);
      expect(judged([{ kind: "remove-grant" }, { kind, ...form }]) === null).toBe(reduces);
    }
  }
  expect(judged([])).toBe("it changes nothing");
});

test("who gains by taking away, or may, makes it more than that", () => {
  const change = { kind: "remove-membership" };
  expect(judged([change], { gains: [{} as never] })).toBe("somebody gains access by it");
  expect(judged([change], { subjectsGaining: 1 })).toBe("somebody gains access by it");
  const unknowns = [{ subject: "database reports", reason: "no right" }];
  expect(judged([change], { unknowns })).toMatch(/not known who gains.*database reports/);
});
