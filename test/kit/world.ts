import { type AddResult, added, type Call, invoke, refused, silent, type Verb } from "./cni.ts";
import { makeNamespace, type Namespace } from "./namespaces.ts";
import type { Finished, RunOptions } from "./run.ts";
import type { Place, StoredAllocation, Subject } from "./subject.ts";

/** A network configuration as the runtime passes it. */
export type Configuration = Readonly<Record<string, unknown>>;

/** What a refusal must be. The code is compared where error codes are ours, or with `everywhere`. */
export interface Refusal {
  readonly code: number;
  /** Compared with msg and details together, in kube-ipam's own words only. */
  readonly text?: RegExp;
  readonly everywhere?: boolean;
}

/** One test's world: a deployment with an empty store and at least one live network namespace. */
export class World implements AsyncDisposable {
  private readonly namespaces: Namespace[];

  private constructor(
    readonly subject: Subject,
    readonly place: Place,
    /** The namespace that calls name unless they name another. */
    readonly namespace: Namespace,
  ) {
    this.namespaces = [namespace];
  }

  static async open(subject: Subject): Promise<World> {
    const place = await subject.open();
    return new World(subject, place, await makeNamespace());
  }

  /** One more namespace, gone with this world at the latest. */
  async makeNamespace(): Promise<Namespace> {
    const namespace = await makeNamespace();
    this.namespaces.push(namespace);
    return namespace;
  }

  /** The base configuration of docs/behaviour.md with this `ipam` object; `top` overrides other keys. */
  network(ipam: Configuration, top: Configuration = {}): Configuration {
    return {
      cniVersion: "1.0.0",
      name: "net1",
      type: "macvlan",
      ipam: { type: this.subject.type, ...this.place.ipam, ...ipam },
      ...top,
    };
  }

  async run(
    verb: Verb | string,
    configuration: unknown,
    call: Call = {},
    options: RunOptions = {},
  ): Promise<Finished> {
    await this.place.beforeCall?.(configuration, call);
    return invoke(this.place.executable, verb, { ...this.defaults(), ...call }, configuration, {
      ...options,
      env: { ...this.place.env, ...options.env },
    });
  }

  /** ADD that must succeed. */
  async add(configuration: unknown, call: Call = {}, options: RunOptions = {}): Promise<AddResult> {
    return added(await this.run("ADD", configuration, call, options));
  }

  /** The first address that an ADD gives, without its prefix length. */
  async address(configuration: unknown, call: Call = {}): Promise<string> {
    return (await this.add(configuration, call)).ips[0]?.address.split("/")[0] ?? "";
  }

  /** A verb other than ADD that must succeed silently. */
  async quietly(
    verb: Verb,
    configuration: unknown,
    call: Call = {},
    options: RunOptions = {},
  ): Promise<void> {
    silent(await this.run(verb, configuration, call, options));
  }

  /** DEL that must succeed. */
  del(configuration: unknown, call: Call = {}): Promise<void> {
    return this.quietly("DEL", configuration, call);
  }

  /** A verb that must be refused; returns message and details for further looks. */
  async refused(verb: Verb | string, configuration: unknown, call: Call, refusal: Refusal): Promise<string> {
    return this.refusal(await this.run(verb, configuration, call), refusal);
  }

  /** Judges a finished refusal. */
  refusal(finished: Finished, expected: Refusal): string {
    const error = refused(finished);
    const text = `${error.msg} ${error.details ?? ""}`;
    if ((this.subject.ours || expected.everywhere === true) && error.code !== expected.code) {
      throw new Error(`expected code ${expected.code}, got ${error.code}: ${text}`);
    }
    if (this.subject.ours && expected.text !== undefined && !expected.text.test(text)) {
      throw new Error(`expected a text like ${expected.text}, got: ${text}`);
    }
    return text;
  }

  /** Everything held, sorted by address text. */
  async held(): Promise<StoredAllocation[]> {
    const all = await this.place.allocations();
    return [...all].sort((a, b) => (a.address < b.address ? -1 : 1));
  }

  async heldAddresses(): Promise<string[]> {
    return (await this.held()).map((allocation) => allocation.address);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    for (const namespace of this.namespaces) await namespace.remove();
    await this.place[Symbol.asyncDispose]();
  }

  defaults(): Call {
    return { container: "c1", netns: this.namespace.path, ifname: "eth0", path: "/opt/cni/bin" };
  }
}
