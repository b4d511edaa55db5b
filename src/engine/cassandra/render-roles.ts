import { compareText, sortedText } from "../../base/order.ts";
import type { AlterRole, CreateRole } from "../../model/change.ts";
import type { AttributeValue, RoleName } from "../../model/role.ts";
import { quoteIdentifier, quoteText } from "./quote.ts";

type AttributeChange = AlterRole["attributes"][number];

/** The statements that make a role: the role with its options, then its identities. */
export function createRoleTexts({ role }: CreateRole): readonly string[] {
  const { login, superuser, identities, ...access } = role.attributes;
  const options = [
    `login = ${String(login === true)}`,
    `superuser = ${String(superuser === true)}`,
    ...Object.keys(access)
      .sort(compareText)
      // Everywhere is what a new role has without a word.
      .filter((name) => (access[name] ?? null) !== null)
      .map((name) => optionText(name, access[name] ?? null)),
  ];
  return [
    `create role ${quoteIdentifier(role.name)} with ${options.join(" and ")}`,
    ...namesOf(identities ?? null).map((identity) => addIdentityText(identity, role.name)),
  ];
}

/** The statements that change a role: its options in one, then identities that go, then those that come. */
export function alterRoleTexts({ role, attributes }: AlterRole): readonly string[] {
  const options = attributes.filter(({ name }) => name !== "identities");
  const texts = options.length === 0 ? [] : [alterText(role, options)];
  for (const { before, after } of attributes.filter(({ name }) => name === "identities")) {
    const [had, has] = [namesOf(before), namesOf(after)];
    texts.push(
      ...had.filter((identity) => !has.includes(identity)).map((identity) => `drop identity ${quoteText(identity)}`),
      ...has.filter((identity) => !had.includes(identity)).map((identity) => addIdentityText(identity, role)),
    );
  }
  return texts;
}

function alterText(role: RoleName, options: readonly AttributeChange[]): string {
  return `alter role ${quoteIdentifier(role)} with ${options.map(({ name, after }) => optionText(name, after)).join(" and ")}`;
}

/** The server takes the role of an identity as a text, and not between double quotes. */
function addIdentityText(identity: string, role: RoleName): string {
  return `add identity ${quoteText(identity)} to role ${quoteText(role)}`;
}

function optionText(name: string, value: AttributeValue): string {
  switch (name) {
    case "login":
    case "superuser":
      return `${name} = ${String(value === true)}`;
    case "datacenters":
      return value === null ? "access to all datacenters" : `access to datacenters ${setText(value)}`;
    case "cidr_groups":
      return value === null ? "access from all cidrs" : `access from cidrs ${setText(value)}`;
    default:
      throw new TypeError(`unknown attribute ${name}`);
  }
}

function setText(value: AttributeValue): string {
  return `{${namesOf(value).map(quoteText).join(", ")}}`;
}

/** The names in an attribute that holds several, sorted; null holds none. */
export function namesOf(value: AttributeValue): readonly string[] {
  if (value === null) return [];
  const names: unknown = JSON.parse(String(value));
  if (!Array.isArray(names)) throw new TypeError(`an attribute is no list of names: ${String(value)}`);
  return sortedText(names.map(String));
}

/** Whether a change of attributes takes nothing from anybody. */
export function onlyAdds({ attributes }: AlterRole): boolean {
  return attributes.every(({ name, before, after }) => {
    switch (name) {
      case "datacenters":
      case "cidr_groups":
        return after === null || (before !== null && holdsAll(after, before));
      case "identities":
        return holdsAll(after, before);
      default:
        return after === true;
    }
  });
}

function holdsAll(all: AttributeValue, some: AttributeValue): boolean {
  const names = new Set(namesOf(all));
  return namesOf(some).every((name) => names.has(name));
}
