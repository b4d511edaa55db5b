import type { CodePage } from "./code-page.ts";

/** Diagnostics of the confirm window. */
export const RW69X: Readonly<Record<string, CodePage>> = {
  RW690: {
    title: "Another change on this server waits to be confirmed.",
    why: "It may still be taken back, and that is only certain to work while nothing else was applied on top of it.",
    fix: "Confirm it with `rolewright confirm PLAN`, take it back with `rolewright revert PLAN`, or wait for the end of its window.",
  },
  RW691: {
    title: "There is no window to confirm.",
    why: "The plan was applied without a confirm window, left nothing behind, or is still being applied.",
    fix: "`rolewright status PLAN` says how it stands. A window is opened by `rolewright apply --confirm-within 10m`, or by `confirm_within` in the manifest.",
  },
  RW692: {
    title: "It is too late to confirm.",
    why: "Nobody confirmed the change in time, or a probe failed, or somebody asked for it to be taken back. What was decided is not undone.",
    fix: "When `rolewright status PLAN` says that it was taken back, plan again.",
  },
  RW693: {
    title: "A change that was not confirmed could not be taken back by itself.",
    why: "Somebody else changed the same thing meanwhile, or going back would lock administrators out. Rolewright does not overwrite what it did not make.",
    fix: "Look at `rolewright drift`. Keep the change with `rolewright confirm PLAN`, or take back what can be with `rolewright revert PLAN --leave-changed`.",
  },
  RW694: {
    title: "The watcher of a confirm window could not be started.",
    why: "A process of its own takes the change back if nobody confirms it. Without that nothing is applied.",
    fix: "Read the reason in the message and in the log under `.rolewright/windows`, and apply again.",
  },
  RW695: {
    title: "A probe failed after the change.",
    why: "What the manifest says must work, or must be refused, does not hold on the changed server. So the change is taken back.",
    fix: "Read which probe failed and why. Correct the change or the probe, and plan again.",
  },
  RW696: {
    title: "The change was taken back.",
    why: "Nobody confirmed it within its window, a probe failed, or somebody asked for it.",
    fix: "Plan again, apply, and confirm with `rolewright confirm PLAN` once you have seen that everything works.",
  },
  RW697: {
    title: "A file of a confirm window cannot be used.",
    why: "It was cut short or edited, so it is not known what was decided, and nothing is guessed.",
    fix: "Restore the file. If you know what was decided, move it away.",
  },
  RW698: {
    title: "A change is to be taken back, and that did not work yet.",
    why: "The server could not be reached, or somebody else holds a lock. It is tried again by the watcher, and by the next command.",
    fix: "Make the server reachable and run `rolewright status`, or `rolewright watch PLAN` to go on trying.",
  },
  RW699: {
    title: "The manifest asks for a confirm window.",
    why: "What the files demand of a target is not waived by whoever applies: others approved the change because of it.",
    fix: "Leave out `--confirm-within off`, or change `confirm_within` in the manifest. In an emergency give `--break-glass` too.",
  },
};
