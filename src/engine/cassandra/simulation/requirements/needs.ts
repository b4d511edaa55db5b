import type { Privilege } from "../../../../model/access-list.ts";
import type { Need, Requirement, Right, StatementRequirements, UnknownPart } from "../../../../model/requirements.ts";
import { describeTyped, type Resource } from "../../../../model/resource.ts";
import type { RoleName } from "../../../../model/role.ts";
import { DATABASE } from "../../resource-names.ts";
import { isSign, isWord } from "../grammar/statements.ts";
import type { Token } from "../grammar/tokens.ts";
import type { Objects, TableFacts } from "./objects.ts";

/** Who asks what, where. */
export interface Asked {
  readonly objects: Objects;
  readonly caller: RoleName;
  /** The keyspace that the session uses; null: none, undefined: not known. */
  readonly keyspace: string | null | undefined;
}

/** A name with the keyspace that it is looked up in. */
export interface QualifiedName {
  readonly keyspace: string;
  readonly name: string;
  /** Where it ends. */
  readonly next: number;
}

/** Gathers what one statement needs: the rules are few and fixed. semantics-cassandra.md, section 5, each compared with Cassandra 5.0. */
export class Needs {
  readonly asked: Asked;
  readonly #needs: Requirement[] = [];
  readonly #unknown: UnknownPart[] = [];
  readonly #resolved: Set<string> = new Set();
  refused: StatementRequirements["refused"] = null;

  constructor(asked: Asked) {
    this.asked = asked;
  }

  need(privilege: Privilege, resource: Resource, origin: readonly string[] = []): void {
    this.right({ kind: "privilege", privilege, resource }, origin);
  }

  right(right: Right, origin: readonly string[] = []): void {
    this.#needs.push(needOf(right, origin));
  }

  anyOf(rights: readonly Right[], origin: readonly string[] = []): void {
    const options = rights.map((right) => needOf(right, origin));
    const [only] = options;
    if (options.length === 1 && only !== undefined) this.#needs.push(only);
    else this.#needs.push({ kind: "any-of", options });
  }

  unknown(kind: string, reason: string): void {
    this.#unknown.push({ kind, reason, origin: [] });
  }

  /** A column that is shown masked to whoever may not see it in clear: which it is stands in its name, so that a change of it is seen. Who sees it in clear may need to: nothing is refused without. */
  shown(resource: Resource, column: string): void {
    const isClear = this.asked.objects.unmasks(this.asked.caller, resource);
    const name = describeTyped({ kind: "column", path: [...resource.path, column] });
    this.#resolved.add(`${name} ${isClear ? "in clear" : "masked"}`);
    if (!isClear) return;
    const right: Right = { kind: "privilege", privilege: "UNMASK", resource };
    this.#needs.push({ ...needOf(right, [`masked ${name}`]), certainty: "conditional" });
  }

  resolved(resource: Resource): void {
    this.#resolved.add(describeTyped(resource));
  }

  requirements(): StatementRequirements {
    const distinct = new Map(this.#needs.map((need) => [JSON.stringify(need), need]));
    return {
      allOf: [...distinct.keys()].sort().flatMap((key) => distinct.get(key) ?? []),
      unknown: this.#unknown,
      resolved: [...this.#resolved].sort().map((name) => ({ name })),
      approximate: false,
      refused: this.refused,
    };
  }

  /** The name at a place; null: there is none, or its keyspace is not known, which is noted. */
  name(tokens: readonly Token[], at: number): QualifiedName | null {
    const own = tokens[at];
    if (own?.kind !== "word" && own?.kind !== "quoted") {
      this.unknown("name", "a name is missing");
      return null;
    }
    const second = tokens[at + 2];
    if (isSign(tokens[at + 1], ".") && (second?.kind === "word" || second?.kind === "quoted")) {
      return { keyspace: own.text, name: second.text, next: at + 3 };
    }
    const { keyspace } = this.asked;
    if (keyspace === undefined) {
      this.unknown("name", `the keyspace of \`${own.text}\` is not known`);
      return null;
    }
    if (keyspace === null) {
      this.refused ??= { code: "2200", message: "No keyspace has been specified" };
      return null;
    }
    return { keyspace, name: own.text, next: at + 1 };
  }

  onTable(name: QualifiedName | null, privilege: Privilege): TableFacts | null {
    if (name === null) return null;
    const facts = this.asked.objects.table(name.keyspace, name.name);
    if (facts !== null) {
      this.resolved(facts.resource);
      if (privilege === "SELECT" && facts.base !== null) {
        this.resolved(facts.base);
        this.need("SELECT", facts.base, [`view ${name.keyspace}.${name.name}`]);
      } else this.need(privilege, facts.resource);
      return facts;
    }
    if (privilege === "SELECT" && isOpen(name)) return null;
    // The server's own tables: introspection lists those alone that something is granted on.
    if (SYSTEM.has(name.keyspace)) this.anyOf(this.chain(name, privilege));
    else this.unknown("name", `there is no table \`${name.keyspace}.${name.name}\``);
    return null;
  }

  /** A right on a table of the server's own, or on what is above it. */
  chain({ keyspace, name }: QualifiedName, privilege: Privilege): readonly Right[] {
    const all: readonly Resource[] = [
      { kind: "table", path: [DATABASE, keyspace, name] },
      { kind: "schema-tables", path: [DATABASE, keyspace] },
      { kind: "schema", path: [DATABASE, keyspace] },
      ...(this.asked.objects.allCoversOwn ? [{ kind: "all-schemas", path: [] } as const] : []),
    ];
    const known = all.filter((resource) => this.asked.objects.knows(resource));
    return [
      ...known.map((resource) => ({ kind: "privilege", privilege, resource }) as const),
      { kind: "attribute", attribute: "superuser" },
    ];
  }

  /** EXECUTE on functions that people made. */
  functions(tokens: readonly Token[], keyspace: string | undefined): void {
    for (const [at, token] of tokens.entries()) {
      if ((token.kind !== "word" && token.kind !== "quoted") || !isSign(tokens[at + 1], "(")) continue;
      const isQualified = isSign(tokens[at - 1], ".");
      const where = isQualified ? tokens[at - 2]?.text : keyspace;
      const found = where === undefined ? [] : this.asked.objects.routines(where, token.text);
      const [only] = found;
      if (found.length > 1) {
        this.unknown(
          "overload",
          `which of the functions \`${token.text}\` it calls depends on the types of what it is given`,
        );
      } else if (only !== undefined) {
        this.resolved(only);
        this.need("EXECUTE", only);
      } else if (isQualified && where !== "system" && !isTableName(tokens, at)) {
        this.unknown("name", `there is no function \`${where ?? ""}.${token.text}\``);
      }
    }
  }
}

function needOf(right: Right, origin: readonly string[]): Need {
  return { kind: "need", right, of: "caller", certainty: "always", origin };
}

const SYSTEM: ReadonlySet<string> = new Set([
  "system",
  "system_auth",
  "system_distributed",
  "system_schema",
  "system_traces",
  "system_views",
  "system_virtual_schema",
]);
const OPEN_TABLES: ReadonlySet<string> = new Set(["local", "peers", "peers_v2"]);

/** What everybody may read. */
function isOpen({ keyspace, name }: QualifiedName): boolean {
  return (
    keyspace === "system_schema" ||
    keyspace === "system_virtual_schema" ||
    (keyspace === "system" && OPEN_TABLES.has(name))
  );
}

/** `insert into ks.t (a, b)`: what stands before these parentheses is a table. */
function isTableName(tokens: readonly Token[], at: number): boolean {
  return isWord(tokens[at - 3], "into");
}
