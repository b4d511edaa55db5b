import { expect, it } from "vitest";
import { Secret } from "../base/secret.ts";
import { engineOfUrl } from "./registry.ts";

it.each([
  ["postgresql://a@b/c", "postgresql"],
  ["POSTGRES://a@b/c", "postgresql"],
  ["mariadb://a@b/", "mariadb"],
  ["mysql://a@b/", "mysql"],
  ["cassandra://a@b,c/", "cassandra"],
])("the engine of %s is %s", (url, engine) => {
  expect(engineOfUrl(new Secret(url))).toBe(engine);
});

it.each(["oracle://scott:tiger@db/", "constructor://scott:tiger@db", "host=db password=tiger", ""])(
  "a URL that names no engine that we know is RW526, and is not repeated: %j",
  (url) => {
    expect(() => engineOfUrl(new Secret(url))).toThrow(expect.objectContaining({ code: "RW526" }));
    expect(() => engineOfUrl(new Secret(url))).not.toThrow(/tiger/u);
  },
);
