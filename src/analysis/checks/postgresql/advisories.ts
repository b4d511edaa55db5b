/** A defect of access control that a minor version mends. */
export interface Advisory {
  readonly id: string;
  /** What it lets one do: one sentence without a subject, as `a role can ...`. */
  readonly what: string;
  /** By major version: the first minor version that has the fix. Majors that are not named do not have the defect. */
  readonly fixedIn: Readonly<Record<number, number>>;
  /** `documented`: known from its announcement alone. @default "certain" */
  readonly confidence?: "certain" | "documented";
}

/**
 * Defects of PostgreSQL 13 to 18 by which a role gets to more than it was given. Source: https://www.postgresql.org/support/security/ and the release notes of the minor versions that are named. Defects that crash, leak
 * memory or need a client of a certain kind are left out. The newest entry was announced in August 2026; what is newer is not known here.
 */
export const ADVISORIES: readonly Advisory[] = [
  {
    id: "CVE-2020-25695",
    what: "who may make objects runs code as a superuser by autovacuum, REINDEX or ANALYZE",
    fixedIn: { 13: 1 },
  },
  { id: "CVE-2021-20229", what: "SELECT on one column reads all columns", fixedIn: { 13: 2 } },
  {
    id: "CVE-2021-3393",
    what: "errors of partitions show the values of columns that may not be read",
    fixedIn: { 13: 2 },
  },
  {
    id: "CVE-2022-1552",
    what: "who may make objects runs code as a superuser by autovacuum, REINDEX, CREATE INDEX or CLUSTER",
    fixedIn: { 13: 7, 14: 3 },
  },
  {
    id: "CVE-2022-2625",
    what: "who may make objects runs code as whoever installs an extension",
    fixedIn: { 13: 8, 14: 5 },
  },
  {
    id: "CVE-2023-2454",
    what: "CREATE SCHEMA goes past a protecting search_path and runs code as the owner of a function",
    fixedIn: { 13: 11, 14: 8, 15: 3 },
  },
  {
    id: "CVE-2023-2455",
    what: "row policies are those of another user after functions were inlined",
    fixedIn: { 13: 11, 14: 8, 15: 3 },
  },
  {
    id: "CVE-2023-39417",
    what: "who may create in a database runs code as a superuser by the scripts of some extensions",
    fixedIn: { 13: 12, 14: 9, 15: 4 },
  },
  { id: "CVE-2023-39418", what: "MERGE writes rows that row policies forbid", fixedIn: { 15: 4 } },
  {
    id: "CVE-2023-5869",
    what: "who may log in runs code on the server by changing arrays",
    fixedIn: { 13: 13, 14: 10, 15: 5, 16: 1 },
  },
  {
    id: "CVE-2023-5870",
    what: "pg_signal_backend ends processes of the superuser",
    fixedIn: { 13: 13, 14: 10, 15: 5, 16: 1 },
  },
  {
    id: "CVE-2024-0985",
    what: "the owner of a materialized view runs code as whoever refreshes it concurrently",
    fixedIn: { 13: 14, 14: 11, 15: 6 },
  },
  {
    id: "CVE-2024-4317",
    what: "statistics show values of columns that may not be read",
    fixedIn: { 14: 12, 15: 7, 16: 3 },
  },
  {
    id: "CVE-2024-7348",
    what: "who may make objects runs code as whoever runs pg_dump",
    fixedIn: { 13: 16, 14: 13, 15: 8, 16: 4 },
  },
  {
    id: "CVE-2024-10976",
    what: "row policies in subqueries are those of another user",
    fixedIn: { 13: 17, 14: 14, 15: 9, 16: 5, 17: 1 },
  },
  {
    id: "CVE-2024-10978",
    what: "SET ROLE and SET SESSION AUTHORIZATION are reset to the wrong user",
    fixedIn: { 13: 17, 14: 14, 15: 9, 16: 5, 17: 1 },
  },
  {
    id: "CVE-2024-10979",
    what: "who may write PL/Perl functions runs programs of the operating system",
    fixedIn: { 13: 17, 14: 14, 15: 9, 16: 5, 17: 1 },
  },
  {
    id: "CVE-2025-8713",
    what: "statistics show values of rows that row policies and views hide",
    fixedIn: { 13: 22, 14: 19, 15: 14, 16: 10, 17: 6 },
  },
  {
    id: "CVE-2025-12817",
    what: "CREATE STATISTICS does not ask for CREATE on the schema",
    fixedIn: { 13: 23, 14: 20, 15: 15, 16: 11, 17: 7, 18: 1 },
  },
  {
    id: "CVE-2026-6472",
    what: "multirange types are made without CREATE on the schema",
    fixedIn: { 14: 23, 15: 18, 16: 14, 17: 10, 18: 4 },
    confidence: "documented",
  },
  {
    id: "CVE-2026-14666",
    what: "a cached plan goes on with the row policies of memberships that have ended",
    fixedIn: { 14: 24, 15: 19, 16: 15, 17: 11, 18: 5 },
    confidence: "documented",
  },
];
