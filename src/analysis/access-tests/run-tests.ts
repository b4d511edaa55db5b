import { compareResources, describeName, describeTyped, type Resource } from "../../model/resource.ts";
import { PUBLIC, type RoleName } from "../../model/role.ts";
import type { DeclaredTest } from "../../model/declared.ts";
import type { Unknown } from "../../model/snapshot.ts";
import type { AccessIndex } from "../access-index.ts";
import type { Escalation } from "../escalation/escalation.ts";
import { usability } from "../usable.ts";
import { wayOf } from "./way.ts";

/** What a state is tested with. */
export interface TestedState {
  readonly index: AccessIndex;
  readonly escalation: Escalation;
  readonly unknowns: readonly Unknown[];
}

/** How one access test ended. */
export interface TestResult {
  readonly test: DeclaredTest;
  readonly passed: boolean;
  /** `unknown`: it could not be told, which passes nothing. */
  readonly found: "allowed" | "denied" | "unknown";
  /** The login that decided it. */
  readonly login: RoleName;
  /** What is not as it must be, sorted; all of it where it passed. */
  readonly resources: readonly Resource[];
  /** One sentence: by which way it is held, or what is lacking. */
  readonly why: string;
}

/** One answer about one resource. */
interface Answer {
  readonly found: TestResult["found"];
  readonly why: string;
}

/**
 * Tests a state. What must be allowed is so for every resource by at least one of the logins, doors included; what must be denied is held by none of them, usable or not, as far as the test looks. Cost follows the
 * classes of the resources.
 */
export function runTests(tests: readonly DeclaredTest[], state: TestedState): readonly TestResult[] {
  return tests.map((test) => runTest(test, state));
}

function runTest(test: DeclaredTest, state: TestedState): TestResult {
  const known = new Map<string, Answer>();
  const failing: Resource[] = [];
  let first: (Answer & { readonly login: RoleName }) | null = null;
  let last: (Answer & { readonly login: RoleName }) | null = null;
  for (const resource of test.resources) {
    const answer = overLogins(test, resource, { state, known });
    last = answer;
    if (answer.found === (test.must === "allow" ? "allowed" : "denied")) continue;
    failing.push(resource);
    first ??= answer;
  }
  const decided = first ?? last ?? { found: "unknown", why: "nothing was tested", login: test.as };
  return {
    test,
    passed: first === null && last !== null,
    found: decided.found,
    login: decided.login,
    resources: [...(first === null ? test.resources : failing)].sort(compareResources),
    why: decided.why,
  };
}

interface Asking {
  readonly state: TestedState;
  /** Answers by login and class of resources. */
  readonly known: Map<string, Answer>;
}

/** Allowed if one login may; denied if none may; otherwise the first that does not say so. */
function overLogins(test: DeclaredTest, resource: Resource, asking: Asking): Answer & { readonly login: RoleName } {
  const answers = test.logins.map((login) => ({ ...answerFor(test, { login, resource }, asking), login }));
  const wanted = answers.find((each) => each.found === "allowed") ?? answers.find((each) => each.found === "unknown");
  return wanted ?? answers[0] ?? { found: "unknown", why: "it has no login here", login: test.as };
}

function answerFor(
  test: DeclaredTest,
  { login, resource }: { readonly login: RoleName; readonly resource: Resource },
  { state, known }: Asking,
): Answer {
  const place = state.index.classOf(resource);
  // Doors are those of the schema: resources of a class in one schema are alike in all that decides.
  const key = place === null ? null : `${login}\0${place.id}\0${resource.path.slice(0, -1).join("\0")}`;
  const seen = key === null ? undefined : known.get(key);
  if (seen !== undefined) return seen;
  const answer =
    test.must === "allow" ? allowed(test, { login, resource }, state) : held(test, { login, resource }, state);
  if (key !== null) known.set(key, answer);
  return answer;
}

interface Asked {
  readonly login: RoleName;
  readonly resource: Resource;
}

const NOT_READ = "it could not be read";

function allowed(test: DeclaredTest, { login, resource }: Asked, state: TestedState): Answer {
  const { index } = state;
  const { privilege, over } = test;
  const acting = over === "escalable" ? state.escalation.rolesFrom(login) : [login];
  let lacking: string | null = null;
  for (const role of acting) {
    const use = usability(index, role, { privilege, resource });
    if (use === null) return { found: "unknown", why: NOT_READ };
    if (use.usable || (over !== "effective" && use.byBecoming.length > 0) || (role !== login && use.held)) {
      return { found: "allowed", why: wayOf(index, role, { privilege, resource }) };
    }
    if (role !== login) continue;
    lacking = lackingText(use, login, privilege);
  }
  return { found: "denied", why: lacking ?? "nothing gives it" };
}

function lackingText(use: NonNullable<ReturnType<typeof usability>>, login: RoleName, privilege: string): string {
  if (!use.held) {
    const [role] = use.byBecoming;
    if (role !== undefined) return `it takes SET ROLE to \`${describeName(role)}\` first`;
    return "nothing gives it";
  }
  const closed = use.gates.find((each) => !each.open);
  if (closed !== undefined) {
    return `${privilege} is held, but ${closed.gate.privilege} on ${describeTyped(closed.gate.resource)} is missing`;
  }
  if (!use.login) return `${privilege} is held, but \`${describeName(login)}\` cannot log in`;
  return `${privilege} is held, but cannot be used by sessions of \`${describeName(login)}\` as they start`;
}

function held(test: DeclaredTest, { login, resource }: Asked, state: TestedState): Answer {
  const { index, escalation } = state;
  const { privilege, over } = test;
  const question = { privilege, resource };
  const reachable = over !== "effective";
  const answer = index.can(login === "public" ? PUBLIC : login, privilege, resource, { reachable });
  if (answer === null) return { found: "unknown", why: NOT_READ };
  if (answer) return { found: "allowed", why: wayOf(index, login, question) };
  if (over !== "escalable") return { found: "denied", why: "nothing gives it" };
  const up = escalation.toSuperuser(login);
  if (up !== null) return { found: "allowed", why: `it can become superuser: ${up.steps.join(", then ")}` };
  for (const role of escalation.rolesFrom(login)) {
    if (role === login || index.can(role, privilege, resource) !== true) continue;
    const steps = escalation.toRole(login, role)?.steps ?? [];
    return { found: "allowed", why: [...steps, wayOf(index, role, question)].join(", then ") };
  }
  return { found: "denied", why: "nothing gives it" };
}
