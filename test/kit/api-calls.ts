import { type AuditLine, rightOf } from "./rights.ts";

/** One kind of call that a caller made, and how often. */
export interface Calls {
  /** "agent", "kubelet", …: see `callerOf`. */
  readonly caller: string;
  /** "get statefulsets.apps", "watch pods." */
  readonly call: string;
  readonly count: number;
}

const OWN: Readonly<Record<string, string>> = {
  "kube-ipam": "plugin",
  "kube-ipam-agent": "agent",
  "kube-ipam-controller": "controller",
};

/** The caller behind a user's name: our own components by their service accounts, Kubernetes' by theirs. */
export function callerOf(username: string): string {
  const account = /^system:serviceaccount:[^:]+:(.+)$/.exec(username)?.[1];
  if (account !== undefined) return OWN[account] ?? `${account} (controller-manager)`;
  if (username.startsWith("system:node:")) return "kubelet";
  return username.replace(/^system:kube-/, "");
}

/** The calls of these lines by caller and kind, in that order; each request counts once. */
export function countCalls(lines: readonly AuditLine[]): Calls[] {
  const counts = new Map<string, Calls>();
  for (const { objectRef, user, verb } of lines) {
    const [caller, call] = [callerOf(user.username), rightOf(verb, objectRef)];
    const key = `${caller} ${call}`;
    counts.set(key, { caller, call, count: (counts.get(key)?.count ?? 0) + 1 });
  }
  const order = ({ caller, call }: Calls) => `${caller} ${call}`;
  return [...counts.values()].sort((a, b) => order(a).localeCompare(order(b), "en"));
}
