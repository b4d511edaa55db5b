import { copyFile } from "node:fs/promises";
import { defineConfig, type UserConfig } from "tsdown";

/** One module a source file, so that what is loaded lazily in the sources is loaded lazily in the package; dependencies stay outside, where audits see them. */
const config: UserConfig = defineConfig({
  entry: ["src/index.ts", "src/conformance/index.ts", "src/cli/main.ts"],
  outDir: "dist",
  format: "esm",
  platform: "node",
  target: "node22.18",
  unbundle: true,
  dts: { entry: ["src/index.ts", "src/conformance/index.ts"] },
  fixedExtension: false,
  sourcemap: false,
  clean: true,
  onSuccess: async () => {
    await copyFile("docs/manifest.schema.json", "dist/manifest.schema.json");
    await copyFile("src/audit/verifier/verify.py", "dist/verify.py");
  },
});

export default config;
