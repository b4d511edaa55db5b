/** The server's own routines that say more about what is needed than their EXECUTE. Oids and names are the same in 13 to 18. */

/** By oid: nextval, currval and both forms of setval, with the privileges on the sequence of which one is enough. */
export const SEQUENCE_ROUTINES: ReadonlyMap<number, readonly string[]> = new Map([
  [1574, ["UPDATE", "USAGE"]],
  [1575, ["SELECT", "USAGE"]],
  [1576, ["UPDATE"]],
  [1765, ["UPDATE"]],
]);

/** They run text that is made up while they run. */
export const TEXT_ROUTINES: ReadonlySet<string> = new Set([
  "query_to_xml",
  "query_to_xmlschema",
  "query_to_xml_and_xmlschema",
  "cursor_to_xml",
  "cursor_to_xmlschema",
  "table_to_xml",
  "table_to_xmlschema",
  "table_to_xml_and_xmlschema",
  "schema_to_xml",
  "schema_to_xmlschema",
  "schema_to_xml_and_xmlschema",
  "database_to_xml",
  "database_to_xmlschema",
  "database_to_xml_and_xmlschema",
  "ts_stat",
  "ts_rewrite",
]);

/** They ask for rights themselves, by what they are told at run time. */
export const ASKING_ROUTINES: ReadonlySet<string> = new Set([
  "lastval",
  "currtid2",
  "brin_summarize_new_values",
  "brin_summarize_range",
  "brin_desummarize_range",
  "gin_clean_pending_list",
  "pg_cancel_backend",
  "pg_terminate_backend",
  "set_config",
  "lo_creat",
  "lo_create",
  "lo_from_bytea",
  "lo_get",
  "lo_put",
  "lo_open",
  "lo_unlink",
  "lo_import",
  "lo_export",
  "lo_truncate",
  "lo_truncate64",
  "loread",
  "lowrite",
  "pg_read_file",
  "pg_read_binary_file",
  "pg_stat_file",
  "pg_ls_dir",
  "pg_sequence_parameters",
  "pg_get_sequence_data",
  "pg_restore_relation_stats",
  "pg_restore_attribute_stats",
  "pg_clear_relation_stats",
  "pg_clear_attribute_stats",
]);
