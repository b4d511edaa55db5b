/** Schema `hr`: the company itself. Colleagues see names and departments, their own salary through a function, and nothing else. */
export const HR = `
create schema hr authorization hr_owner;
set role hr_owner;

create table hr.employees (
  id integer generated always as identity primary key,
  login name not null unique,
  name text not null,
  department text not null,
  born date,
  home_address text
);
create table hr.salaries (
  employee_id integer primary key references hr.employees,
  yearly numeric(10, 2) not null
);
create table hr.reviews (
  id serial primary key,
  employee_id integer not null references hr.employees,
  held_on date not null,
  notes text not null
);

create function hr.my_salary() returns numeric
  language sql stable security definer set search_path = pg_catalog, pg_temp
  begin atomic
    select yearly from hr.salaries join hr.employees on employee_id = id where login = session_user;
  end;

alter table hr.reviews enable row level security;
alter table hr.reviews force row level security;
create policy own_reviews on hr.reviews for select
  using (employee_id = (select id from hr.employees where login = current_user));
create policy hr_reads_all on hr.reviews for select to hr_ro using (true);

insert into hr.employees (login, name, department)
  select login, initcap(login), department from (values
    ('alice', 'analytics'), ('bruno', 'analytics'), ('carla', 'finance'), ('dmitri', 'finance'), ('emeka', 'support'), ('fatima', 'support'),
    ('george', 'support'), ('hana', 'people'), ('ivan', 'shop'), ('julia', 'shop'), ('kenji', 'platform'), ('lea', 'platform')
  ) as staff (login, department);
insert into hr.salaries select id, 40000 + id * 1000 from hr.employees;

reset role;
`;
