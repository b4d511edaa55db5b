/** Whether a text matches a list of OpenSSH's patterns (ssh_config(5), PATTERNS): `*` and `?` are wild, and a `!` before one that matches refuses the text whatever the others say. */
export function matchesList(text: string, list: string): boolean {
  let matched = false;
  for (const each of list.split(",")) {
    if (each.startsWith("!")) {
      if (matches(text, each.slice(1))) return false;
    } else if (matches(text, each)) matched = true;
  }
  return matched;
}

/** Whether a list could match more texts than those that stand in it. */
export function isWild(list: string): boolean {
  return /[*?!]/.test(list);
}

/** Greedy with one step back to the last star: time follows the product of both lengths, whatever the pattern. */
function matches(text: string, pattern: string): boolean {
  let [at, to, star, from] = [0, 0, -1, 0];
  while (at < text.length) {
    if (pattern[to] === "*") {
      star = to++;
      from = at;
    } else if (to < pattern.length && (pattern[to] === "?" || pattern[to] === text[at])) {
      at++;
      to++;
    } else if (star >= 0) {
      to = star + 1;
      at = ++from;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(to));
}
