import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "./folder.ts";
import type { Place, StoredAllocation, Subject } from "./subject.ts";

/** Where Debian's containernetworking-plugins puts its executables. */
export const DEBIAN_PLUGINS = "/usr/lib/cni";

/** Debian's host-local: the plugin whose behaviour ours shares wherever both are right. */
export function hostLocal(): Subject {
  return { name: "host-local", type: "host-local", ours: false, open };
}

async function open(): Promise<Place> {
  const folder = temporaryFolder("host-local");
  const dataDir = folder.file("data");
  return {
    executable: join(DEBIAN_PLUGINS, "host-local"),
    folder,
    ipam: { dataDir },
    env: {},
    allocations: async () => list(dataDir),
    [Symbol.asyncDispose]: async () => folder[Symbol.dispose](),
  };
}

function list(dataDir: string): StoredAllocation[] {
  if (!existsSync(dataDir)) return [];
  const networks = readdirSync(dataDir).filter((name) => statSync(join(dataDir, name)).isDirectory());
  return networks.flatMap((network) =>
    readdirSync(join(dataDir, network))
      .filter((file) => /^[0-9a-f.:]+$/.test(file))
      .map((address) => {
        const [container = "", ifname = ""] = readFileSync(join(dataDir, network, address), "utf8").split(
          "\r\n",
        );
        return { network, address, container, ifname };
      }),
  );
}
