import { type Format, printThing } from "../../command-line/output.ts";
import { printErr } from "../../command-line/print.ts";
import { initStore } from "../../ipam/integrity/identity.ts";
import type { Session } from "../session/open.ts";

/** `store init`: gives a new store its identity. Running it again changes nothing. */
export async function initialise(
  { output }: { readonly output: Format },
  { ports, options }: Session,
): Promise<number> {
  const { meta, created } = await initStore(ports, options);
  if (!created) printErr("the store already has an identity: nothing is changed");
  const { kind, location, prefix } = ports.store.description;
  return printThing(
    { ...meta, created, kind, location, prefix },
    [
      ["Store", `${kind} ${location}${prefix}`],
      ["UUID", meta.uuid],
      ["State", meta.state],
    ],
    output,
  );
}
