import type { CodePage } from "./code-page.ts";
import { RW0XX } from "./rw0xx.ts";
import { RW17X } from "./rw17x.ts";
import { RW1XX } from "./rw1xx.ts";
import { RW16X } from "./rw16x.ts";
import { RW2XX } from "./rw2xx.ts";
import { RW3XX } from "./rw3xx.ts";
import { RW4XX } from "./rw4xx.ts";
import { RW54X } from "./rw54x.ts";
import { RW55X } from "./rw55x.ts";
import { RW57X } from "./rw57x.ts";
import { RW59X } from "./rw59x.ts";
import { RW56X } from "./rw56x.ts";
import { RW58X } from "./rw58x.ts";
import { RW5XX } from "./rw5xx.ts";
import { RW65X } from "./rw65x.ts";
import { RW69X } from "./rw69x.ts";
import { RW6XX } from "./rw6xx.ts";
import { RW8XX } from "./rw8xx.ts";

/** The page of every diagnostic that is not a check, by its code. */
export const CODES: Readonly<Record<string, CodePage>> = {
  ...RW0XX,
  ...RW1XX,
  ...RW17X,
  ...RW16X,
  ...RW2XX,
  ...RW3XX,
  ...RW4XX,
  ...RW5XX,
  ...RW54X,
  ...RW55X,
  ...RW57X,
  ...RW58X,
  ...RW59X,
  ...RW56X,
  ...RW65X,
  ...RW69X,
  ...RW6XX,
  ...RW8XX,
};
