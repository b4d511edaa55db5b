import { expect, test } from "vitest";
import { Secret } from "../../base/secret.ts";
import { type S3Request, signRequest } from "./sign-request.ts";

// The examples of Amazon's own page on Signature Version 4 for S3 ("Authenticating Requests: Using the Authorization Header").
const credentials = {
  accessKeyId: "AKIAIOSFODNN7EXAMPLE",
  secretAccessKey: new Secret("wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
  sessionToken: null,
};
const at = { credentials, region: "us-east-1", now: new Date("2013-05-24T00:00:00Z") };
const endpoint = "https://examplebucket.s3.amazonaws.com";
const none = new Uint8Array(0);

const signatureOf = (request: Omit<S3Request, "endpoint">): string =>
  signRequest({ ...request, endpoint }, at).headers["authorization"]?.split("Signature=")[1] ?? "";

test("the published examples get the published signatures", () => {
  expect(signatureOf({ method: "GET", path: "test.txt", headers: { range: "bytes=0-9" }, body: none })).toBe(
    "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
  );
  expect(
    signatureOf({
      method: "PUT",
      path: "test$file.text",
      headers: { date: "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY" },
      body: Buffer.from("Welcome to Amazon S3.", "utf8"),
    }),
  ).toBe("98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd");
  expect(signatureOf({ method: "GET", path: "", query: { lifecycle: "" }, body: none })).toBe(
    "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
  );
  expect(signatureOf({ method: "GET", path: "", query: { "max-keys": "2", prefix: "J" }, body: none })).toBe(
    "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
  );
});

test("names are encoded as RFC 3986 has it, and a token is signed with the rest", () => {
  const signed = signRequest(
    { endpoint, method: "GET", path: "a b/ü!'()*+&=?#%", query: { "b b": "/*", a: "~" }, body: none },
    { ...at, credentials: { ...credentials, sessionToken: new Secret("token") } },
  );
  expect(signed.url).toBe(`${endpoint}/a%20b/%C3%BC%21%27%28%29%2A%2B%26%3D%3F%23%25?a=~&b%20b=%2F%2A`);
  expect(signed.headers["x-amz-security-token"]).toBe("token");
  expect(signed.headers["authorization"]).toContain(
    "SignedHeaders=host;x-amz-content-sha256;x-amz-date;x-amz-security-token,",
  );
});
