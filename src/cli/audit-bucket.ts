import type { AuditStore } from "../audit/log/audit-store.ts";
import { RolewrightError } from "../base/error.ts";
import { Secret } from "../base/secret.ts";
import type { S3Credentials } from "../store/s3/sign-request.ts";
import type { CliContext } from "./context.ts";

/** The store of a log in the bucket of an address `s3://bucket/prefix`, with the region, the endpoint and the credentials from the variables that other programs for S3 read. Throws RW644 where one is missing or wrong. */
export async function auditBucket(address: string, env: CliContext["env"]): Promise<AuditStore> {
  const found = /^s3:\/\/([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])(?:\/(.*?))?\/*$/u.exec(address);
  if (found === null) throw undescribed(`\`${address}\` is no bucket`, "it is written as s3://BUCKET/PREFIX");
  const [, bucket = "", prefix = ""] = found;
  const given = (...names: readonly string[]): string | null =>
    names.map((name) => env[name] ?? "").find((value) => value !== "") ?? null;
  const region = given("AWS_REGION", "AWS_DEFAULT_REGION");
  if (region === null)
    throw undescribed("no region is given", "set AWS_REGION; storages that have none take us-east-1");
  const endpoint = given("AWS_ENDPOINT_URL_S3", "AWS_ENDPOINT_URL") ?? `https://s3.${region}.amazonaws.com`;
  if (!/^https?:\/\/[^/?#@\s]+\/?$/u.test(endpoint))
    throw undescribed(`\`${endpoint}\` is no endpoint`, "it is a scheme, a host and perhaps a port");
  const [id, secret, token] = [given("AWS_ACCESS_KEY_ID"), given("AWS_SECRET_ACCESS_KEY"), given("AWS_SESSION_TOKEN")];
  if (id === null || secret === null)
    throw undescribed(
      "no credentials are given",
      "set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, and AWS_SESSION_TOKEN for short-lived ones",
    );
  const credentials: S3Credentials = {
    accessKeyId: id,
    secretAccessKey: new Secret(secret),
    sessionToken: token === null ? null : new Secret(token),
  };
  const { s3AuditStore } = await import("../store/s3/audit-store.ts");
  return s3AuditStore({
    endpoint: endpoint.replace(/\/$/u, ""),
    region,
    bucket,
    prefix,
    credentials: () => Promise.resolve(credentials),
  });
}

function undescribed(why: string, help: string): RolewrightError {
  return new RolewrightError("RW644", `the bucket of the audit log cannot be used: ${why}`, { help });
}
