/** What matters of pgAudit's `SESSION|OBJECT,statement,substatement,class,command,type,name,text,parameters`. */
export interface AuditLine {
  readonly statementId: string;
  /** It ran inside a function: nobody sent it. */
  readonly isNested: boolean;
  /** Null: it stands in an earlier line, or was not logged. */
  readonly statement: string | null;
}

/** Null: not a line of pgAudit. */
export function readAudit(text: string): AuditLine | null {
  const [type, statementId, substatement, , , , , statement] = fields(text, 8);
  if ((type !== "SESSION" && type !== "OBJECT") || statementId === undefined || !/^\d+$/u.test(statementId))
    return null;
  const hasText =
    statement !== undefined && statement !== "" && !/^<(?:previously logged|not logged)>$/u.test(statement);
  return { statementId, isNested: substatement !== "1", statement: hasText ? statement : null };
}

function fields(text: string, most: number): string[] {
  const found: string[] = [];
  let at = 0;
  while (found.length < most && at <= text.length) {
    if (text[at] === '"') {
      let end = at + 1;
      while (end < text.length && (text[end] !== '"' || text[end + 1] === '"')) end += text[end] === '"' ? 2 : 1;
      found.push(text.slice(at + 1, end).replaceAll('""', '"'));
      at = end + 2;
    } else {
      const comma = text.indexOf(",", at);
      found.push(text.slice(at, comma === -1 ? undefined : comma));
      at = comma === -1 ? text.length + 1 : comma + 1;
    }
  }
  return found;
}
