/** What kube-ipam makes in `dataDir` and `runDir`; one of them marks a folder as its own. */
export const OWN_NAMES: readonly string[] = [
  ...["kube-ipam.db", "kept", "stores", "machine", "cluster"],
  ...["journal", "locks", "witnesses", "cursors", "due", "foresight", "spare"],
  // The agent and the shim come before the first verb.
  ...["agent.sock", "fallback-queue.lock", "fallback-queue-del.lock"],
];
