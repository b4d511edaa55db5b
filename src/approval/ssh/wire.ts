/** Reads the fields of SSH's binary format (RFC 4251, section 5) one after the other. Every method throws a WireError where the bytes end too early or are no such field. */
export interface WireReader {
  byte(): number;
  uint32(): number;
  string(): Buffer;
  /** A string that must be text without a NUL. */
  text(): string;
  /** A whole number that is not negative, without leading zeros. */
  integer(): Buffer;
  /** Throws where bytes are left over. */
  end(): void;
}

/** Bytes that are not what they claim to be. Never shown to people as it is: who reads says what was read. */
export class WireError extends Error {
  override readonly name = "WireError";
}

/** A reader over these bytes. */
export function wireReader(bytes: Uint8Array): WireReader {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  let at = 0;
  const take = (length: number): Buffer => {
    if (length > buffer.length - at) throw new WireError("it ends too early");
    at += length;
    return buffer.subarray(at - length, at);
  };
  const uint32 = (): number => take(4).readUInt32BE(0);
  const string = (): Buffer => take(uint32());
  return {
    byte: () => take(1).readUInt8(0),
    uint32,
    string,
    text() {
      const value = string();
      if (value.includes(0)) throw new WireError("a text in it holds a NUL");
      return value.toString("utf8");
    },
    integer() {
      const value = string();
      if (((value[0] ?? 0) & 0x80) !== 0) throw new WireError("a number in it is negative");
      const first = value.findIndex((byte) => byte !== 0);
      return first < 0 ? Buffer.alloc(0) : value.subarray(first);
    },
    end() {
      if (at !== buffer.length) throw new WireError("bytes are left over");
    },
  };
}

/** A string as SSH writes it: its length and its bytes. */
export function wireString(value: string | Uint8Array): Buffer {
  const bytes = typeof value === "string" ? Buffer.from(value, "utf8") : value;
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.byteLength);
  return Buffer.concat([length, bytes]);
}
