import { formatVerifierKey } from "../../audit/note/verifier-key.ts";
import { EXIT, RolewrightError } from "../../base/error.ts";
import { addKey, readPublicKeys, retireKey } from "../../store/files/audit/key-files.ts";
import { logPlace, openLogForWriting, ownActor } from "../auditing.ts";
import type { Action } from "../command-spec.ts";

/** How long both keys sign by default: everybody has to verify once in this time. */
const OVERLAP_DAYS = 30;

/** Prints the keys, replaces the one in use, or ends an old one. */
export const auditKeys: Action = async (context, input) => {
  const place = await logPlace(context, input);
  const known = await readPublicKeys(place.folder);
  if (known === null) throw new RolewrightError("RW600", `there is no audit log in \`${place.folder}\``);
  const name = known[0]?.key.name ?? "";
  const retire = input.text("retire");
  if (input.flag("rotate")) {
    // The entry that names the new key is signed by the old one alone.
    await using log = await openLogForWriting(place, context);
    const head = await log.head();
    const { key } = await addKey(place.folder, name, head?.checkpoint.size ?? 0);
    const until = new Date(context.clock.now().getTime() + OVERLAP_DAYS * 24 * 3600 * 1000).toISOString();
    await log.append({ type: "log.key.rotated", actor: ownActor(), key: formatVerifierKey(key), overlap_until: until });
  } else if (retire !== null) {
    const inUse = known.filter(({ lastSize }) => lastSize === null);
    if (!inUse.some(({ key }) => key.id === retire) || inUse.length < 2) {
      throw new RolewrightError("RW603", `the key \`${retire}\` is not in use, or is the only one`, {
        help: "`rolewright audit keys` lists them; `--rotate` makes another one first",
      });
    }
    await using log = await openLogForWriting(place, context);
    const lastSize = ((await log.head())?.checkpoint.size ?? 0) + 1;
    await log.append({ type: "log.key.retired", actor: ownActor(), key_id: retire, last_size: lastSize });
    await retireKey(place.folder, retire, lastSize);
  }
  const keys = (await readPublicKeys(place.folder)) ?? known;
  context.progress.clear();
  context.show(
    [
      {
        kind: "table",
        title: "KEY",
        columns: ["KEY", "from entry", "until entry"],
        rows: keys.map(({ key, firstSize, lastSize }) => ({
          ...(lastSize === null ? {} : { tone: "dim" as const }),
          cells: [formatVerifierKey(key), String(firstSize), lastSize === null ? "in use" : String(lastSize)],
        })),
        empty: "none",
      },
    ],
    () => ({
      keys: keys.map(({ key, firstSize, lastSize }) => ({
        vkey: formatVerifierKey(key),
        first_size: firstSize,
        last_size: lastSize,
      })),
    }),
  );
  return EXIT.done;
};
