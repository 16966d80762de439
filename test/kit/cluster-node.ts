import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { PodId } from "../../src/ipam/records.ts";
import { invoke } from "./cni.ts";
import type { Folder } from "./folder.ts";
import { makeNamespace, type Namespace } from "./namespaces.ts";
import { type Finished, run } from "./run.ts";

const EXECUTABLE = process.env.KUBE_IPAM_EXECUTABLE ?? join(import.meta.dir, "../../dist/kube-ipam");

/** One sandbox of a pod: a container ID and a network namespace of its own. */
export interface Sandbox {
  readonly pod: PodId;
  readonly container: string;
  readonly namespace: Namespace;
}

/** A shim, and what its environment says of its agent. */
export interface Shim {
  readonly executable: string;
  readonly env: Readonly<Record<string, string>>;
}

/** What a sandbox is attached to, beside eth0 of the node's own network. */
export interface Attachment {
  readonly ifname?: string;
  readonly network?: unknown;
  /** CNI_ARGS instead of the pod's: a container that is no pod. */
  readonly args?: string;
}

/**
 * A machine as far as one kernel allows: a name, folders and a boot ID of its own. It plays the
 * container runtime: makes sandboxes, calls the plugin's ADD and DEL as containerd does.
 */
export class ClusterNode implements AsyncDisposable {
  bootId: string = crypto.randomUUID();
  readonly #sandboxes = new Set<Sandbox>();

  constructor(
    readonly name: string,
    /** The network's configuration; keys that belong to the node are added to its `ipam`. */
    readonly network: Record<string, unknown>,
    private readonly folder: Folder,
    /** What the runtime starts instead of the complete plugin. */
    private readonly shim?: Shim,
  ) {
    mkdirSync(this.folder.file(name), { recursive: true });
  }

  /** The same machine, with another configuration of the network. */
  withNetwork(network: Record<string, unknown>): ClusterNode {
    const same = new ClusterNode(this.name, network, this.folder);
    same.bootId = this.bootId;
    return same;
  }

  /** A new sandbox for a pod that the API server knows. */
  async makeSandbox(pod: PodId): Promise<Sandbox> {
    const namespace = await makeNamespace();
    const sandbox = { pod, container: crypto.randomUUID().replaceAll("-", ""), namespace };
    this.#sandboxes.add(sandbox);
    return sandbox;
  }

  sandboxes(): Iterable<Sandbox> {
    return this.#sandboxes;
  }

  add(sandbox: Sandbox, attachment: Attachment = {}): Promise<Finished> {
    return this.#call("ADD", sandbox, attachment);
  }

  del(sandbox: Sandbox, attachment: Attachment = {}): Promise<Finished> {
    return this.#call("DEL", sandbox, attachment);
  }

  /** An operator's command line on this node, which finds store and node by the network's configuration. */
  operate(...args: string[]): Promise<Finished> {
    const config = this.#file("operator.json");
    writeFileSync(config, JSON.stringify(this.#withNode(this.network)));
    return run([EXECUTABLE, ...args, "--config", config], {
      env: { KUBE_IPAM_CONFIG: this.#file("node.json") },
      prefix: this.#asBooted(),
    });
  }

  /** As a runtime ends a sandbox: DEL, then the namespace. */
  async end(sandbox: Sandbox): Promise<void> {
    const finished = await this.del(sandbox);
    if (finished.exitCode !== 0) throw new Error(`DEL failed: ${finished.stdout}`);
    await this.remove(sandbox);
  }

  /** The namespace goes without a DEL. */
  async remove(sandbox: Sandbox): Promise<void> {
    this.#sandboxes.delete(sandbox);
    await sandbox.namespace.remove();
  }

  /** A power cut: every namespace is gone and nobody was told; what is under /run is gone too. */
  async powerCut(): Promise<void> {
    this.bootId = crypto.randomUUID();
    for (const sandbox of this.#sandboxes) await this.remove(sandbox);
    await Bun.$`rm -rf ${this.#file("run")}`.quiet();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const sandbox of this.#sandboxes) await this.remove(sandbox);
  }

  #call(
    verb: "ADD" | "DEL",
    { container, namespace, pod }: Sandbox,
    attachment: Attachment,
  ): Promise<Finished> {
    const { ifname = "eth0", network = this.network } = attachment;
    const ofPod =
      `IgnoreUnknown=1;K8S_POD_NAMESPACE=${pod.namespace};K8S_POD_NAME=${pod.name};` +
      `K8S_POD_INFRA_CONTAINER_ID=${container};K8S_POD_UID=${pod.uid}`;
    const args = attachment.args ?? ofPod;
    const call = { container, netns: namespace.path, ifname, args, path: "/opt/cni/bin" };
    return invoke(this.shim?.executable ?? EXECUTABLE, verb, call, this.#withNode(network), {
      env: { KUBE_IPAM_CONFIG: this.#file("node.json"), ...this.shim?.env },
      prefix: this.#asBooted(),
    });
  }

  #withNode(network: unknown): unknown {
    if (typeof network !== "object" || network === null || !("ipam" in network)) return network;
    const own = {
      nodeName: this.name,
      dataDir: this.#file("data"),
      runDir: this.#file("run"),
      logFile: this.#file("kube-ipam.log"),
    };
    return { ...network, ipam: { ...(network.ipam as object), ...own } };
  }

  /** Shows the process this node's boot ID in the kernel's place for it. */
  #asBooted(): string[] {
    const path = this.#file(`boot-${this.bootId}`);
    writeFileSync(path, `${this.bootId}\n`);
    const script = `mount --bind "${path}" /proc/sys/kernel/random/boot_id && exec "$0" "$@"`;
    return ["unshare", "--mount", "--propagation", "slave", "sh", "-ec", script];
  }

  #file(name: string): string {
    return this.folder.file(this.name, name);
  }
}
