import { expect, test } from "vitest";
import { saslprep } from "./saslprep.ts";

test("the examples of RFC 4013 are prepared as it says", () => {
  expect(saslprep("I\u00adX")).toBe("IX");
  expect(saslprep("user")).toBe("user");
  expect(saslprep("USER")).toBe("USER");
  expect(saslprep("\u00aa")).toBe("a");
  expect(saslprep("\u2168")).toBe("IX");
});

test("a password that SASLprep refuses stays as it is", () => {
  expect(saslprep("é\u0007")).toBe("é\u0007"); // A control character beside text that is not ASCII.
  expect(saslprep("\u0627\u0031")).toBe("\u0627\u0031"); // Right-to-left text must end so.
  expect(saslprep("\u0627a\u0627")).toBe("\u0627a\u0627");
  expect(saslprep("\u00ad")).toBe("\u00ad"); // Nothing would remain.
  expect(saslprep("\u2168😀")).toBe("\u2168😀"); // Unassigned in Unicode 3.2: nothing is normalized then.
});

test("ASCII stays as it is, control characters too", () => {
  const ascii = Array.from({ length: 127 }, (_, index) => String.fromCharCode(index + 1)).join("");
  expect(saslprep(ascii)).toBe(ascii);
});

test("spaces of every kind become the one of ASCII", () => {
  expect(saslprep("a\u00a0b\u3000é\u200b")).toBe("a b é ");
});
