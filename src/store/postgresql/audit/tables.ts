/** The version of the tables below. Another number is another shape. */
export const TABLES_VERSION = 1;

/** Whether the log's tables are there, and of which version. Asked without touching them, so that it can be asked by whoever has no rights on them. */
export const FIND_TABLES = `select pg_catalog.to_regclass('rolewright_audit.version')::text`;
export type FoundTables = readonly [name: string | null];

export const READ_VERSION = `select version::text from rolewright_audit.version`;
export type VersionRow = readonly [version: string];

/** Of those who begin a log at once, one makes the tables. The number is arbitrary and ours. */
export const LOCK_TABLES = `select pg_catalog.pg_advisory_xact_lock(7233970128466150241)`;

/**
 * Makes the tables. `tip` is the one row that writers lock; `frame`, `tile` and the version only ever grow: whoever may insert can change nothing of what is there, and only the owner of the tables could take the triggers away.
 * A partial tile may be deleted where the whole one is there. `person`, `opening` and `blob` hold what can be erased.
 */
export const MAKE_TABLES: string = `
  create schema rolewright_audit;
  create table rolewright_audit.version (version int not null);
  create table rolewright_audit.tip (
    one boolean primary key default true check (one),
    generation bigint not null, size bigint not null, root bytea not null, digest bytea not null
  );
  create table rolewright_audit.frame (
    generation bigint primary key, previous bytea, size_before bigint not null, size bigint not null check (size > size_before),
    root bytea not null, digest bytea not null, written_at timestamptz not null default pg_catalog.clock_timestamp()
  );
  create table rolewright_audit.tile (
    level smallint not null, index bigint not null, width smallint not null check (width between 1 and 256),
    bytes bytea not null, generation bigint not null, primary key (level, index, width)
  );
  alter table rolewright_audit.tile alter column bytes set storage external;
  create table rolewright_audit.checkpoint (
    one boolean primary key default true check (one), size bigint not null, note bytea not null
  );
  create table rolewright_audit.person (name_digest text primary key, ref text not null unique, name bytea not null);
  create table rolewright_audit.opening (
    entry text not null, place int not null, subject text, opening bytea, primary key (entry, place)
  );
  create index on rolewright_audit.opening (subject);
  create table rolewright_audit.blob (address text primary key, bytes bytea not null);
  insert into rolewright_audit.version values (${TABLES_VERSION});
  insert into rolewright_audit.tip (generation, size, root, digest) values (0, 0, '', '');

  create function rolewright_audit.refuse() returns trigger language plpgsql set search_path = pg_catalog as $do$
  begin
    raise exception 'the audit log is only added to: % of % is refused', tg_op, tg_table_name using errcode = 'restrict_violation';
  end $do$;
  create function rolewright_audit.keep_whole() returns trigger language plpgsql set search_path = pg_catalog as $do$
  begin
    if old.width < 256 and exists (
      select from rolewright_audit.tile t where t.level = old.level and t.index = old.index and t.width = 256
    ) then
      return old;
    end if;
    raise exception 'the audit log is only added to: % of a tile is refused', tg_op using errcode = 'restrict_violation';
  end $do$;
  create function rolewright_audit.go_on() returns trigger language plpgsql set search_path = pg_catalog as $do$
  begin
    if new.size < old.size then
      raise exception 'the audit log never goes back: from % entries to %', old.size, new.size using errcode = 'restrict_violation';
    end if;
    return new;
  end $do$;
  create trigger only_added_to before update or delete on rolewright_audit.frame for each row execute function rolewright_audit.refuse();
  create trigger never_emptied before truncate on rolewright_audit.frame for each statement execute function rolewright_audit.refuse();
  create trigger only_added_to before update on rolewright_audit.tile for each row execute function rolewright_audit.refuse();
  create trigger kept before delete on rolewright_audit.tile for each row execute function rolewright_audit.keep_whole();
  create trigger never_emptied before truncate on rolewright_audit.tile for each statement execute function rolewright_audit.refuse();
  create trigger goes_on before update on rolewright_audit.tip for each row execute function rolewright_audit.go_on();
  create trigger kept before delete on rolewright_audit.tip for each row execute function rolewright_audit.refuse();
  create trigger never_emptied before truncate on rolewright_audit.tip for each statement execute function rolewright_audit.refuse();
  create trigger goes_on before update on rolewright_audit.checkpoint for each row execute function rolewright_audit.go_on();
  create trigger kept before delete on rolewright_audit.checkpoint for each row execute function rolewright_audit.refuse();
  create trigger never_emptied before truncate on rolewright_audit.checkpoint for each statement execute function rolewright_audit.refuse();`;

/** Whether we could take away what keeps the log from being changed: as a superuser, or as who owns its tables or may become that. */
export const READ_WRITER = `
  select current_user::text, r.rolsuper::text,
         coalesce((
           select pg_catalog.bool_or(pg_catalog.pg_has_role(current_user, c.relowner, 'member'))
           from pg_catalog.pg_class c where c.relnamespace = pg_catalog.to_regnamespace('rolewright_audit')
         ), false)::text
  from pg_catalog.pg_roles r where r.rolname = current_user`;
export type WriterRow = readonly [name: string, superuser: string, owner: string];

/** What decides whether an answered commit outlives a power loss, and whether anything can be written at all. */
export const READ_DURABILITY = `
  select pg_catalog.current_setting('fsync'), pg_catalog.current_setting('full_page_writes'),
         pg_catalog.current_setting('synchronous_commit'), pg_catalog.pg_is_in_recovery()::text`;
export type DurabilityRow = readonly [
  fsync: string,
  fullPageWrites: string,
  synchronousCommit: string,
  standby: string,
];

/**
 * A writer that stops with the tip in its hand is ended, so that others go on; they wait longer than that. Nothing limits a commit's wait for standbys: an end of that wait would look like a commit.
 * `remote_apply` is more than `on`, so it is left.
 */
export const SET_UP_SESSION = `
  select pg_catalog.set_config(v.name, v.value, false)
  from (values
    ('bytea_output', 'hex'), ('lock_timeout', '30s'), ('idle_in_transaction_session_timeout', '15s'), ('statement_timeout', '0'),
    ('default_transaction_isolation', 'read committed'), ('search_path', ''),
    ('synchronous_commit', case pg_catalog.current_setting('synchronous_commit') when 'remote_apply' then 'remote_apply' else 'on' end)
  ) v (name, value)`;
