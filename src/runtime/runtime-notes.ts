import type { RuntimeNotes } from "../ipam/free/adopt.ts";
import type { Node } from "../ipam/node-port.ts";
import type { PodId } from "../ipam/records.ts";
import { samePod } from "../ipam/same.ts";
import { readCachedResults } from "../node/libcni-cache.ts";

/** What the runtime's CNI cache says about this node's containers now. */
export function runtimeNotes(cniCacheDir: string | undefined, node: Node): RuntimeNotes {
  const { results, unreadable } = readCachedResults(cniCacheDir);
  const identify = (netns: string) => {
    const namespace = netns === "" ? undefined : node.identifyNamespace(netns);
    return namespace?.device === undefined ? undefined : namespace;
  };
  return {
    namespaceOf: (container, ifname) => {
      const own = results.filter((each) => each.container === container);
      const noted = own.find((each) => each.ifname === ifname) ?? own.find(({ netns }) => netns !== "");
      return noted && identify(noted.netns);
    },
    containerOf: (pod) => results.find(({ args }) => isOf(new Map(args), pod))?.container,
    knows: (container) => results.some((each) => each.container === container),
    trusted: unreadable.length === 0 && results.some(({ netns }) => identify(netns) !== undefined),
  };
}

function isOf(args: ReadonlyMap<string, string>, pod: PodId): boolean {
  const [name, namespace, uid] = ["K8S_POD_NAME", "K8S_POD_NAMESPACE", "K8S_POD_UID"].map((key) =>
    args.get(key),
  );
  return (
    name !== undefined && namespace !== undefined && samePod(pod, { namespace, name, ...(uid && { uid }) })
  );
}
