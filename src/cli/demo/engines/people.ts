/** Who is behind the five logins of the shop, as a file of the manifest; `login` gives an account as the engine names it. */
export function peopleOf(login: (name: string) => string): string {
  const at = (name: string): string => `logins: { shop-prod: ${JSON.stringify(login(name))} }`;
  return `people:
  alice: { name: Alice Moreau, email: alice@shop.example, ${at("alice")} }
  bruno: { name: Bruno Keller, email: bruno@shop.example, ${at("bruno")} }
services:
  shop: { name: the web shop, ${at("svc_shop")} }
  billing: { name: the billing run, ${at("svc_billing")} }
  reports: { name: the nightly reports, ${at("svc_reports")} }
`;
}
