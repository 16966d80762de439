import type { RecordKind, Ref } from "../../ipam/records.ts";
import type { AnyEntry, ListTogetherOptions } from "../../ipam/store-port.ts";
import { entriesIn, from, refsIn } from "./list.ts";
import type { Resource } from "./objects/names.ts";
import type { Session } from "./transactions/session.ts";
import { settled } from "./transactions/view.ts";

const RESOURCES: readonly Resource[] = ["addressrecords", "storerecords"];

/** Lists all records of several kinds, and reads each object once. @throws StoreFailure */
export async function* listTogether<K extends RecordKind>(
  session: Session,
  kinds: readonly K[],
  options: ListTogetherOptions,
): AsyncIterable<AnyEntry<K>> {
  for (const resource of RESOURCES)
    for await (const object of from(session, { resource, name: "" }, "", options)) {
      const seen = await settled(session, object.id, object, options);
      for (const kind of kinds) {
        const refs = refsIn(seen, { kind });
        if (options.alone === true)
          for (const ref of refs as readonly Ref[])
            if (ref.kind === "attachment") session.homes.set(ref, object.id);
        yield* entriesIn(seen, refs, options.damaged) as Iterable<AnyEntry<K>>;
      }
    }
  if (options.alone === true && (kinds as readonly RecordKind[]).includes("attachment"))
    session.homes.allListed();
}
