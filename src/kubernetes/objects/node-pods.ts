import * as v from "valibot";
import type { AskingPod } from "../../ipam/cluster-port.ts";
import { pause } from "../../ipam/pause.ts";
import type { Log } from "../../ipam/ports.ts";
import type { PodId } from "../../ipam/records.ts";
import { type Api, METADATA, METADATA_LIST } from "../api/api.ts";
import { PODS } from "../api/kinds.ts";
import { folderOf, withQuery } from "../api/path.ts";
import { SeenPods } from "./seen-pods.ts";

/** Seconds after which the server ends a watch; the next one begins then. */
const WATCH_SECONDS = 240;
/** Bookmarks come every minute; a connection without any for so long is dead. */
const SILENCE_MS = 90_000;
const LIST_MS = 10_000;
const [FIRST_PAUSE_MS, LONGEST_PAUSE_MS] = [500, 30_000];
/** As old as the API server likes. */
const ANY_VERSION = "0";
/** A pod that has finished needs no address any more, and metadata do not say that it has. */
const UNFINISHED = "status.phase!=Succeeded,status.phase!=Failed";

const listing = v.object({
  metadata: v.object({ resourceVersion: v.string() }),
  // A list of metadata alone has null in the place of no items.
  items: v.nullish(v.array(v.unknown()), []),
});
const change = v.object({ type: v.string(), object: v.unknown() });
const versioned = v.object({ metadata: v.object({ resourceVersion: v.string() }) });

/**
 * The pods of one node, kept up to date by a watch of their metadata, so that an ADD need not ask for its own. Answers
 * only while the watch works; otherwise the caller asks the API server.
 */
export class NodePods {
  readonly #api: Api;
  readonly #selector: { readonly fieldSelector: string };
  readonly #log: Log;
  readonly #stopping = new AbortController();
  readonly #pods: SeenPods;
  #version = "";
  /** No list may be older. */
  #leastVersion = ANY_VERSION;
  #alive = false;
  #pause = FIRST_PAUSE_MS;

  /** Starts the watch at once. @param appeared called with each pod that the watch begins to show. */
  constructor(api: Api, nodeName: string, log: Log, appeared?: (pod: PodId) => void) {
    this.#api = api;
    this.#selector = { fieldSelector: `spec.nodeName=${nodeName},${UNFINISHED}` };
    this.#log = log;
    this.#pods = new SeenPods(nodeName, appeared);
    void this.#run();
  }

  /** The pod of this name and UID; undefined where the watch does not know it, or it needs no address any more. */
  get(pod: PodId): AskingPod | undefined {
    return this.#alive ? this.#pods.get(pod) : undefined;
  }

  /** Which of all the pods that the watch has shown it is, counted from 1; undefined where it shows none of this UID now. */
  rankOf(pod: PodId): number | undefined {
    return this.#alive ? this.#pods.rankOf(pod) : undefined;
  }

  /** How many pods the watch has shown so far. */
  get count(): number {
    return this.#pods.count;
  }

  /** Ends the watch. */
  stop(): void {
    this.#stopping.abort();
  }

  async #run(): Promise<void> {
    const { signal } = this.#stopping;
    while (!signal.aborted) {
      try {
        if (this.#version === "") await this.#listAgain();
        await this.#watch();
      } catch (failure) {
        this.#version = "";
        if (signal.aborted) return;
        this.#log("debug", "kube-ipam cannot watch this node's pods", { reason: String(failure) });
        await pause(this.#pause, signal);
        this.#pause = Math.min(2 * this.#pause, LONGEST_PAUSE_MS);
      } finally {
        this.#alive = false;
      }
    }
  }

  /** A version that the API server does not know, as after its etcd was restored, is asked for once. */
  async #listAgain(): Promise<void> {
    const least = this.#leastVersion;
    this.#leastVersion = ANY_VERSION;
    await this.#list(least);
    this.#leastVersion = this.#version;
  }

  /**
   * With a version, the API server lists from its memory, where it finds the pods of a node at once. Without,
   * it reads all pods of the cluster from etcd, for each agent that begins.
   */
  async #list(resourceVersion: string): Promise<void> {
    const path = withQuery(folderOf(PODS), { ...this.#selector, resourceVersion });
    const answer = await this.#api.request(path, performance.now() + LIST_MS, { accept: METADATA_LIST });
    if (!answer.ok) throw this.#api.refusal(answer, { verb: "list", kind: PODS, name: {} });
    const { metadata, items } = this.#api.parse(listing, answer.body, path);
    this.#pods.replaceAll(items);
    // The watch goes on where the list ended.
    this.#version = metadata.resourceVersion;
  }

  /** Ends when the server ends it; throws where only a new list helps. */
  async #watch(): Promise<void> {
    const query = {
      watch: 1,
      allowWatchBookmarks: "true",
      timeoutSeconds: WATCH_SECONDS,
      resourceVersion: this.#version,
    };
    const silence = new AbortController();
    const timer = setTimeout(() => silence.abort(new Error("the API server sent nothing")), SILENCE_MS);
    const signal = AbortSignal.any([this.#stopping.signal, silence.signal]);
    const asked = { verb: "watch", kind: PODS, name: {} } as const;
    const opened = () => {
      this.#alive = true;
      this.#pause = FIRST_PAUSE_MS;
    };
    const path = withQuery(folderOf(PODS), { ...this.#selector, ...query });
    try {
      for await (const line of this.#api.lines(path, asked, { signal, opened, accept: METADATA })) {
        timer.refresh();
        this.#take(v.parse(change, line));
      }
    } finally {
      clearTimeout(timer);
    }
  }

  #take({ type, object }: v.InferOutput<typeof change>): void {
    if (type === "ERROR") throw new Error(`the watch ended: ${JSON.stringify(object)}`);
    this.#version = v.parse(versioned, object).metadata.resourceVersion;
    this.#leastVersion = this.#version;
    if (type === "BOOKMARK") return;
    if (type === "DELETED") this.#pods.remove(object);
    else this.#pods.keep(object);
  }
}
