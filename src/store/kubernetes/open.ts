import type { KubernetesStoreSettings } from "../../config/network-configuration.ts";
import type { Ref } from "../../ipam/records.ts";
import type { CallOptions, Outcome, Store, StoreDescription, Transaction } from "../../ipam/store-port.ts";
import { StoreFailure } from "../../ipam/store-port.ts";
import { loadCredentials } from "../../kubernetes/credentials/credentials.ts";
import { describeKubernetes } from "./describe.ts";
import { Expiring } from "./expiring.ts";
import { count, list, spaces } from "./list.ts";
import { listTogether } from "./list-together.ts";
import { objectOf } from "./objects/home.ts";
import { objectKey } from "./objects/names.ts";
import type { Objects } from "./objects/objects.ts";
import { read } from "./read.ts";
import { unanswered } from "./requests/failures.ts";
import { objectsOf } from "./requests/objects-of-api.ts";
import { Sweep } from "./sweep.ts";
import { commit } from "./transactions/commit.ts";
import { forestall } from "./transactions/forestall.ts";
import { openSession } from "./transactions/session.ts";
import { changes, watch } from "./watch.ts";

/** Opens the store in the objects of a cluster's own API. Asks for nothing yet. @throws StoreFailure for credentials that cannot be used. */
export function openKubernetesStore(settings: KubernetesStoreSettings): Store {
  const { kind: _, ...cluster } = settings;
  const description = describeKubernetes(settings);
  try {
    const credentials = loadCredentials(cluster);
    return storeOf(objectsOf(credentials), description, credentials.server);
  } catch (failure) {
    throw unanswered(description.location, "nothing", failure);
  }
}

/** The store over these objects. */
export function storeOf(objects: Objects, description: StoreDescription, server: string): Store {
  const session = openSession(objects);
  const expiring = new Expiring(session);
  const sweeping = new Sweep(session);
  return {
    description,
    read: async (query, options) => read(session, query, requireTime(options)),
    async commit(transaction: Transaction, options: CallOptions): Promise<Outcome> {
      const outcome = await commit(session, transaction, requireTime(options));
      if (outcome !== "lost") {
        expiring.note(transaction.puts);
        const { versions, ...won } = outcome;
        const revisionOf = (ref: Ref) => {
          const id = ref.kind === "attachment" ? session.homes.get(ref) : objectOf(ref);
          const version = id === undefined || id === "absent" ? undefined : versions.get(objectKey(id));
          return version === undefined ? undefined : Number(version);
        };
        return { won: true, ...won, revisionOf };
      }
      const { otherwise } = transaction;
      return { won: false, ...(otherwise && { snapshot: await read(session, otherwise, options) }) };
    },
    list: (scope, options) => list(session, scope, options),
    listTogether: (kinds, options) => listTogether(session, kinds, options),
    count: (scope, options) => count(session, scope, options),
    spaces: (options) => spaces(session, options),
    watch: (scope, since, options) => watch(session, scope, since, options),
    changes: (kinds, since, options) => changes(session, kinds, since, options),
    async requireWritable(options) {
      await read(session, { refs: [{ kind: "meta" }] }, options);
    },
    forestall: (refs, options) => forestall(session, refs, requireTime(options)),
    async sweep(options) {
      const { decisions, empty, expired, prepared } = await sweeping.run(requireTime(options));
      return decisions + empty + expired + prepared;
    },
    endpoint: () => server,
    close: async () => expiring.close(),
  };
}

function requireTime(options: CallOptions): CallOptions {
  if (performance.now() < options.deadline) return options;
  throw new StoreFailure("unavailable", "no time is left to ask Kubernetes", "try again");
}
