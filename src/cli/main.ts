#!/usr/bin/env node
// The version is checked before anything else is loaded, so that an old Node prints this sentence and not a syntax error.
const [major = 0, minor = 0] = process.versions.node.split(".").map(Number);
if (major < 22 || (major === 22 && minor < 18)) {
  process.stderr.write(`RW006  rolewright needs Node.js 22.18 or later, and this is ${process.versions.node}\n`);
  process.exit(64);
}

const { runProcess } = await import("./run.ts");
process.exit(await runProcess(process.argv.slice(2), { leave: () => process.exit(130) }));
