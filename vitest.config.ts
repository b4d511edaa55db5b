import { defineConfig, type ViteUserConfig } from "vitest/config";

const LIVE_TIMEOUT_MS = 120_000;
/** Far above what any takes: a busy machine is no defect of what is tested. */
const UNIT_TIMEOUT_MS = 60_000;
const POLL_TIMEOUT_MS = 20_000;

/** The program is started hundreds of times from its source: compiled once, it starts in a third of the time. */
const COMPILED = new URL("./node_modules/.cache/compiled", import.meta.url).pathname;

/** One project per kind of proof; the folder names say what each proves. Live projects share two cores with their servers. */
const live = (name: string) => ({
  test: {
    name,
    include: [`test/${name}/**/*.test.ts`],
    globalSetup: ["test/support/global-setup.ts"],
    testTimeout: LIVE_TIMEOUT_MS,
    hookTimeout: LIVE_TIMEOUT_MS,
    expect: { poll: { timeout: POLL_TIMEOUT_MS } },
    // The room that a log keeps on its disk is made by the tests that are about it.
    env: { NODE_COMPILE_CACHE: COMPILED, ROLEWRIGHT_AUDIT_RESERVE: "0" },
  },
});

const config: ViteUserConfig = defineConfig({
  test: {
    maxWorkers: 2,
    projects: [
      { test: { name: "unit", include: ["src/**/*.test.ts", "test/*.test.ts"], testTimeout: UNIT_TIMEOUT_MS } },
      live("support"),
      live("engines"),
      live("property"),
      live("scenarios"),
      live("faults"),
      live("e2e"),
    ],
  },
});

export default config;
