/** Nobody else has files of these names: one marks a folder as kube-ipam's own. The shim comes before the first verb. */
const SURE: readonly string[] = ["kube-ipam.db", "fallback-queue.lock", "fallback-queue-del.lock"];

/** Others have one of these, too: /run/systemd has a journal. */
const LIKELY: readonly string[] = [
  ...["kept", "stores", "machine", "cluster"],
  ...["journal", "locks", "witnesses", "cursors", "due", "foresight", "spare"],
  // The agent comes before the first verb.
  "agent.sock",
];

/** What kube-ipam makes in `dataDir` and `runDir`. */
export const OWN_NAMES: readonly string[] = [...SURE, ...LIKELY];

/** Whether it has made what is in a folder with these of the names. */
export function areOurs(has: (name: string) => boolean): boolean {
  return SURE.some(has) || LIKELY.filter(has).length > 1;
}

/** Also "agent.sock.lock". */
export function isOwnName(name: string): boolean {
  return OWN_NAMES.some((ours) => name === ours || name.startsWith(`${ours}.`));
}
