import { chmod, chown, writeFile } from "node:fs/promises";
import { join } from "node:path";
import type { ServerAccount } from "../../local/account.ts";
import type { CassandraVersion } from "./programs.ts";

/** What one node is set up for. */
export interface NodeConfiguration {
  readonly version: CassandraVersion;
  readonly folder: string;
  readonly account: ServerAccount | null;
  readonly address: string;
  /** For clients; for other nodes; the second one is reserved and never listened on. */
  readonly ports: { readonly native: number; readonly storage: number; readonly tls: number };
  readonly seed: string;
  readonly dataCenter: string;
  /** Where the node stands on the ring. */
  readonly token: bigint;
  readonly cacheValidityMs: number;
  /** Over everything that is written here. */
  readonly settings: Readonly<Record<string, unknown>>;
}

/** The file in a node's folder that its audit log goes to, an entry a line. */
export const AUDIT_LOG = "audit.log";

/** Writes the files that a node reads when it starts. */
export async function configure(node: NodeConfiguration): Promise<void> {
  const write = async (name: string, text: string): Promise<void> => {
    const file = join(node.folder, name);
    await writeFile(file, text);
    await chmod(file, 0o600);
    if (node.account !== null) await chown(file, node.account.uid, node.account.gid);
  };
  await write("cassandra.yaml", `${JSON.stringify(settings(node), null, 2)}\n`); // JSON is YAML.
  await write("rackdc.properties", `dc=${node.dataCenter}\nrack=rack1\n`);
  await write("logback.xml", logback(node.folder));
}

function settings(node: NodeConfiguration): Record<string, unknown> {
  const { folder, ports, cacheValidityMs } = node;
  const validity = `${cacheValidityMs}ms`;
  return {
    cluster_name: "rolewright",
    partitioner: "org.apache.cassandra.dht.Murmur3Partitioner",
    num_tokens: 1,
    initial_token: String(node.token),
    auto_bootstrap: false,
    endpoint_snitch: "GossipingPropertyFileSnitch",
    dynamic_snitch: false,
    seed_provider: [
      {
        class_name: "org.apache.cassandra.locator.SimpleSeedProvider",
        parameters: [{ seeds: `${node.seed}:${ports.storage}` }],
      },
    ],
    listen_address: node.address,
    rpc_address: node.address,
    storage_port: ports.storage,
    ssl_storage_port: ports.tls,
    native_transport_port: ports.native,
    data_file_directories: [join(folder, "data")],
    commitlog_directory: join(folder, "commitlog"),
    saved_caches_directory: join(folder, "saved_caches"),
    hints_directory: join(folder, "hints"),
    cdc_raw_directory: join(folder, "cdc_raw"),
    commitlog_sync: "batch", // What was acknowledged survives SIGKILL; `periodic` loses what came after the last mark.
    commitlog_segment_size: "8MiB",
    commitlog_total_space: "64MiB",
    key_cache_size: "0MiB",
    counter_cache_size: "0MiB",
    concurrent_reads: 4,
    concurrent_writes: 4,
    phi_convict_threshold: 5, // A killed node is seen as down within some twelve seconds.
    user_defined_functions_enabled: true,
    materialized_views_enabled: true,
    roles_validity: validity,
    permissions_validity: validity,
    credentials_validity: validity,
    ...authorization(node.version),
    audit_logging_options: {
      enabled: true,
      logger: [{ class_name: "FileAuditLogger" }],
    },
    ...node.settings,
  };
}

/** 4.1 wants bare class names; 5.0 also knows masks and restrictions by client address. */
function authorization(version: CassandraVersion): Record<string, unknown> {
  if (version === "4.1") {
    return {
      authenticator: "PasswordAuthenticator",
      role_manager: "CassandraRoleManager",
      authorizer: "CassandraAuthorizer",
      network_authorizer: "CassandraNetworkAuthorizer",
    };
  }
  return {
    authenticator: { class_name: "PasswordAuthenticator" },
    role_manager: { class_name: "CassandraRoleManager" },
    authorizer: { class_name: "CassandraAuthorizer" },
    network_authorizer: { class_name: "CassandraNetworkAuthorizer" },
    cidr_authorizer: { class_name: "CassandraCIDRAuthorizer", parameters: { cidr_authorizer_mode: "ENFORCE" } },
    dynamic_data_masking_enabled: true,
  };
}

/** Warnings to the standard output, the audit log to a file of its own. */
function logback(folder: string): string {
  return `<configuration>
  <appender name="OUT" class="ch.qos.logback.core.ConsoleAppender">
    <encoder><pattern>%d %-5level [%thread] %logger{20} %msg%n</pattern></encoder>
  </appender>
  <appender name="AUDIT" class="ch.qos.logback.core.FileAppender">
    <file>${folder}/${AUDIT_LOG}</file>
    <encoder><pattern>%msg%n</pattern></encoder>
  </appender>
  <logger name="org.apache.cassandra.audit" additivity="false" level="INFO"><appender-ref ref="AUDIT"/></logger>
  <root level="WARN"><appender-ref ref="OUT"/></root>
</configuration>
`;
}
