/** What checks need to know of a Cassandra server besides who holds what. */
export interface CassandraPosture {
  /** Settings by name, as the server shows them: only those that a check asks about. */
  readonly settings: ReadonlyMap<string, string>;
}
