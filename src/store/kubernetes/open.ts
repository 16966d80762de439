import type { CallOptions, Outcome, Store, Transaction } from "../../ipam/store-port.ts";
import { StoreFailure } from "../../ipam/store-port.ts";
import type { Credentials } from "../../kubernetes/credentials/credentials.ts";
import { describeKubernetes } from "./describe.ts";
import { Expiring } from "./expiring.ts";
import { count, list, spaces } from "./list.ts";
import type { Objects } from "./objects/objects.ts";
import { read } from "./read.ts";
import { objectsOf } from "./requests/objects-of-api.ts";
import { commit } from "./transactions/commit.ts";
import { openSession } from "./transactions/session.ts";
import { changes, watch } from "./watch.ts";

/** Opens the store in the objects of a cluster's own API. Asks for nothing yet. */
export function openKubernetesStore(credentials: Credentials): Store {
  return storeOf(objectsOf(credentials), credentials.server);
}

/** The store over these objects. */
export function storeOf(objects: Objects, server: string): Store {
  const session = openSession(objects);
  const expiring = new Expiring(session);
  return {
    description: describeKubernetes(server),
    read: async (query, options) => read(session, query, requireTime(options)),
    async commit(transaction: Transaction, options: CallOptions): Promise<Outcome> {
      const outcome = await commit(session, transaction, requireTime(options));
      if (outcome !== "lost") {
        expiring.note(transaction.puts);
        return { won: true, revision: outcome.revision };
      }
      const { otherwise } = transaction;
      return { won: false, ...(otherwise && { snapshot: await read(session, otherwise, options) }) };
    },
    list: (scope, options) => list(session, scope, options),
    count: (scope, options) => count(session, scope, options),
    spaces: (options) => spaces(session, options),
    watch: (scope, since, options) => watch(session, scope, since, options),
    changes: (kinds, since, options) => changes(session, kinds, since, options),
    async requireWritable(options) {
      await read(session, { refs: [{ kind: "meta" }] }, options);
    },
    endpoint: () => server,
    close: async () => expiring.close(),
  };
}

function requireTime(options: CallOptions): CallOptions {
  if (performance.now() < options.deadline) return options;
  throw new StoreFailure("unavailable", "no time is left to ask Kubernetes", "try again");
}
