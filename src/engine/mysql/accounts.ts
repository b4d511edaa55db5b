import { sortedText } from "../../base/order.ts";
import type { AccessState } from "../../model/access-state.ts";
import type { AccountRules, HostWidth } from "../../model/account-rules.ts";
import { CAPABILITIES } from "./capabilities.ts";
import type { EvaluationSettings } from "./evaluated.ts";
import { accountOf } from "./names.ts";
import { principalsOf } from "./principals.ts";
import { compareRanks, matches, netmask, quad, schemaRank } from "./specificity.ts";

/** How accounts and the names of schemas are matched here. */
export function accountRules(settings: EvaluationSettings): AccountRules {
  const { product, limits } = settings;
  const fold = (text: string): string => ((limits["lower_case_table_names"] ?? 0) > 0 ? text.toLowerCase() : text);
  const counting = new WeakMap<AccessState, Counting>();
  return {
    confidence: CAPABILITIES[product.engine].verifiedOn.length > 0 ? "certain" : "documented",
    activeRoles: product.manyActiveRoles ? "many" : "one",
    account: accountOf,
    hostWidth,
    // MySQL with partial revokes takes no wildcards.
    covers: (pattern, schema) =>
      limits["partial_revokes"] === 1 ? fold(pattern) === fold(schema) : matches(fold(pattern), fold(schema)),
    compareSpecificity: (a, b) => compareRanks(schemaRank(a), schemaRank(b)),
    alsoCounting: (state) => {
      let found = counting.get(state);
      if (found === undefined) counting.set(state, (found = othersCounting(state, settings)));
      return found;
    },
  };
}

type Counting = ReturnType<AccountRules["alsoCounting"]>;

function othersCounting(state: AccessState, settings: EvaluationSettings): Counting {
  const found = Array.from(principalsOf(state, settings).shadowed, ([account, looked]) => {
    const others = looked.flatMap((each) => [...each.own, ...each.onRoutines]);
    return [account, sortedText(others.filter((name) => name !== account))] as const;
  });
  return new Map(found.filter(([, others]) => others.length > 0));
}

const LOOPBACK = 127;
const ALL_BITS = 0xff_ff_ff_ff;

/** From where a host lets in. Without name resolution `localhost` is the socket alone; that is the same machine. */
export function hostWidth(host: string): HostWidth {
  const text = host.toLowerCase();
  const mask = netmask(text);
  if (mask !== null) {
    if (mask.mask === ALL_BITS) return isLoopback(text.split("/")[0] ?? "") ? "local" : "one";
    return mask.mask === 0 ? "any" : "many";
  }
  if (/^%*$/u.test(text)) return "any";
  if (/^127\.[\d.%_]*$/u.test(text) || text === "localhost" || text === "::1") return "local";
  return /[%_]/u.test(text) ? "many" : "one";
}

function isLoopback(address: string): boolean {
  const number = quad(address);
  return number !== null && Math.floor(number / 2 ** 24) === LOOPBACK;
}

/** Ways to sign in that need the server's own socket. */
const LOCAL_PLUGINS: ReadonlySet<string> = new Set(["unix_socket", "auth_socket"]);

/** Whether an account of this host that signs in in these ways can get in over the network; null: it is not known which addresses the server listens on. */
export function isRemote(
  host: string,
  { settings, plugin }: { readonly settings: ReadonlyMap<string, string>; readonly plugin: string },
): boolean | null {
  if (hostWidth(host) === "local" || settings.get("skip_networking") === "ON") return false;
  if (plugin.split(" or ").every((way) => LOCAL_PLUGINS.has(way))) return false;
  const bound = settings.get("bind_address");
  if (bound === undefined) return null;
  // An empty address is all of them.
  return bound === "" || bound.split(",").some((address) => hostWidth(address.trim()) !== "local");
}
