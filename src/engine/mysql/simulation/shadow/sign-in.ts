import { connect as connectSocket, isIP, type Socket } from "node:net";
import type { Connection } from "mysql2/promise";
import type { Secret } from "../../../../base/secret.ts";
import type { RoleName } from "../../../../model/role.ts";
import { type Client, clientsOf } from "../../clients.ts";
import { accountOf } from "../../names.ts";
import { accountFor } from "../../principals.ts";

/** A server of our own that believes what we say of where we come from. */
export interface SignInPlace {
  readonly port: number;
  readonly socket: string;
  readonly password: Secret;
  /** Every account that it has. */
  readonly accounts: readonly RoleName[];
}

/** From where somebody must come to be taken for this account and for no other; null: from nowhere that we can be. */
export function clientOf(account: RoleName, accounts: readonly RoleName[]): Client | null {
  const user = accountOf(account)?.user;
  if (user === undefined) return null;
  const rivals = accounts.filter((name) => {
    const other = accountOf(name)?.user;
    return other === user || other === "";
  });
  const hosts = rivals.map((name) => accountOf(name)?.host ?? "");
  const clients = clientsOf(hosts, { skipNameResolve: true });
  return clients.find((client) => accountFor(client, rivals) === account) ?? null;
}

/** Signs in as an account. The server takes the address from the header of the PROXY protocol (https://www.haproxy.org/download/2.9/doc/proxy-protocol.txt), so that an account of a network that we are not in can be tried. */
export async function signIn(account: RoleName, place: SignInPlace): Promise<Connection | null> {
  const client = clientOf(account, place.accounts);
  const user = accountOf(account)?.user;
  if (client === null || user === undefined) return null;
  const { createConnection } = await import("mysql2/promise");
  const way =
    client.address === "" ? { socketPath: place.socket } : { stream: () => proxied(client.address, place.port) };
  const connection = await createConnection({
    ...way,
    user,
    password: place.password.reveal(),
    multipleStatements: false,
    dateStrings: true,
    connectTimeout: 10_000,
  });
  connection.on("error", () => {}); // The statement in flight says so.
  return connection;
}

function proxied(address: string, port: number): Socket {
  // The end of a prepared statement has no answer: what follows it would wait for an acknowledgement.
  const socket = connectSocket({ host: "127.0.0.1", port, noDelay: true });
  const [family, own] = isIP(address) === 6 ? ["TCP6", "::1"] : ["TCP4", "127.0.0.1"];
  socket.write(`PROXY ${family} ${address} ${own} 40000 ${port}\r\n`);
  return socket;
}
