import type { Cluster } from "../ipam/cluster-port.ts";
import type { Node } from "../ipam/node-port.ts";
import type { Store } from "../ipam/store-port.ts";
import type { Place } from "../node/place.ts";
import type { Openers } from "./open-ports.ts";

/** A call that takes longer than this has something to wait for. */
const WORTH_LEAVING_MS = 250;

/**
 * Openers whose ports leave the place of this process while it only waits: for an answer that does not come at once,
 * and for a change that it watches for. Before the process goes on it has a place again.
 */
export function leavePlace(openers: Openers, place: Place): Openers {
  const { openNode, openCluster, openStore, openForesight } = openers;
  const wait = waitingOf(place);
  return {
    openNode: (settings) => nodeOf(openNode(settings), wait),
    openCluster: (kubeConfig) => clusterOf(openCluster(kubeConfig), wait),
    openStore: async (settings) => storeOf(await openStore(settings), wait, place),
    ...(openForesight && { openForesight }),
  };
}

/** Waits for what a call gives, until `deadline` (milliseconds of performance.now()) for a place to go on in. */
type Wait = <T>(deadline: number, call: () => Promise<T>) => Promise<T>;

function waitingOf(place: Place): Wait {
  return async (deadline, call) => {
    await place.takeAgain(deadline);
    // Again and again: another call that has ended meanwhile may have taken a place.
    const timer = setInterval(() => place.leave(), WORTH_LEAVING_MS);
    try {
      return await call();
    } finally {
      clearInterval(timer);
      await place.takeAgain(deadline);
    }
  };
}

async function* eachOf<T>(items: AsyncIterable<T>, deadline: number, wait: Wait): AsyncGenerator<T> {
  const iterator = items[Symbol.asyncIterator]();
  try {
    for (;;) {
      const next = await wait(deadline, () => iterator.next());
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    await iterator.return?.();
  }
}

function nodeOf(node: Node, wait: Wait): Node {
  return {
    ...node,
    lock: (id, options) => wait(options.deadline, () => node.lock(id, options)),
    attend: async (id, deadline) => {
      const attendance = await wait(deadline, () => node.attend(id, deadline));
      return { ...attendance, lock: (until) => wait(until, () => attendance.lock(until)) };
    },
  };
}

function storeOf(store: Store, wait: Wait, place: Place): Store {
  const endpoint = store.endpoint?.bind(store);
  return {
    description: store.description,
    read: (query, options) => wait(options.deadline, () => store.read(query, options)),
    commit: (transaction, options) => wait(options.deadline, () => store.commit(transaction, options)),
    list: (scope, options) => eachOf(store.list(scope, options), options.deadline, wait),
    count: (scope, options) => wait(options.deadline, () => store.count(scope, options)),
    spaces: (options) => wait(options.deadline, () => store.spaces(options)),
    watch: (scope, since, options) => {
      // Whoever watches waits; the read that follows a change takes a place again.
      place.leave();
      return store.watch(scope, since, options);
    },
    changes: (kinds, since, options) => store.changes(kinds, since, options),
    requireWritable: (options) => wait(options.deadline, () => store.requireWritable(options)),
    ...(endpoint && { endpoint }),
    close: () => store.close(),
  };
}

function clusterOf(cluster: Cluster, wait: Wait): Cluster {
  const { askingPod, seenPod, template, podsIn, event } = cluster;
  return {
    clusterNames: (deadline) => wait(deadline, () => cluster.clusterNames(deadline)),
    pod: (pod, deadline) => wait(deadline, () => cluster.pod(pod, deadline)),
    node: (name, deadline) => wait(deadline, () => cluster.node(name, deadline)),
    ownerOf: (pod, deadline) => wait(deadline, () => cluster.ownerOf(pod, deadline)),
    ownerState: (owner, deadline) => wait(deadline, () => cluster.ownerState(owner, deadline)),
    definedNetwork: (namespace, name, deadline) =>
      wait(deadline, () => cluster.definedNetwork(namespace, name, deadline)),
    ...(askingPod && {
      askingPod: (pod, deadline) => wait(deadline, () => askingPod.call(cluster, pod, deadline)),
    }),
    ...(seenPod && { seenPod: seenPod.bind(cluster) }),
    ...(template && {
      template: (owner, deadline) => wait(deadline, () => template.call(cluster, owner, deadline)),
    }),
    ...(podsIn && {
      podsIn: (namespace, deadline) => eachOf(podsIn.call(cluster, namespace, deadline), deadline, wait),
    }),
    ...(event && { event: event.bind(cluster) }),
  };
}
