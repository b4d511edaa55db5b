import type { VerifiedSignature } from "./signed-note.ts";
import { KEY_TYPE, parseVerifierKey, type VerifierKey } from "./verifier-key.ts";

/** Whose signatures make a checkpoint trusted (C2SP tlog-policy): the log's own, and a quorum of witnesses. */
export interface Policy {
  readonly logs: readonly VerifierKey[];
  readonly witnesses: ReadonlyMap<string, VerifierKey>;
  /** Where those witnesses are asked of which that is said. */
  readonly urls: ReadonlyMap<string, string>;
  readonly groups: ReadonlyMap<string, Group>;
  /** The witness or group that must have signed; null where none need to. */
  readonly quorum: string | null;
}

/** So many of these witnesses and groups. */
export interface Group {
  readonly atLeast: number;
  readonly members: readonly string[];
}

/** The policy of a file, or in words why it is none. */
export function parsePolicy(text: string): Policy | string {
  const logs: VerifierKey[] = [];
  const witnesses = new Map<string, VerifierKey>();
  const urls = new Map<string, string>();
  const groups = new Map<string, Group>();
  let quorum: string | null | undefined;
  for (const [at, whole] of text.split("\n").entries()) {
    const line = whole.replace(/#.*$/u, "").trim();
    if (line === "") continue;
    const wrong = `line ${at + 1} is not understood: \`${line.slice(0, 80)}\``;
    const [word, first = "", second = "", ...rest] = line.split(/\s+/u);
    const isTaken = witnesses.has(first) || groups.has(first) || first === "none";
    if (word === "log") {
      const key = parseVerifierKey(first);
      if (key === null || key.type !== KEY_TYPE.ed25519) return wrong;
      logs.push(key);
    } else if (word === "witness") {
      const key = parseVerifierKey(second);
      if (key === null || isTaken) return wrong;
      witnesses.set(first, key);
      if (rest[0] !== undefined) urls.set(first, rest[0]);
    } else if (word === "group") {
      const atLeast = second === "any" ? 1 : second === "all" ? rest.length : Number(second);
      const isKnown = rest.every((name) => witnesses.has(name) || groups.has(name));
      if (isTaken || !isKnown || !Number.isInteger(atLeast) || atLeast < 1 || atLeast > rest.length) return wrong;
      groups.set(first, { atLeast, members: rest });
    } else if (word === "quorum" && quorum === undefined && second === "" && (isTaken || first === "none")) {
      quorum = first === "none" ? null : first;
    } else {
      return wrong;
    }
  }
  if (logs.length === 0) return "it names no log";
  return quorum === undefined ? "it has no line `quorum`" : { logs, witnesses, urls, groups, quorum };
}

/** True when enough witnesses signed. A member that is named twice counts once. */
export function quorumReached(policy: Policy, by: readonly VerifiedSignature[]): boolean {
  const signed = (name: string): boolean => {
    const witness = policy.witnesses.get(name);
    if (witness !== undefined) return by.some(({ key }) => key.id === witness.id && key.name === witness.name);
    const group = policy.groups.get(name);
    return group !== undefined && new Set(group.members.filter(signed)).size >= group.atLeast;
  };
  return policy.quorum === null || signed(policy.quorum);
}
