import type { RecordKind, RecordTypes, Ref } from "../../ipam/records.ts";
import type { AnyEntry, ListTogetherOptions } from "../../ipam/store-port.ts";
import { readable } from "../readable.ts";
import { from, refsIn } from "./list.ts";
import type { Resource } from "./objects/names.ts";
import { recordIn } from "./read.ts";
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
      const refs: readonly Ref[] = kinds.flatMap((kind) => refsIn(seen, { kind }));
      for (const ref of refs) {
        if (ref.kind === "attachment" && options.alone === true) session.homes.set(ref, object.id);
        let revision = 0;
        const decode = () => {
          const found = recordIn(ref, seen);
          revision = found?.revision ?? 0;
          return found?.record as RecordTypes[K];
        };
        const record = readable<K>(ref, decode, options.damaged);
        if (record !== undefined) yield { ref, record, revision } as AnyEntry<K>;
      }
    }
  if (options.alone === true && (kinds as readonly RecordKind[]).includes("attachment"))
    session.homes.allListed();
}
