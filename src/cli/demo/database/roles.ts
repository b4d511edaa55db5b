/** The roles of the shop: owners that nobody logs in as, groups that carry the rights, five services and twelve people. */
export const ROLES = `
create role sales_owner;
create role billing_owner;
create role hr_owner;

create role sales_ro;
create role sales_rw;
create role billing_ro;
create role billing_rw;
create role hr_ro;
create role reporting;
create role support;
create role monitoring;
create role dba createrole;

grant sales_ro to sales_rw;
grant billing_ro to billing_rw;
grant sales_ro, billing_ro to reporting;
grant sales_ro to billing_rw;
grant pg_monitor to monitoring;
grant sales_owner, billing_owner, hr_owner to dba;
grant sales_ro, sales_rw, billing_ro, billing_rw, hr_ro, reporting, support to dba with admin option;

create role svc_shop login connection limit 80;
create role svc_billing login connection limit 20;
create role svc_reports login connection limit 5;
create role svc_migrations login;
create role svc_metrics login connection limit 2;

grant sales_rw to svc_shop;
grant billing_rw to svc_billing;
grant reporting to svc_reports;
grant sales_owner, billing_owner, hr_owner to svc_migrations;
grant monitoring to svc_metrics;

create role alice login;
create role bruno login;
create role carla login;
create role dmitri login;
create role emeka login;
create role fatima login valid until '2027-06-30';
create role george login;
create role hana login;
create role ivan login;
create role julia login;
create role kenji login;
create role lea login;

grant reporting to alice, bruno;
grant billing_rw to carla;
grant billing_ro to dmitri;
grant support to emeka, fatima, george;
grant hr_ro to hana;
grant sales_rw to ivan;
grant sales_ro to julia with inherit false;
grant dba to kenji, lea;
grant monitoring to kenji;

alter role svc_shop set statement_timeout = '5s';
alter role svc_reports set default_transaction_read_only = on;
alter role reporting set work_mem = '64MB';
`;
