/** Who may do what: the state that grew over the years, and that `import` turns into files. */
export const ACCESS = `
revoke all on database shop from public;
grant connect on database shop to sales_ro, billing_ro, hr_ro, support, monitoring, dba, svc_migrations;
grant temporary on database shop to reporting, dba;
revoke create on schema public from public;

grant usage on schema sales to sales_ro, support;
grant select on all tables in schema sales to sales_ro;
grant insert, update, delete on sales.customers, sales.orders, sales.order_items, sales.products, sales.payment_cards, sales.events to sales_rw;
grant truncate on sales.order_items to sales_rw;
grant usage on all sequences in schema sales to sales_rw;
grant select (id, name, email, region) on sales.customers to support;
grant select on sales.orders, sales.open_orders to support;
grant select on sales.payment_cards to billing_rw;
revoke execute on function sales.refund(bigint) from public;
grant execute on function sales.refund(bigint) to support, billing_rw;
revoke execute on procedure sales.close_day(date) from public;
grant execute on procedure sales.close_day(date) to sales_rw;

grant usage on schema billing to billing_ro, support;
grant select on all tables in schema billing to billing_ro;
grant insert, update on billing.invoices, billing.payments to billing_rw;
grant insert on billing.ledger to billing_rw;
grant usage on all sequences in schema billing to billing_rw;
grant select on billing.invoices to support;
grant update (disputed) on billing.invoices to support;

grant usage on schema hr to hr_ro, reporting, support, dba;
grant select on all tables in schema hr to hr_ro;
grant select (id, name, department) on hr.employees to reporting, support;
grant execute on function hr.my_salary() to reporting, support;
grant select on hr.employees to hana with grant option;

alter default privileges for role sales_owner in schema sales grant select on tables to sales_ro;
alter default privileges for role sales_owner in schema sales grant usage on sequences to sales_rw;
alter default privileges for role billing_owner in schema billing grant select on tables to billing_ro;
alter default privileges for role hr_owner in schema hr grant select on tables to hr_ro;
alter default privileges for role sales_owner, billing_owner, hr_owner revoke execute on functions from public;
`;
