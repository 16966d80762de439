import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { type AddResult, added, invoke } from "./cni.ts";
import type { Daemon } from "./daemon.ts";
import type { Folder } from "./folder.ts";
import { makeNamespace, type Namespace } from "./namespaces.ts";
import { type Finished, type Running, type RunOptions, run } from "./run.ts";
import { shimExecutable, startAgent } from "./subject-agent.ts";
import { kubeIpamExecutable } from "./subject-kube-ipam.ts";

/**
 * A machine with folders and a node's file of its own, whose containers are no pods. Its agent can be
 * started and stopped; verbs go to the complete plugin, so that they work without it too, unless `through`
 * says that only the agent may serve them.
 */
export class AgentNode implements AsyncDisposable {
  readonly #namespaces = new Map<string, Namespace>();
  #agent: Daemon | undefined;
  #bootId: string | undefined;

  constructor(
    readonly name: string,
    private readonly folder: Folder,
    /** Keys of the node's file beside its own folders: the store. */
    settings: Readonly<Record<string, unknown>>,
    private readonly network: Readonly<Record<string, unknown>>,
    readonly through: "plugin" | "agent" = "plugin",
  ) {
    mkdirSync(this.file(), { recursive: true });
    const own = {
      nodeName: name,
      dataDir: this.file("data"),
      runDir: this.file("run"),
      cniCacheDir: this.file("cni"),
      logFile: this.file("kube-ipam.log"),
    };
    writeFileSync(this.configPath, JSON.stringify({ ...own, ...settings }));
  }

  get configPath(): string {
    return this.file("node.json");
  }

  file(...names: string[]): string {
    return this.folder.file(this.name, ...names);
  }

  async namespaceOf(container: string): Promise<Namespace> {
    const known = this.#namespaces.get(container) ?? (await makeNamespace());
    this.#namespaces.set(container, known);
    return known;
  }

  /** One ADD, whatever comes of it. */
  async tryAdd(container: string, args = "", options: RunOptions = {}): Promise<Finished> {
    return this.#call("ADD", container, args, this.through, options);
  }

  /** One DEL, whatever comes of it; the namespace stays. */
  tryDel(container: string, options: RunOptions = {}): Promise<Finished> {
    return this.#call("DEL", container, "", this.through, options);
  }

  async add(container: string, args = ""): Promise<AddResult> {
    return added(await this.tryAdd(container, args));
  }

  /** As a runtime ends a sandbox: DEL, then the namespace. */
  async end(container: string): Promise<Finished> {
    const finished = await this.tryDel(container);
    if (finished.exitCode === 0) await this.forget(container);
    return finished;
  }

  /** The namespace goes without a DEL. */
  async forget(container: string): Promise<void> {
    await this.#namespaces.get(container)?.remove();
    this.#namespaces.delete(container);
  }

  /** An ADD that only the agent may serve. */
  async addThroughAgent(container: string): Promise<AddResult> {
    return added(await this.#call("ADD", container, "", "agent"));
  }

  async startAgent(options: readonly string[] = []): Promise<void> {
    this.#agent = await startAgent(this, kubeIpamExecutable(), this.#socket, this.#env, options);
  }

  /** All that its agents have printed. */
  agentLog(): string {
    return this.#agent?.output() ?? "";
  }

  /** A crash of the agent. */
  async killAgent(): Promise<void> {
    this.#agent?.signal("SIGKILL");
    await this.stopAgent();
  }

  /** A power cut: namespaces and runDir are gone, nobody was told. A running agent must be ended before. */
  async reboot(): Promise<void> {
    this.#bootId = crypto.randomUUID();
    for (const container of [...this.#namespaces.keys()]) await this.forget(container);
    rmSync(this.file("run"), { recursive: true, force: true });
  }

  async stopAgent(): Promise<void> {
    await this.#agent?.stop();
    this.#agent = undefined;
  }

  /** The command line, as an operator on this node types it. */
  command(args: readonly string[], started?: (process: Running) => void): Promise<Finished> {
    return run([kubeIpamExecutable(), ...args], {
      env: this.#env,
      limit: 120_000,
      ...(started && { started }),
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stopAgent();
    for (const container of [...this.#namespaces.keys()]) await this.forget(container);
  }

  get #socket(): string {
    return this.file("agent.sock");
  }

  get #env(): Record<string, string> {
    const boot = this.#bootId === undefined ? {} : { KUBE_IPAM_BOOT_ID: this.#bootId };
    return { KUBE_IPAM_CONFIG: this.configPath, ...boot };
  }

  async #call(
    verb: "ADD" | "DEL",
    container: string,
    args: string,
    through = this.through,
    options: RunOptions = {},
  ): Promise<Finished> {
    const { path: netns } = await this.namespaceOf(container);
    const call = { container, netns, ifname: "eth0", args, path: "/opt/cni/bin" };
    const shim = { KUBE_IPAM_AGENT_SOCKET: this.#socket, KUBE_IPAM_FALLBACK: "none" };
    const [executable, env] =
      through === "agent" ? [shimExecutable(), { ...this.#env, ...shim }] : [kubeIpamExecutable(), this.#env];
    return invoke(executable, verb, call, this.network, { ...options, env });
  }
}
