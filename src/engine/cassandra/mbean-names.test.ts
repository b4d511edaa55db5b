import { expect, test } from "vitest";
import { canonicalMbean } from "./mbean-names.ts";

test.for([
  ["java.lang:type=Memory", "java.lang:type=Memory"],
  ["a:type=T,*", "a:type=T,*"],
  ["a:*,type=T", "a:type=T,*"],
  ["a:*", "a:*"],
  ["a:type=T,keyspace=k,*", "a:keyspace=k,type=T,*"],
  ['a:z="x,y=\\",1",b=2', 'a:b=2,z="x,y=\\",1"'],
  ["nonsense", "nonsense"],
])("the MBean %s is kept as %s", ([written, kept]) => {
  expect(canonicalMbean(written ?? "")).toBe(kept);
});
