import { describe, expect, it } from "vitest";
import { readText, useLines } from "../../../../../test/support/reading-logs.ts";
import { GENERAL_LOG } from "./general-log.ts";
import { SERVER_AUDIT } from "./server-audit.ts";

/** As MariaDB 10.11 wrote them. */
const AUDIT = String.raw`20261122 22:19:03,vm,app,127.0.0.2,6,0,CONNECT,shop,,0
20261122 22:19:03,vm,app,127.0.0.2,6,9,READ,shop,orders,
20261122 22:19:03,vm,app,127.0.0.2,6,9,QUERY,shop,'select * from orders where t = \'it\\\'s \\\\ a "secret"\n\tline\' -- comment\n and id in (1,2,3)',0
20261122 22:19:03,vm,app,127.0.0.2,6,10,QUERY,shop,'insert into orders values (1, \'a\')',1142
20261122 22:19:04,vm,app,127.0.0.2,6,13,QUERY,shop,'set role reader',0
20261122 22:19:04,vm,app,127.0.0.2,6,28,QUERY,shop,'select 1',0
20261122 22:19:04,vm,app,127.0.0.2,6,29,QUERY,shop,'select * from shop.orders',0
20261122 22:19:04,vm,app,127.0.0.2,6,27,QUERY,shop,'call shop.p()',0
20261122 22:19:05,vm,app,127.0.0.2,6,0,DISCONNECT,shop,,0
`;
const AUDIT_USES = [
  "app@127.0.0.2 in shop: ok select * from orders where t = ? and id in (?)",
  "app@127.0.0.2 in shop: denied 1142 insert into orders values (?, ?)",
  "app@127.0.0.2 in shop: ok set role reader",
  "app@127.0.0.2 as reader in shop: ok call shop.p()",
];

const GENERAL = `/usr/sbin/mariadbd, Version: 10.11.19-MariaDB-log (Debian 12). started with:
Tcp port: 45237  Unix socket: /run/socket
Time\t\t    Id Command\tArgument
261122 22:19:03\t     5 Connect\troot@localhost on  using Socket
\t\t     5 Query\tselect 'a
\t     6 Query\tb'
\t\t     6 Connect\tapp@127.0.0.2 on shop using TCP/IP
261122 22:19:04\t     6 Query\tselect * from orders where t = 'geheim
 and more'
\t\t     6 Prepare\tselect ?
\t\t     6 Execute\tselect 5
\t\t     5 Quit\t
`;

describe("logs that are not as they should be", () => {
  it("are read in whatever pieces they come", async () => {
    for (const piece of [1, 7, 100_000]) {
      expect(useLines((await readText(SERVER_AUDIT, AUDIT, { piece })).uses)).toEqual(AUDIT_USES);
    }
  });

  it("that begin in the middle leave the role open, and say so", async () => {
    const { uses, window } = await readText(SERVER_AUDIT, AUDIT.split("\n").slice(3).join("\n"));
    expect(useLines(uses)).toContain("app@127.0.0.2 as ? in shop: denied 1142 insert into orders values (?, ?)");
    expect(window.losses.join()).toMatch(/the beginning of 1 connections/u);
  });

  it("that are cut, mixed or of another form count what cannot be read, and keep nothing of it", async () => {
    const cut = AUDIT.slice(0, -120);
    const mixed = `${GENERAL}geheim line\n${AUDIT}\u0000\ufffd geheim\n20261122 22:19:03,vm,x,y,1,2,QUERY,shop,'geheim\n`;
    for (const text of [cut, mixed, "geheim\n".repeat(50), Buffer.from([0xff, 0xfe, 0x00, 0x0a, 0x80])]) {
      const { uses, window } = await readText(SERVER_AUDIT, text);
      expect(window.unread).toBeGreaterThan(0);
      expect(window.records).toBeGreaterThanOrEqual(window.unread);
      expect(JSON.stringify({ uses, window })).not.toContain("geheim");
    }
    const { uses, window } = await readText(GENERAL_LOG, `geheim before\n${AUDIT}`);
    expect(uses).toEqual([]);
    expect(window.unread).toBe(window.records);
  });

  it("of a statement that was cut by the server keep a hash alone", async () => {
    const long = `select ${"a, ".repeat(400)}`.slice(0, 1023);
    const line = `20261122 22:19:03,vm,app,127.0.0.2,6,9,QUERY,shop,'${long}',0`;
    const { uses, window } = await readText(SERVER_AUDIT, line);
    expect(uses.map(({ statement }) => statement.text)).toEqual([""]);
    expect(window.losses.join()).toContain("1 statements were cut");
  });

  it("have times of the server's own zone, and only those that are asked for", async () => {
    const { uses, window } = await readText(SERVER_AUDIT, AUDIT, {
      timeZone: "Europe/Berlin",
      since: "2026-11-22T21:19:04.000Z",
    });
    expect(useLines(uses)).toEqual(AUDIT_USES.slice(2));
    expect([window.from, window.to]).toEqual(["2026-11-22T21:19:04.000Z", "2026-11-22T21:19:04.000Z"]);
  });

  it("with line breaks within statements are read on, but for what looks like a record", async () => {
    const { uses } = await readText(GENERAL_LOG, GENERAL);
    expect(useLines(uses)).toEqual([
      "root@localhost in : ok SELECT",
      "? in ?: ok UNKNOWN",
      "app@127.0.0.2 in shop: ok select * from orders where t = ?",
      "app@127.0.0.2 in shop: ok select ?",
    ]);
  });

  it("of MySQL have a time in each line", async () => {
    const text = `2026-11-22T22:14:05.123456Z\t    8 Connect\tapp@web1 on shop using TCP/IP\n2026-11-22T22:14:06.000001+02:00\t    8 Query\tselect 1\n`;
    const { uses } = await readText(GENERAL_LOG, text);
    expect(uses.map(({ login, firstSeen }) => [login, firstSeen])).toEqual([["app@web1", "2026-11-22T20:14:06.000Z"]]);
  });

  it("are told apart by how they begin", () => {
    expect(
      [AUDIT, GENERAL, "user:a|host:b", ""].map((text) =>
        [SERVER_AUDIT, GENERAL_LOG].map((each) => each.recognizes(text)),
      ),
    ).toEqual([
      [true, false],
      [false, true],
      [false, false],
      [false, false],
    ]);
  });

  it("of ten thousand lines are read to their end", { timeout: 120_000 }, async () => {
    const line = "20261122 22:19:03,vm,app,127.0.0.2,6,9,QUERY,shop,'select * from orders where id = 5',0\n";
    let seen = 0;
    // oxlint-disable-next-line typescript/require-await -- what is read comes in pieces
    async function* many(): AsyncGenerator<Uint8Array> {
      const chunk = Buffer.from(line.repeat(1000));
      for (let at = 0; at < 10; at++) yield chunk;
    }
    const window = await SERVER_AUDIT.read(many(), () => void seen++, { source: "test" });
    expect([seen, window.records]).toEqual([10_000, 10_000]);
  });
});
