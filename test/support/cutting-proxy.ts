import { connect, createServer, type Socket } from "node:net";

/** A relay between a client and a server that can be cut like a cable. */
export interface CuttingProxy extends AsyncDisposable {
  readonly port: number;
  /** Cuts every connection there is, without a word to either side. New ones work. */
  cut(): void;
  /** Cuts a connection when its client sends a COMMIT: before the server sees it, or once the server has it, so that the answer is lost. With `darkMs`, all others are cut then, too, and new ones are refused for so long. */
  cutOnCommit(when: "before" | "after", darkMs?: number): void;
}

/** Starts a relay to a port on this machine. `isCommit` tells what to cut at: the COMMIT of PostgreSQL unless given. */
export async function cuttingProxy(
  target: number,
  isCommit: (bytes: Buffer) => boolean = isPostgresqlCommit,
): Promise<CuttingProxy> {
  const pairs = new Set<readonly [Socket, Socket]>();
  let mode: { readonly when: "before" | "after"; readonly darkMs: number } | null = null;
  let darkUntil = 0;
  const drop = (pair: readonly [Socket, Socket]): void => {
    pairs.delete(pair);
    for (const socket of pair) socket.resetAndDestroy();
  };
  const server = createServer((client) => {
    if (performance.now() < darkUntil) {
      client.resetAndDestroy();
      return;
    }
    const upstream = connect(target, "127.0.0.1");
    const pair = [client, upstream] as const;
    pairs.add(pair);
    for (const socket of pair) {
      socket.on("error", () => drop(pair));
      socket.on("close", () => drop(pair));
    }
    let deaf = false;
    client.on("data", (bytes) => {
      const chosen = mode;
      if (chosen === null || !isCommit(bytes)) {
        upstream.write(bytes);
        return;
      }
      mode = null;
      darkUntil = performance.now() + chosen.darkMs;
      deaf = true;
      if (chosen.when === "before") drop(pair);
      else {
        upstream.write(bytes);
        // The answer tells that the server has it; it never reaches the client.
        upstream.once("data", () => (chosen.darkMs > 0 ? pairs.forEach(drop) : drop(pair)));
      }
    });
    upstream.on("data", (bytes) => {
      if (!deaf) client.write(bytes);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const address = server.address();
  if (address === null || typeof address === "string") throw new Error("the relay has no port");
  return {
    port: address.port,
    cut: () => pairs.forEach(drop),
    cutOnCommit: (when, darkMs = 0) => {
      mode = { when, darkMs };
    },
    async [Symbol.asyncDispose]() {
      pairs.forEach(drop);
      await new Promise<void>((resolve) => server.close(() => resolve()));
    },
  };
}

/** A simple query (`Q`, length, text, zero) or a parse message that says COMMIT. */
function isPostgresqlCommit(bytes: Buffer): boolean {
  return /(^|\0)commit\0/i.test(bytes.subarray(5).toString("latin1"));
}
