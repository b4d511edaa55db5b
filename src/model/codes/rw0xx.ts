import type { CodePage } from "./code-page.ts";

/** Mistakes on the command line. All of them exit 64, before anything is read or changed. */
export const RW0XX: Readonly<Record<string, CodePage>> = {
  RW001: {
    title: "there is no such command",
    why: "The first word after `rolewright` names what to do, and this one names nothing.",
    fix: "Run `rolewright --help` for the list; the nearest name is suggested with the error.",
  },
  RW002: {
    title: "there is no such option",
    why: "The command does not take this option, so it was not run: an option that is silently ignored is worse than an error.",
    fix: "Run the command with `--help` for its options.",
  },
  RW003: {
    title: "an argument is missing, or there is one too many",
    why: "The command was given fewer or more arguments than it takes.",
    fix: "Run the command with `--help` for its arguments.",
  },
  RW004: {
    title: "the value of an option is not one that it takes",
    why: "Options take a whole number, one of a few words, or a name; this value is none of them.",
    fix: "Run the command with `--help` for what the option takes.",
  },
  RW005: {
    title: "a question would have to be asked, and nobody is there to answer",
    why: "Prompts need a terminal on stdin and stderr, and `CI` must be unset. Without them Rolewright neither hangs nor guesses.",
    fix: "Give the option that the message names.",
  },
  RW006: {
    title: "this Node.js is too old",
    why: "Rolewright needs Node.js 22.18 or later.",
    fix: "Install a current Node.js, or run it through `npx` in a project that brings its own.",
  },
  RW007: {
    title: "a secret was given on the command line",
    why: "Command lines are readable by every user of the machine and stay in the shell's history.",
    fix: "Put the URL or password into an environment variable or a file and name that instead.",
  },
  RW020: {
    title: "the demo did not go as its story says",
    why: "The demo runs the real commands on a real server and stops as soon as one ends in another way than the story expects.",
    fix: "Please report it with everything that was printed.",
  },
};
