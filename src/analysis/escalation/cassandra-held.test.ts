import { expect, test } from "vitest";
import { isPowerfulMbean } from "./cassandra-held.ts";

const STORAGE = "org.apache.cassandra.db:type=StorageService";

test("the name of a powerful MBean is one, and others are not", () => {
  expect(isPowerfulMbean(STORAGE)).toBe(true);
  expect(isPowerfulMbean("com.sun.management:type=HotSpotDiagnostic")).toBe(true);
  expect(isPowerfulMbean("org.apache.cassandra.db:type=CompactionManager")).toBe(false);
  expect(isPowerfulMbean("org.apache.cassandra.net:type=StorageService")).toBe(false);
  expect(isPowerfulMbean("")).toBe(false);
});

test("patterns are matched in the domain and in each property, as wholes", () => {
  expect(isPowerfulMbean("org.apache.cassandra.*:type=StorageService")).toBe(true);
  expect(isPowerfulMbean("*:type=Storage*")).toBe(true);
  expect(isPowerfulMbean("org.apache.cassandra.d?:type=Storage?ervice")).toBe(true);
  expect(isPowerfulMbean("orgXapache.cassandra.db:type=StorageService")).toBe(false);
  expect(isPowerfulMbean("org.apache.cassandra.db:type=Storage")).toBe(false);
  expect(isPowerfulMbean("cassandra.db:type=StorageService")).toBe(false);
});

test("a star alone lets other properties be there, and without it all are to be named", () => {
  expect(isPowerfulMbean("ch.qos.logback.classic:Name=default,*")).toBe(true);
  expect(isPowerfulMbean("ch.qos.logback.classic:Name=default")).toBe(false);
  expect(isPowerfulMbean("org.apache.cassandra.db:*")).toBe(true);
  expect(isPowerfulMbean(`${STORAGE},*`)).toBe(true);
  expect(isPowerfulMbean(`${STORAGE},keyspace=x`)).toBe(false);
  expect(isPowerfulMbean("org.apache.cassandra.db:keyspace=x,*")).toBe(false);
  expect(isPowerfulMbean("org.apache.cassandra.db")).toBe(false);
  expect(isPowerfulMbean("org.apache.cassandra.db:")).toBe(false);
});
