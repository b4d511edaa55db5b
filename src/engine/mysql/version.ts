import { RolewrightError } from "../../base/error.ts";
import type { ServerVersion, Unknown } from "../../model/snapshot.ts";
import type { HealthFact } from "../engine.ts";
import { type Product, PRODUCTS } from "./product.ts";

/** What we support of a product, as major times 100 plus minor: `1011` is 10.11. */
interface Support {
  readonly oldest: number;
  /** The newest whose access rules are known. */
  readonly newest: number;
  /** The day of each series' last fix. */
  readonly endOfLife: ReadonlyMap<number, string>;
}

/** https://mariadb.org/about/#maintenance-policy and https://www.oracle.com/us/support/library/lifetime-support-technology-069183.pdf */
const SUPPORT: Readonly<Record<Product["engine"], Support>> = {
  mariadb: {
    oldest: 1006,
    newest: 1108,
    endOfLife: new Map([
      [1006, "2026-07-06"],
      [1011, "2028-02-16"],
      [1104, "2029-05-29"],
      [1108, "2028-06-04"],
    ]),
  },
  mysql: {
    oldest: 800,
    newest: 905,
    endOfLife: new Map([
      [800, "2026-04-30"],
      [804, "2032-04-30"],
    ]),
  },
};

/** `10.11` as 1011. */
export function seriesOf(version: Pick<ServerVersion, "major" | "minor">): number {
  return version.major * 100 + version.minor;
}

/** The product that `version()` tells. */
export function productOf(banner: string): Product {
  return /mariadb/iu.test(banner) ? PRODUCTS.mariadb : PRODUCTS.mysql;
}

/** The version by `version()`, `10.11.19-MariaDB-0+deb12u1`. Throws RW521 for the other product than the target names, RW508 for one that is too old. */
export function serverVersion(banner: string, expected: Product): ServerVersion {
  const found = productOf(banner);
  if (found.engine !== expected.engine) {
    throw new RolewrightError("RW521", `the server is ${found.title}, and the target says \`${expected.engine}\``, {
      help: `write \`engine: ${found.engine}\`: the two decide differently about roles and host names`,
    });
  }
  const [, text = "", major = "", minor = ""] = /^((\d+)\.(\d+)\.\d+)/u.exec(banner) ?? [];
  const version = { product: found.title, major: Number(major), minor: Number(minor), text };
  const { oldest } = SUPPORT[found.engine];
  if (text === "" || seriesOf(version) < oldest) {
    const is = text === "" ? banner.slice(0, 60) : text;
    throw new RolewrightError(
      "RW508",
      `the server runs ${found.title} \`${is}\`, expected ${series(oldest)} or later`,
      {
        help: "upgrade the server: older series get no security fixes any more",
      },
    );
  }
  return version;
}

/** What a server newer than this release may have that we do not see. */
export function newerVersion(version: ServerVersion, product: Product): readonly Unknown[] {
  const { oldest, newest } = SUPPORT[product.engine];
  if (seriesOf(version) <= newest) return [];
  return [
    {
      subject: `${product.title} ${version.major}.${version.minor}`,
      reason: `this release knows the access rules of ${product.title} ${series(oldest)} to ${series(newest)}; newer servers may have others`,
      help: "look for a newer release of Rolewright",
    },
  ];
}

/** Whether a series still gets fixes on a day (`2026-11-22`). */
export function supportFact(version: ServerVersion, product: Product, today: string): HealthFact {
  const name = "support";
  const is = `${product.title} ${version.major}.${version.minor}`;
  const end = SUPPORT[product.engine].endOfLife.get(seriesOf(version));
  if (end === undefined) {
    return { name, result: "ok", text: `${version.text}; this release does not know until when ${is} gets fixes` };
  }
  if (today <= end) return { name, result: "ok", text: `${is} gets fixes until ${end}` };
  return { name, result: "warn", text: `${is} gets no fixes any more, since ${end}`, fix: "upgrade the server" };
}

function series(value: number): string {
  return `${Math.floor(value / 100)}.${value % 100}`;
}
