/** Text as it may stand anywhere in the page: no markup, and nothing that turns the direction of what follows. */
export function text(value: string): string {
  return value
    .replaceAll("&", "&amp;")
    .replaceAll("<", "&lt;")
    .replaceAll(">", "&gt;")
    .replaceAll('"', "&quot;")
    .replaceAll(/(?![\n\t])[\p{Cc}\p{Cf}]/gu, "\ufffd");
}
