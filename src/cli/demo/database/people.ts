/** The team's own file: who the people and the services behind the logins are. `import` cannot know that. */
export const PEOPLE = `people:
  alice: { name: Alice Moreau, email: alice@shop.example, logins: { shop-prod: alice } }
  bruno: { name: Bruno Keller, email: bruno@shop.example, logins: { shop-prod: bruno } }
  carla: { name: Carla Ruiz, email: carla@shop.example, logins: { shop-prod: carla } }
  dmitri: { name: Dmitri Volkov, email: dmitri@shop.example, logins: { shop-prod: dmitri } }
  emeka: { name: Emeka Obi, email: emeka@shop.example, logins: { shop-prod: emeka } }
  fatima: { name: Fatima Zahra, email: fatima@shop.example, logins: { shop-prod: fatima } }
  george: { name: George Hill, email: george@shop.example, logins: { shop-prod: george } }
  hana: { name: Hana Sato, email: hana@shop.example, logins: { shop-prod: hana } }
  ivan: { name: Ivan Petrov, email: ivan@shop.example, logins: { shop-prod: ivan } }
  julia: { name: Julia Braun, email: julia@shop.example, logins: { shop-prod: julia } }
  kenji: { name: Kenji Tanaka, email: kenji@shop.example, logins: { shop-prod: kenji } }
  lea: { name: Lea Dubois, email: lea@shop.example, logins: { shop-prod: lea } }
services:
  shop: { name: the web shop, logins: { shop-prod: svc_shop } }
  billing: { name: the billing run, logins: { shop-prod: svc_billing } }
  reports: { name: the nightly reports, logins: { shop-prod: svc_reports } }
  migrations: { name: schema migrations, logins: { shop-prod: svc_migrations } }
  metrics: { name: the metrics exporter, logins: { shop-prod: svc_metrics } }
`;
