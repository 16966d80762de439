import type { RuntimeNotes } from "../ipam/free/adopt.ts";
import type { Node } from "../ipam/node-port.ts";
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
    knows: (container) => results.some((each) => each.container === container),
    trusted: unreadable.length === 0 && results.some(({ netns }) => identify(netns) !== undefined),
  };
}
