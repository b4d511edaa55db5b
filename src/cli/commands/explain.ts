import { EXIT, RolewrightError } from "../../base/error.ts";
import type { CodePage } from "../../model/codes/code-page.ts";
import { allCodes } from "../codes.ts";
import type { Action } from "../command-spec.ts";
import type { Page } from "../output/page.ts";
import { didYouMean } from "../../config/did-you-mean.ts";
import { escapeLine } from "../output/escape.ts";

/** Prints the page of one code. */
export const explain: Action = async (context, input) => {
  const code = (input.argument(0) ?? "").toUpperCase();
  const codes = allCodes();
  const page = codes.get(code);
  if (page === undefined) {
    throw new RolewrightError("RW809", `there is no code \`${escapeLine(code)}\``, {
      help: didYouMean(code, codes.keys()) ?? "codes are printed with every error, such as RW204",
    });
  }
  context.show(codePage(code, page), () => ({
    code,
    title: page.title,
    why: page.why,
    fix: page.fix,
    ...(page.example === undefined ? {} : { example: page.example }),
  }));
  return EXIT.done;
};

function codePage(code: string, page: CodePage): Page {
  return [
    { kind: "line", label: code, text: page.title },
    { kind: "section", title: "WHY", items: [{ text: page.why }] },
    { kind: "section", title: "WHAT TO DO", items: [{ text: page.fix }] },
    ...(page.example === undefined
      ? []
      : [{ kind: "section" as const, title: "EXAMPLE", items: [{ text: "", lines: page.example.split("\n") }] }]),
  ];
}
