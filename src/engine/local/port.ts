import { once } from "node:events";
import { createServer } from "node:net";
import { RolewrightError } from "../../base/error.ts";

/** A TCP port of a loopback address that nobody listens on now. Another process may take it before its user binds it: callers try again. */
export async function freePort(host = "127.0.0.1"): Promise<number> {
  const probe = createServer().listen(0, host);
  await once(probe, "listening");
  const address = probe.address();
  probe.close();
  await once(probe, "close");
  if (address === null || typeof address === "string") throw new RolewrightError("RW594", `no free port on ${host}`);
  return address.port;
}
