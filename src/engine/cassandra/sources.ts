import type { GrantSource, SourceQuestion } from "../../model/access-rules.ts";
import type { AccessState } from "../../model/access-state.ts";
import type { Catalog } from "../../model/catalog.ts";
import { compareResources, resourceKey } from "../../model/resource.ts";
import { type AllCovers, coveringChain, mbeanPatterns } from "./evaluated.ts";

/** What is really recorded behind a grant that `evaluate` wrote out: see AccessRules.sources. */
export function sources(
  question: SourceQuestion,
  {
    state,
    catalog,
    allCovers,
  }: { readonly state: AccessState; readonly catalog: Catalog; readonly allCovers: AllCovers },
): readonly GrantSource[] {
  const { grantee, privilege, resource } = question;
  const base = catalog.entries.get(resourceKey(resource))?.readThrough;
  const asked = privilege === "SELECT" && base !== undefined ? base : resource;
  return coveringChain(asked, asked.kind === "mbean" ? mbeanPatterns(state) : [], allCovers)
    .filter((place) => {
      const entries = state.holdings.get(resourceKey(place))?.list.entries ?? [];
      return entries.some((entry) => entry.grantee === grantee && entry.privileges.includes(privilege));
    })
    .map((place) => ({ grantee, resource: place }))
    .sort((a, b) => compareResources(a.resource, b.resource));
}
