/** Splits what the server sends into the messages of its protocol, version 3, and hands over each as soon as it is whole. What it hands over may be a part of what arrived: it is not kept. */
export class MessageReader {
  readonly #take: (type: number, body: Buffer) => void;
  /** A message, or the head of one, of which only the beginning is there. */
  #part: Buffer | null = null;
  #have = 0;

  constructor(take: (type: number, body: Buffer) => void) {
    this.#take = take;
  }

  feed(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (this.#part === null) {
        const size = chunk.length - at < HEAD ? HEAD : sizeAt(chunk, at);
        if (chunk.length - at >= Math.max(size, HEAD)) {
          this.#take(chunk[at] as number, chunk.subarray(at + HEAD, at + size));
          at += size;
          continue;
        }
        this.#part = Buffer.allocUnsafe(size);
        this.#have = 0;
      }
      const part = this.#part;
      const copied = chunk.copy(part, this.#have, at);
      at += copied;
      this.#have += copied;
      if (this.#have < part.length) return;
      const size = sizeAt(part, 0);
      if (size > part.length) {
        this.#part = Buffer.allocUnsafe(size);
        part.copy(this.#part);
        continue;
      }
      this.#part = null;
      this.#take(part[0] as number, part.subarray(HEAD));
    }
  }
}

/** A type and a length, which counts itself. */
const HEAD = 5;

function sizeAt(bytes: Buffer, at: number): number {
  const length = bytes.readInt32BE(at + 1);
  if (length < 4) throw new Error("the server sent what is no message");
  return 1 + length;
}

/** Hands over the fields of an error or a remark: by a letter, as text that ends with a zero byte. */
export function eachField(body: Buffer, take: (letter: number, value: Buffer) => void): void {
  let at = 0;
  while (at < body.length && body[at] !== 0) {
    const end = body.indexOf(0, at + 1);
    if (end < 0) throw new Error("the server sent a field that does not end");
    take(body[at] as number, body.subarray(at + 1, end));
    at = end + 1;
  }
}

/** The columns of a row; null is NULL. */
export function columnsOf(body: Buffer): readonly (string | null)[] {
  let at = 2;
  return Array.from({ length: body.readInt16BE(0) }, () => {
    const length = body.readInt32BE(at);
    const from = at + 4;
    at = from + Math.max(length, 0);
    return length < 0 ? null : body.toString("utf8", from, at);
  });
}

/** Asks for the analysis of a statement without a name. `types`: oids, 0 where the server is to find out. */
export function parseMessage(text: string, types: readonly number[]): Buffer {
  const length = Buffer.byteLength(text, "utf8");
  const message = Buffer.allocUnsafe(1 + 4 + 1 + length + 1 + 2 + types.length * 4);
  let at = message.writeUInt8(0x50, 0);
  at = message.writeInt32BE(message.length - 1, at);
  at = message.writeUInt8(0, at);
  at += message.write(text, at, "utf8");
  at = message.writeUInt8(0, at);
  at = message.writeUInt16BE(types.length, at);
  for (const type of types) at = message.writeUInt32BE(type, at);
  return message;
}

/** Runs text over the simple protocol. */
export function queryMessage(text: string): Buffer {
  const length = Buffer.byteLength(text, "utf8");
  const message = Buffer.allocUnsafe(1 + 4 + length + 1);
  message.writeUInt8(0x51, 0);
  message.writeInt32BE(message.length - 1, 1);
  message.write(text, HEAD, "utf8");
  message.writeUInt8(0, message.length - 1);
  return message;
}

export const SYNC: Buffer = Buffer.from([0x53, 0, 0, 0, 4]);
