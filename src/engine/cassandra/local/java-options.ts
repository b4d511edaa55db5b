/** What one node's Java is told. */
export interface JavaOptions {
  readonly folder: string;
  readonly classPath: string;
  readonly agent: string | null;
  readonly heapMegabytes: number;
  /** An archive of loaded classes: to read, to write when the server ends, or none. */
  readonly archive: { readonly read: string } | { readonly write: string } | null;
}

/** The arguments of `java` for one node, up to and with its main class. */
export function javaArguments(options: JavaOptions): readonly string[] {
  const { folder, archive, heapMegabytes } = options;
  return [
    `-Xms${heapMegabytes}M`,
    `-Xmx${heapMegabytes}M`,
    "-Xss256k",
    "-XX:+UseSerialGC",
    "-XX:TieredStopAtLevel=1",
    "-XX:+ExitOnOutOfMemoryError",
    ...(options.agent === null ? [] : [`-javaagent:${options.agent}`]),
    ...(archive === null ? [] : ["-Xshare:auto", "-Xlog:cds=off", "-Xlog:cds+dynamic=off", archiveOption(archive)]),
    ...MODULE_OPTIONS,
    ...Object.entries({ ...PROPERTIES, ...places(folder) }).map(([name, value]) => `-D${name}=${value}`),
    "-cp",
    options.classPath,
    "org.apache.cassandra.service.CassandraDaemon",
  ];
}

function archiveOption(archive: { readonly read: string } | { readonly write: string }): string {
  return "read" in archive ? `-XX:SharedArchiveFile=${archive.read}` : `-XX:ArchiveClassesAtExit=${archive.write}`;
}

function places(folder: string): Readonly<Record<string, string>> {
  return {
    "cassandra.config": `file:${folder}/cassandra.yaml`,
    "cassandra-rackdc.properties": `file:${folder}/rackdc.properties`,
    "logback.configurationFile": `${folder}/logback.xml`,
    "cassandra.storagedir": folder,
    "cassandra.logdir": folder,
    "java.io.tmpdir": folder, // Native libraries are unpacked here: they go with the folder, also after SIGKILL.
    "jna.tmpdir": folder,
  };
}

/** No waiting for a ring that is not there, no fsync, cheap password hashes: this is a server for minutes. */
const PROPERTIES: Readonly<Record<string, string>> = {
  "cassandra-foreground": "yes",
  "cassandra.ring_delay_ms": "0",
  "cassandra.skip_wait_for_gossip_to_settle": "0",
  "cassandra.superuser_setup_delay_ms": "0",
  "cassandra.shutdown_announce_in_ms": "100",
  "cassandra.skip_sync": "true",
  "cassandra.auth_bcrypt_gensalt_log2_rounds": "4",
  "cassandra.memtable.row_overhead_size": "180", // 5.0 measures it at every start otherwise, for a second.
  "io.netty.tryReflectionSetAccessible": "true",
  "jdk.attach.allowAttachSelf": "true",
  "java.net.preferIPv4Stack": "true",
  "file.encoding": "UTF-8",
  "user.timezone": "UTC",
};

/** What Cassandra's own jvm17-server.options opens of Java's modules, and what else is needed to measure objects without an agent. */
const EXPORTS = [
  "java.base/java.lang.ref",
  "java.base/jdk.internal.misc",
  "java.management.rmi/com.sun.jmx.remote.internal.rmi",
  "java.rmi/sun.rmi.registry",
  "java.rmi/sun.rmi.server",
  "java.sql/java.sql",
  "jdk.attach/sun.tools.attach",
  "jdk.compiler/com.sun.tools.javac.file",
  "jdk.unsupported/sun.misc",
];
const OPENS = [
  "java.base/java.io",
  "java.base/java.lang",
  "java.base/java.lang.module",
  "java.base/java.lang.reflect",
  "java.base/java.nio",
  "java.base/java.util",
  "java.base/java.util.concurrent",
  "java.base/java.util.concurrent.atomic",
  "java.base/jdk.internal.loader",
  "java.base/jdk.internal.math",
  "java.base/jdk.internal.module",
  "java.base/jdk.internal.ref",
  "java.base/jdk.internal.reflect",
  "java.base/jdk.internal.util.jar",
  "java.base/sun.nio.ch",
  "jdk.compiler/com.sun.tools.javac",
  "jdk.management/com.sun.management.internal",
];
const MODULE_OPTIONS: readonly string[] = [
  ...EXPORTS.flatMap((name) => ["--add-exports", `${name}=ALL-UNNAMED`]),
  ...OPENS.flatMap((name) => ["--add-opens", `${name}=ALL-UNNAMED`]),
];
