import { dryRun, type Prepared } from "./dry-run.ts";
import { execute, type ExecutionContext, runPlain, type Trial } from "./execution.ts";
import type { Ground } from "./ground.ts";
import { isRepairable, repairs } from "./parameters.ts";
import { asAdministrator, become } from "./session-state.ts";
import type { TrialItem } from "./trial-item.ts";
import type { Failure, Wire } from "./wire.ts";

/** What somebody with every right comes to with the same statement in the same search path. */
export type Control =
  | { readonly kind: "fine" }
  /** In this form the server takes it. */
  | { readonly kind: "repaired"; readonly prepared: Prepared }
  | { readonly kind: "broken"; readonly failure: Failure };

/**
 * Tells a name that may not be used from one that is not there: PostgreSQL says 42P01 of both. What an administrator finds in the same path, and the role does not, is a
 * denial; what nobody finds says nothing of rights.
 */
export class Administrator {
  readonly #ground: Ground;
  readonly #open: () => Promise<Wire>;
  readonly #known: Map<string, Promise<Control>> = new Map();
  #wire: Wire | null = null;
  #path: string | null = null;
  #turn: Promise<unknown> = Promise.resolve();

  constructor(ground: Ground, open: () => Promise<Wire>) {
    this.#ground = ground;
    this.#open = open;
  }

  /** Whether its dry run works, if need be in another form. */
  control(item: TrialItem): Promise<Control> {
    const key = JSON.stringify([item.path, item.question.text]);
    const known = this.#known.get(key) ?? this.#inTurn(item, (wire) => this.#plan(wire, item));
    this.#known.set(key, known);
    return known;
  }

  /** What its execution comes to. */
  async run(item: TrialItem, context: Omit<ExecutionContext, "wire" | "actor">, plain: string | null): Promise<Trial> {
    return await this.#inTurn(item, async (wire, actor) => {
      const whole = { ...context, wire, actor };
      return plain === null ? await execute(whole, item.prepared) : await runPlain(whole, plain);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#wire?.[Symbol.asyncDispose]();
  }

  async #plan(wire: Wire, item: TrialItem): Promise<Control> {
    const { text } = item.question;
    const { failure } = await dryRun(wire, { text, types: null }, this.#ground.major);
    if (failure === null) return { kind: "fine" };
    if (!isRepairable(failure.code, text)) return { kind: "broken", failure };
    for (const prepared of repairs(text)) {
      const reply = await dryRun(wire, prepared, this.#ground.major);
      if (reply.failure === null) return { kind: "repaired", prepared };
    }
    return { kind: "broken", failure };
  }

  #inTurn<T>(item: TrialItem, ask: (wire: Wire, actor: TrialItem["actor"]) => Promise<T>): Promise<T> {
    const actor = asAdministrator(item.actor, this.#ground.administrator, item.path);
    const answer = this.#turn.then(async () => {
      if (this.#wire === null || this.#wire.lost) {
        this.#wire = await this.#open();
        this.#path = null;
      }
      if (this.#path !== actor.path) {
        await become(this.#wire, actor, { settings: this.#ground.settings, generic: true });
        this.#path = actor.path;
      }
      return await ask(this.#wire, actor);
    });
    this.#turn = answer.catch(() => {});
    return answer;
  }
}
