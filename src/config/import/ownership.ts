import { compareBy, sorted } from "../../base/order.ts";
import { resourceKey, type ResourceKey, type ResourceKind } from "../../model/resource.ts";
import type { RoleName } from "../../model/role.ts";
import type { HoldingClass, HoldingPlace } from "./places.ts";
import { kindWord } from "../kind-words.ts";
import { someOf, takes, wholePlace, type Selector } from "./selector.ts";
import type { Yaml, YamlMap } from "./yaml.ts";

/**
 * Who owns what, as the `ownership` list of a manifest: one entry for each owner and kind where patterns allow.
 * @param owners whose ownership is stated.
 * @param follows what changes its owner with something else: never named by itself.
 */
export function ownershipYaml(
  places: readonly HoldingPlace[],
  options: {
    readonly owners: ReadonlySet<RoleName>;
    readonly follows: ReadonlySet<ResourceKey>;
    readonly nameDatabase: boolean;
  },
): readonly YamlMap[] {
  const lines: OwnershipLine[] = [];
  for (const place of places) {
    if (place.kind === "column") continue;
    const database = options.nameDatabase ? place.database : null;
    for (const [owner, classes] of ownersOf(place, options.owners)) {
      for (const on of selectorsOf(place, classes, options.follows))
        lines.push({ owner, kind: place.kind, database, on });
    }
  }
  return merged(lines).map((line) => ({ owner: line.owner, of: ofYaml(line) }));
}

function ofYaml({ kind, database, on }: OwnershipLine): Yaml {
  // `database` beside other things says where they are, so it takes one name; names are exact in the plural too, as long as they have no star.
  const word = kindWord(kind, on.pattern || (kind === "database" && on.names.length > 1));
  const [name, more] = on.names;
  if (more === undefined && on.except.length === 0 && !on.partitions && database === null)
    return `${word} ${name ?? ""}`;
  return {
    [word]: more === undefined ? name : on.names,
    except: on.except.length === 0 ? undefined : on.except,
    partitions: on.partitions ? true : undefined,
    database: database ?? undefined,
  };
}

interface OwnershipLine {
  readonly owner: RoleName;
  readonly kind: ResourceKind;
  readonly database: string | null;
  readonly on: Selector;
}

function ownersOf(
  place: HoldingPlace,
  owners: ReadonlySet<RoleName>,
): readonly (readonly [RoleName, ReadonlySet<HoldingClass>])[] {
  const found = new Map<RoleName, Set<HoldingClass>>();
  for (const one of place.classes) {
    if (one.owner === null || !owners.has(one.owner)) continue;
    found.set(one.owner, (found.get(one.owner) ?? new Set()).add(one));
  }
  return sorted(
    found,
    compareBy(([owner]) => owner),
  );
}

function selectorsOf(
  place: HoldingPlace,
  classes: ReadonlySet<HoldingClass>,
  follows: ReadonlySet<ResourceKey>,
): readonly Selector[] {
  const whole = wholePlace(place, classes, false);
  const left = [...classes]
    .filter((one) => whole === null || !takes(whole, one, classes))
    .flatMap((one) => one.candidates)
    .filter((one) => !follows.has(resourceKey(one.resource)));
  return [...(whole === null ? [] : [whole]), ...someOf(place, left)];
}

/** Lines that differ only in their names become one. */
function merged(lines: readonly OwnershipLine[]): readonly OwnershipLine[] {
  const groups = new Map<string, OwnershipLine>();
  for (const line of lines) {
    const alone = line.on.except.length > 0 ? line.on.names : null;
    const key = JSON.stringify([line.owner, line.database, line.kind, line.on.pattern, line.on.partitions, alone]);
    const group = groups.get(key);
    groups.set(
      key,
      group === undefined ? line : { ...line, on: { ...line.on, names: [...group.on.names, ...line.on.names] } },
    );
  }
  return sorted(
    groups.values(),
    compareBy(
      (line) => line.owner,
      (line) => line.database,
      (line) => KINDS.indexOf(line.kind),
      (line) => !line.on.pattern,
      (line) => line.on.names.join("\0"),
    ),
  );
}

const KINDS: readonly ResourceKind[] = ["database", "schema", "table", "sequence", "routine", "type"];
