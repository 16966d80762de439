import type { OpenPorts, Request } from "../cni/call.ts";
import type { Log } from "../ipam/ports.ts";
import { openPorts } from "../runtime/open-ports.ts";
import { WarmClusters } from "./warm-clusters.ts";
import { WarmStores } from "./warm-stores.ts";

/** What a verb works with, for as long as it works; `close` gives it back. */
export type LendPorts = (request: Request, log: Log) => Promise<OpenPorts>;

/** Everything the agent keeps open between verbs. */
export class Lender {
  readonly #stores = new WarmStores();
  readonly #clusters = new WarmClusters();

  readonly lend: LendPorts = (request, log) =>
    openPorts(request, log, {
      openCluster: (kubeConfig) => this.#clusters.lend(kubeConfig),
      openStore: (settings) => this.#stores.lend(settings),
    });

  closeIdle(): Promise<void> {
    return this.#stores.closeIdle();
  }

  closeAll(): Promise<void> {
    return this.#stores.closeIdle(true);
  }
}
