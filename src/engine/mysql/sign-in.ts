import { sortedText } from "../../base/order.ts";
import type { Product } from "./product.ts";
import { quoteIdentifier, quoteLiteral } from "./quote.ts";

/** The plugin that a password of ours is made for. */
export const PASSWORD_PLUGIN: Readonly<Record<Product["engine"], string>> = {
  mariadb: "mysql_native_password",
  mysql: "caching_sha2_password",
};

/** What can stand in place of a password's digest and is the digest of none. MySQL's are those of its own accounts. */
const UNUSABLE: Readonly<Record<Product["engine"], Readonly<Record<string, string>>>> = {
  mariadb: {
    mysql_native_password: "invalid",
    mysql_old_password: "invalid",
    // SHA-256 of `nobody has the key to this`: nobody has.
    ed25519: "CUyvf3A78Ld2eiwqPNrXdXHdFJrW5jAUPuN2X7I3PlY",
  },
  mysql: {
    caching_sha2_password: "$A$005$THISISACOMBINATIONOFINVALIDSALTANDPASSWORDTHATMUSTNEVERBRBEUSED",
    mysql_native_password: "*THISISNOTAVALIDPASSWORDTHATCANBEUSEDHERE",
  },
};

/** All of these, sorted. */
export const UNUSABLE_TEXTS: readonly string[] = sortedText(
  Object.values(UNUSABLE).flatMap((byPlugin) => Object.values(byPlugin)),
);

/** The ways to sign in of an account, of which any is enough: `mysql_native_password or unix_socket`. */
export function signInWays(plugin: string): readonly string[] {
  return plugin.split(" or ");
}

/** What an account is identified by, behind IDENTIFIED: without a verifier no password is the right one. */
export function signInText(plugin: string, product: Product, verifier?: "$secret"): string {
  const [via, using] = product.engine === "mariadb" ? ["via", "using"] : ["with", "as"];
  const ways = signInWays(plugin).map((way) => {
    if (way === "" || /[\0']/u.test(way)) throw new TypeError(`${way} is no name of a plugin`);
    const unusable = UNUSABLE[product.engine][way];
    const own = verifier !== undefined && way === PASSWORD_PLUGIN[product.engine];
    // oxlint-disable-next-line no-nested-ternary -- three forms of one thing
    const digest = own ? ` ${using} ${verifier}` : unusable === undefined ? "" : ` ${using} ${quoteLiteral(unusable)}`;
    return `${/^[a-z][a-z0-9_]*$/u.test(way) ? way : quoteIdentifier(way)}${digest}`;
  });
  return `${via} ${ways.join(" or ")}`;
}
