import type { CodePage } from "./code-page.ts";

/** Diagnostics of simulations: what a plan does to the statements that are really run. RW570 to RW579. */
export const RW57X: Readonly<Record<string, CodePage>> = {
  RW570: {
    title: "The plan was not simulated.",
    why: "A policy asks for a simulation before this plan is approved or applied: what it does to the statements that are really run.",
    fix: "Run `rolewright simulate PLAN`. Evidence of use comes from `rolewright workload collect`.",
  },
  RW571: {
    title: "The simulation is too old.",
    why: "What is run changes, and the policy says how old a simulation may be.",
    fix: "Run `rolewright simulate PLAN` again.",
  },
  RW572: {
    title: "Too little of what was observed could be decided.",
    why: "Statements that cannot be decided could break. The policy says how much of the observed calls must have been decided.",
    fix: "The simulation lists what could not be decided, and why. Collect evidence that says who runs what, or install the extension that the shadow lacks.",
  },
  RW573: {
    title: "The evidence is too old or too short.",
    why: "A job that runs once a month is seen only when the evidence covers that day. The policy says how many days it must cover and when it may end.",
    fix: "Collect more with `rolewright workload collect`, and put files together with `rolewright workload merge`.",
  },
  RW574: {
    title: "Statements that are really run would break.",
    why: "The simulation shows statements that work today and would be refused, might be, or would read something else after the plan.",
    fix: "Change the plan: each statement says what would keep it working. Where it is what you want, accept exactly that number with `--accept-broken N`.",
  },
  RW575: {
    title: "An access test about a statement fails.",
    why: "The manifest says what must work and what must not. A test that cannot be decided, or whose statement is broken, fails too.",
    fix: "Change the plan, or the test in the manifest.",
  },
  RW576: {
    title: "There is no evidence to simulate with.",
    why: "A simulation tries what is really run, and nothing says what that is.",
    fix: "Give files of `rolewright workload collect` with `--evidence`, or under `evidence` of the target. Access tests about statements alone can be tried with `--tests-only`.",
  },
  RW578: {
    title: "Access tests about statements were not tried.",
    why: "Whether a statement works is tried on a shadow, which `check` does not build.",
    fix: "Run `rolewright simulate --tests-only`, or simulate the plan.",
  },
  RW577: {
    title: "The evidence is of something else.",
    why: "It was collected on another server, or for another engine, than the plan is for.",
    fix: "Collect on this target, or leave the file out.",
  },
  RW579: {
    title: "The plan's own statements fail.",
    why: "They are run on the shadow as the role that the target is connected to with, and one was refused. On the target it would be refused too: mostly because that role may not do what the plan does.",
    fix: "Plan and simulate with a connection of the role that will apply the plan. `rolewright doctor` says what the role of a connection lacks.",
  },
};
