import { describe, expect, it } from "vitest";
import { refuseUntried, untried } from "./untried.ts";

const serverOf = (engine: string, product: string) => ({
  identity: { engine, server: "1", databases: ["def"] },
  version: { product, major: 8, minor: 4, text: "8.4.0" },
});

describe("what was never compared with a live server", () => {
  it("is refused on MySQL, with what works there instead", () => {
    expect(untried(serverOf("mysql", "MySQL"))).toMatchObject({
      code: "RW596",
      help: expect.stringContaining("`when`") as string,
    });
    expect(() => refuseUntried(serverOf("mysql", "MySQL"))).toThrow(/MySQL/u);
  });

  it("is not MariaDB", () => {
    expect(untried(serverOf("mariadb", "MariaDB"))).toBeNull();
  });
});
