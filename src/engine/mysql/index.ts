import type { Engine } from "../engine.ts";
import { CAPABILITIES } from "./capabilities.ts";
import { connect } from "./connect.ts";
import { mysqlDialect } from "./dialect.ts";
import { type ProductName, PRODUCTS } from "./product.ts";

/** MariaDB 10.6 and later. The driver is loaded by the first connection. */
export const mariadb: Engine = engine("mariadb");

/** MySQL 8.0 and later, built to its manual: it was never run against a live server. */
export const mysql: Engine = engine("mysql");

function engine(name: ProductName): Engine {
  const made: Engine = {
    name,
    capabilities: CAPABILITIES[name],
    dialect: (snapshot) => mysqlDialect(snapshot, PRODUCTS[name]),
    connect: (options) => connect(made, PRODUCTS[name], options),
    simulation: async () => (await import("./simulation/index.ts")).simulation,
  };
  return made;
}
