import { createSign, generateKeyPairSync, randomBytes } from "node:crypto";

/** A self-signed TLS certificate for `localhost` and 127.0.0.1, valid for a day, with its key; both PEM. Node makes keys but no certificates, so this writes the ASN.1. */
export function selfSigned(now: Date): { readonly certificate: string; readonly key: string } {
  const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
  const name = sequence(set(sequence(oid(COMMON_NAME), utf8("localhost"))));
  const algorithm = sequence(oid(ECDSA_SHA256));
  const validity = sequence(utcTime(now, -3_600_000), utcTime(now, 86_400_000));
  const names = sequence(der(0x82, Buffer.from("localhost")), der(0x87, Buffer.from([127, 0, 0, 1])));
  const extensions = der(0xa3, sequence(sequence(oid(ALTERNATIVE_NAMES), der(0x04, names))));
  const version = der(0xa0, der(0x02, Buffer.from([2])));
  const serial = der(0x02, Buffer.concat([Buffer.from([1]), randomBytes(8)]));
  const spki = publicKey.export({ type: "spki", format: "der" });
  const body = sequence(version, serial, algorithm, name, validity, name, spki, extensions);
  const signature = createSign("sha256").update(body).sign(privateKey);
  const certificate = sequence(body, algorithm, der(0x03, Buffer.concat([Buffer.from([0]), signature])));
  const lines = certificate.toString("base64").match(/.{1,64}/gu) ?? [];
  return {
    certificate: `-----BEGIN CERTIFICATE-----\n${lines.join("\n")}\n-----END CERTIFICATE-----\n`,
    key: privateKey.export({ type: "pkcs8", format: "pem" }).toString(),
  };
}

/** 2.5.4.3, 1.2.840.10045.4.3.2 and 2.5.29.17, as they are encoded. */
const COMMON_NAME = "550403";
const ECDSA_SHA256 = "2a8648ce3d040302";
const ALTERNATIVE_NAMES = "551d11";

function der(tag: number, ...content: readonly Buffer[]): Buffer {
  const body = Buffer.concat(content);
  const { length } = body;
  const header = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff];
  return Buffer.concat([Buffer.from([tag, ...header]), body]);
}

function sequence(...content: readonly Buffer[]): Buffer {
  return der(0x30, ...content);
}

function set(...content: readonly Buffer[]): Buffer {
  return der(0x31, ...content);
}

function oid(encoded: string): Buffer {
  return der(0x06, Buffer.from(encoded, "hex"));
}

function utf8(text: string): Buffer {
  return der(0x0c, Buffer.from(text));
}

function utcTime(now: Date, offsetMs: number): Buffer {
  const time = new Date(now.getTime() + offsetMs);
  return der(0x17, Buffer.from(`${time.toISOString().replace(/[-:T]/gu, "").slice(2, 14)}Z`));
}
