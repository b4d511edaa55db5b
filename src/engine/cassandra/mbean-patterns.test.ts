import { describe, expect, it } from "vitest";
import { coversMbean } from "./mbean-patterns.ts";

describe("a pattern of MBeans", () => {
  it.each([
    ["java.lang:type=MemoryPool,*", "java.lang:name=Metaspace,type=MemoryPool"],
    ["java.lang:*", "java.lang:type=Memory"],
    ["java.*:type=Memory", "java.lang:type=Memory"],
    ["org.apache.cassandra.db:type=Tables,*", "org.apache.cassandra.db:keyspace=a,table=b,type=Tables"],
    ["d:name=B,type=A", "d:type=A,name=B"],
    ["d:type=A*,*", "d:name=B,type=Abc"],
    ["d:type=?", "d:type=x"],
    ["d:*", "d:type=A,*"],
  ])("%s covers %s", (pattern, name) => {
    expect(coversMbean(pattern, name)).toBe(true);
  });

  it.each([
    ["java.lang:type=MemoryPool,*", "java.lang:type=Memory"],
    ["java.lang:type=Memory", "java.lang:name=x,type=Memory"],
    ["java.lang:*", "javaxlang:type=Memory"],
    ["d:type=?", "d:type=xy"],
    ["d:type=A", "d:type=A,*"],
    ["d:type=a.c", "d:type=abc"],
  ])("%s does not cover %s", (pattern, name) => {
    expect(coversMbean(pattern, name)).toBe(false);
  });
});
