import { isIP } from "node:net";
import { sortedText } from "../../base/order.ts";
import { matches, netmask, quad } from "./specificity.ts";

/** Where somebody connects from, as the server sees it. */
export interface Client {
  /** The name that the address has; null: none, or the server does not ask for it. */
  readonly name: string | null;
  /** Empty for the server's own socket. */
  readonly address: string;
}

/** Whether a host of the grant tables lets a client in. */
export function letsIn(host: string, { name, address }: Client): boolean {
  const mask = netmask(host);
  const number = mask === null ? null : quad(address);
  // oxlint-disable-next-line no-bitwise -- masks are bits
  if (mask !== null && number !== null) return (number & mask.mask) >>> 0 === mask.address;
  const pattern = host === "" ? "%" : host;
  return (name !== null && matches(pattern.toLowerCase(), name.toLowerCase())) || matches(pattern, address);
}

/**
 * One client, at least, for every set of these hosts that lets in the same client: each pattern filled in, and each pair of patterns put together. The server's own machine is always among them.
 */
export function clientsOf(hosts: readonly string[], options: { readonly skipNameResolve: boolean }): readonly Client[] {
  const local = options.skipNameResolve ? null : "localhost";
  const clients: Client[] = [
    { name: "localhost", address: "" },
    { name: local, address: "127.0.0.1" },
    { name: local, address: "::1" },
  ];
  const addresses = addressesOf(hosts).filter((address) => address !== "127.0.0.1" && address !== "::1");
  const names = options.skipNameResolve ? [null] : [null, ...namesOf(hosts)];
  for (const address of addresses) for (const name of names) clients.push({ name, address });
  return clients;
}

/** An address and a name that no pattern but a general one matches. */
const SOMEWHERE = "203.0.113.77";
const SOMEBODY = "rolewright-client.invalid";

/** What a wildcard in an address may stand for; how many numbers it takes shows only in the whole. Two of each, so that another pattern which happens to match one leaves the other. */
const NUMBERS = ["203", "186"].flatMap((n) => {
  return [
    "",
    n,
    `.${n}`,
    `${n}.`,
    `${n}.${n}`,
    `.${n}.${n}`,
    `${n}.${n}.`,
    `${n}.${n}.${n}`,
    `.${n}.${n}.${n}`,
    `${n}.${n}.${n}.`,
  ];
});
const GROUPS = ["7d3", "9e5"].flatMap((n) => ["", n, `::${n}`, `${n}::`, `${n}::${n}`]);
const DIGITS = ["4", "8"];

function addressesOf(hosts: readonly string[]): string[] {
  const found = new Set([SOMEWHERE]);
  const add = (text: string): void => {
    if (isIP(text) !== 0) found.add(text);
  };
  for (const host of hosts) {
    const mask = netmask(host);
    if (mask === null) continue;
    for (const step of [0, 1]) add(textOf(mask.address + step));
  }
  const patterns = hosts.filter((host) => /^[\d.%_]+$|^[\da-f:%_]+$/iu.test(host));
  for (const pattern of joined(patterns)) {
    for (const filling of pattern.includes(":") ? GROUPS : NUMBERS) {
      for (const digit of DIGITS) add(pattern.replaceAll(/%+/gu, filling).replaceAll("_", digit));
    }
  }
  return sortedText(found);
}

function namesOf(hosts: readonly string[]): string[] {
  const found = new Set([SOMEBODY]);
  const patterns = hosts.filter((host) => netmask(host) === null && isIP(host) === 0);
  for (const pattern of joined(patterns)) {
    for (const filling of ["", "q", "q.zj", "zj"]) {
      const name = pattern.replaceAll(/%+/gu, filling).replaceAll("_", filling.at(-1) ?? "q");
      // The server takes no name that begins like an address, and only its own machine is localhost.
      if (name !== "" && name !== "localhost" && !/^\d+\./u.test(name)) found.add(name);
    }
  }
  return sortedText(found);
}

/** The patterns, and for each two of them the beginning of one with the end of the other. */
function joined(patterns: readonly string[]): string[] {
  const wild = patterns.filter((pattern) => /%/u.test(pattern));
  const pairs = wild.flatMap((a) =>
    wild.filter((b) => b !== a).map((b) => `${a.slice(0, a.indexOf("%"))}%${b.slice(b.lastIndexOf("%") + 1)}`),
  );
  return [...patterns, ...pairs];
}

function textOf(number: number): string {
  return [24, 16, 8, 0].map((shift) => Math.floor(number / 2 ** shift) % 256).join(".");
}
