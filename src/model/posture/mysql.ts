/** What checks need to know of a MariaDB and MySQL server besides who holds what. */
export interface MysqlPosture {
  /** Settings by name, as the server shows them: only those that a check asks about. */
  readonly settings: ReadonlyMap<string, string>;
}
