import type { Check } from "../check.ts";

/** PGE-32. */
export const templateContents: Check = {
  id: "PGE-32",
  title: "the template of new databases holds more than the server put there",
  why: "Every new database is a copy of `template1`: its objects, its access lists and its default privileges come along, and nobody remembers why.",
  fix: "Drop it there, and make it where it is needed.",
  danger: "low",
  principles: ["least privilege"],
  engines: ["postgresql"],
  needs: ["posture"],
  *find({ posture }) {
    const template = posture?.postgresql?.template ?? null;
    if (template === null) return yield { unknown: "`template1` could not be read" };
    if (template.length === 0) return;
    const [first = ""] = template;
    const rest = template.length === 1 ? "" : ` and ${template.length - 1} more`;
    yield {
      message: `new databases get ${first}${rest} from \`template1\``,
      principals: [],
      resources: [{ kind: "database", path: ["template1"] }],
      about: "template1",
      path: template,
      fix: { text: "drop it in `template1`" },
    };
  },
};
