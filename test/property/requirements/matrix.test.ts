import { afterAll, describe, expect, test } from "vitest";
import { Secret } from "../../../src/base/secret.ts";
import type { EmbeddedMajor } from "../../../src/engine/postgresql/embedded/binaries.ts";
import { openRequirements } from "../../../src/engine/postgresql/simulation/requirements/open-requirements.ts";
import type { Requirement, StatementRequirements } from "../../../src/model/requirements.ts";
import { decide } from "../../../src/simulation/decide.ts";
import { type PostgresServer, startPostgres } from "../../support/postgres.ts";
import { FIXED_WORLD, laterWorld } from "./fixed-world.ts";
import { MAJORS } from "./majors.ts";
import { TRIALS } from "./statements.ts";
import { changed, describeRequirement, givenFor, indexOf, runAs, snapshotOf, statementFor } from "./world.ts";

const servers: PostgresServer[] = [];
afterAll(async () => {
  for (const server of servers) await server.stop();
});

describe("what is left out one at a time", () => {
  test.each(MAJORS)("is found missing, and nothing else, on %d", async (major) => {
    const { wrong, figures } = await leaveOneOut(major);
    process.stderr.write(`leave one out on ${major}: ${JSON.stringify(figures)}\n`);
    expect(wrong).toEqual([]);
    expect(figures.denials).toBeGreaterThan(200);
  });
});

interface Figures {
  statements: number;
  denials: number;
  foundNo: number;
  foundMaybe: number;
  unknown: number;
  falseNo: number;
  decidedYes: number;
}

async function leaveOneOut(major: EmbeddedMajor): Promise<{ wrong: string[]; figures: Figures }> {
  const server = await startPostgres({ major });
  servers.push(server);
  await server.query(FIXED_WORLD);
  await server.query(laterWorld(major) || "select 1");
  const trials = TRIALS.filter((trial) => (trial.since ?? 13) <= major).map((trial, at) => ({
    ...trial,
    role: `caller_${at}`,
    path: trial.path ?? "shop",
  }));
  for (const { role, memberOf = [] } of trials) {
    await server.query([`create role ${role}`, ...memberOf.map((name) => `grant ${name} to ${role}`)].join("; "));
  }
  const questions = trials.map(({ text, role, path }) => ({
    text,
    role,
    database: "postgres",
    searchPath: path.split(", "),
  }));
  const wrong: string[] = [];
  const figures: Figures = {
    statements: trials.length,
    denials: 0,
    foundNo: 0,
    foundMaybe: 0,
    unknown: 0,
    falseNo: 0,
    decidedYes: 0,
  };

  await using source = await openRequirements({ url: new Secret(server.url()), snapshot: await snapshotOf(server) });
  // What a role needs that has nothing yet; what its policies need is only read once it may use their schemas.
  for (let round = 0; round < 3; round++) {
    const bare = await source.read(questions);
    const grants = bare.flatMap((answer, at) =>
      answer.allOf.map((each) => statementFor(givenFor(each), trials[at]?.role ?? "", "grant")),
    );
    await server.query([...new Set(grants)].filter((each) => each !== null).join("; "));
    await source.moved(await snapshotOf(server));
  }
  const snapshot = await snapshotOf(server);
  await source.moved(snapshot);
  const answers = await source.read(questions);
  const index = indexOf(snapshot);

  for (const [at, trial] of trials.entries()) {
    const answer = answers[at] as StatementRequirements;
    const { role, path, text } = trial;
    const decided = decide(answer, index, { role });
    const whole = trial.onlyRead === true ? null : await runAs(server, text, { role, path });
    const say = (what: string): void => {
      wrong.push(`${text}: ${what}`);
    };
    if (whole?.outcome === "denied" && decided.state === "yes") say(`yes, and ${whole.message}`);
    if (whole?.outcome === "ran" && decided.state === "no")
      say(`no, and it ran: ${decided.missing.map(describeRequirement).join("; ")}`);
    if (whole?.outcome === "failed") say(`it failed: ${whole.message}`);
    if (decided.state === "yes") figures.decidedYes++;
    for (const [place, requirement] of answer.allOf.entries()) {
      const need = givenFor(requirement);
      const without = statementFor(need, role, "revoke");
      if (without === null) continue;
      const state = decide(answer, indexOf(changed(snapshot, need, role, "revoke")), { role }).state;
      const left = `${trial.text}: without ${describeRequirement(answer.allOf[place] as Requirement)}`;
      const certainty = need.certainty;
      if (state !== (certainty === "always" ? "no" : "maybe") && answer.unknown.length === 0)
        wrong.push(`${left}: ${state}`);
      if (trial.onlyRead === true) continue;
      const run = await runAs(server, text, { role, path, before: [without] });
      if (run.outcome === "denied") {
        figures.denials++;
        if (state === "no") figures.foundNo++;
        else if (state === "maybe") figures.foundMaybe++;
        else if (state === "unknown") figures.unknown++;
        else wrong.push(`${left}: ${state}, and ${run.message}`);
      } else if (run.outcome === "ran" && state === "no") {
        figures.falseNo++;
        wrong.push(`${left}: no, and it ran`);
      } else if (run.outcome === "failed") wrong.push(`${left}: it failed: ${run.message}`);
    }
  }
  return { wrong, figures };
}
