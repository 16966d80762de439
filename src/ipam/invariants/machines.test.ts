import { expect, test } from "bun:test";
import fc from "fast-check";
import { IpamError } from "../errors.ts";
import { collect } from "../free/collect.ts";
import { deadHere } from "../free/garbage.ts";
import { reclaim } from "../free/reclaim.ts";
import type { AttachmentRecord } from "../records.ts";
import type { FakeNode } from "../testing/fake-node.ts";
import { add, allocations, createWorld, del, named, smallNetwork, texts } from "../testing/world.ts";

/**
 * Random lives of containers on machines that share one store and, most of them, one node name: two on one
 * kernel, one on another. They reboot, lose their disks, boot from a copy of another's disk, and are renamed;
 * older programs made some of the records. The model knows which containers live. After every step: the store
 * holds what each living one has, for it alone, and an ADD again gives it the same. At the end: what dead containers of a machine that kept its
 * identity held is free once that machine has reclaimed.
 */

const LAST = 12;
const CONTAINERS = 7;
/** Name and kernel of each machine. */
const MACHINES = [
  ["n1", "kernel-a"],
  ["n1", "kernel-a"],
  ["n1", "kernel-b"],
  ["n2", "kernel-c"],
] as const;

const machine = fc.nat({ max: MACHINES.length - 1 });
const container = fc.nat({ max: CONTAINERS - 1 });
const step = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant("add" as const), machine, container, older: fc.boolean() }),
  },
  {
    weight: 4,
    arbitrary: fc.record({
      do: fc.constant("take" as const),
      machine,
      container,
      wish: fc.integer({ min: 2, max: LAST }),
    }),
  },
  {
    weight: 4,
    arbitrary: fc.record({ do: fc.constantFrom("del" as const, "crash" as const), machine, container }),
  },
  {
    weight: 6,
    arbitrary: fc.record({
      do: fc.constantFrom("reclaim" as const, "gc" as const, "sweep" as const),
      machine,
    }),
  },
  {
    weight: 3,
    arbitrary: fc.record({
      do: fc.constantFrom(
        "reboot" as const,
        "lose disk" as const,
        "lose disk and reboot" as const,
        "rename" as const,
      ),
      machine,
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant("copy" as const), machine, from: machine }) },
);
type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

class Model {
  readonly world = createWorld();
  readonly machines = MACHINES.map(([name, kernel]) => this.world.node(name, kernel));
  /** What lives: "machine container" -> its address. */
  readonly living = new Map<string, string>();
  /** Machines that lost their identity: what they held before is an operator's to free. */
  readonly strangers = new Set<number>();

  machine(index: number): FakeNode {
    const found = this.machines[index];
    if (found === undefined) throw new Error(`no machine ${index}`);
    return found;
  }

  ports(index: number) {
    return this.world.ports(this.machine(index));
  }

  async play(next: Step): Promise<void> {
    try {
      await this.#act(next);
    } catch (failure) {
      if (!(failure instanceof IpamError)) throw failure;
      expect([7, 11, 100, 101]).toContain(failure.code);
    }
    await this.requireHeld();
  }

  async #act(next: Step): Promise<void> {
    const soon = performance.now() + 5000;
    const { machine: at } = next;
    switch (next.do) {
      case "add":
        await this.#add(at, next.container);
        if (next.older) await this.#age(at, next.container);
        return;
      case "take":
        return this.#add(at, next.container, next.wish);
      case "del":
      case "crash":
        return this.#end(at, next.container, next.do === "del");
      case "reclaim":
        return void (await reclaim(this.ports(at), { records: 4, look: 2, deadline: soon }));
      case "sweep":
        return this.#sweep(at);
      case "gc":
        // The runtime's list is empty: only EVIDENCE protects the living.
        return collect(
          { network: "net1", space: "default", valid: [], coolingSeconds: 0, deadline: soon },
          this.ports(at),
        );
      case "reboot":
        return this.#off(at, () => this.machine(at).reboot());
      case "lose disk":
        return this.machine(at).loseDisk();
      case "lose disk and reboot":
        this.strangers.add(at);
        return this.#off(at, () => this.machine(at).loseDisk({ rebooting: true }));
      case "copy":
        if (next.from === at) return;
        this.strangers.add(at);
        return this.#off(at, () => this.machine(at).bootFromCopyOf(this.machine(next.from)));
      case "rename":
        return this.machine(at).rename(this.machine(at).name === "n1" ? "n3" : "n1");
    }
  }

  async #add(at: number, index: number, wish?: number): Promise<void> {
    const key = `${at} ${index}`;
    const name = nameOf(at, index);
    const had = this.living.get(key);
    if (had !== undefined) {
      const again = await add(this.ports(at), name, { network: smallNetwork(LAST) });
      expect(texts(again)).toEqual([`${had}/24`]);
      return;
    }
    const wanted = wish === undefined ? {} : { wish: named(`10.1.2.${wish}`) };
    const ports = this.ports(at);
    try {
      const [address = ""] = texts(await add(ports, name, { network: smallNetwork(LAST), ...wanted }));
      this.living.set(key, address.replace("/24", ""));
    } finally {
      if (!this.living.has(key)) this.machine(at).removeNamespace(`/run/netns/${name}`);
    }
  }

  /** An older program made the record, which names no machine. */
  async #age(at: number, index: number): Promise<void> {
    const held = this.living.get(`${at} ${index}`);
    if (held === undefined) return;
    const options = { deadline: performance.now() + 5000 };
    for await (const entry of this.world.store.list({ kind: "attachment" }, options)) {
      if (entry.record.holder.attachment.container !== nameOf(at, index)) continue;
      const { machine: _, ...holder } = entry.record.holder;
      const record: AttachmentRecord = { ...entry.record, holder };
      const puts = [{ ref: entry.ref, record }];
      await this.world.store.commit({ guards: [], puts, deletes: [] }, options);
    }
    for await (const entry of this.world.store.list({ kind: "allocation" }, options)) {
      const holders = entry.record.holders.map(({ machine, ...holder }) =>
        holder.attachment.container === nameOf(at, index)
          ? holder
          : { ...holder, ...(machine && { machine }) },
      );
      await this.world.store.commit(
        { guards: [], puts: [{ ref: entry.ref, record: { ...entry.record, holders } }], deletes: [] },
        options,
      );
    }
  }

  async #end(at: number, index: number, orderly: boolean): Promise<void> {
    if (!this.living.delete(`${at} ${index}`)) return;
    if (orderly) await del(this.ports(at), nameOf(at, index));
    else this.machine(at).removeNamespace(`/run/netns/${nameOf(at, index)}`);
  }

  async #sweep(at: number): Promise<void> {
    const options = { deadline: performance.now() + 5000 };
    for await (const garbage of deadHere(this.ports(at), options)) await garbage.free();
  }

  /** Machines on one kernel boot together. */
  #off(at: number, work: () => void): void {
    work();
    for (const [other, [, kernel]] of MACHINES.entries()) {
      if (kernel !== MACHINES[at]?.[1]) continue;
      if (other !== at) this.machine(other).reboot();
      for (const key of this.living.keys()) if (key.startsWith(`${other} `)) this.living.delete(key);
    }
  }

  async requireHeld(): Promise<void> {
    const held = await allocations(this.ports(0));
    for (const [key, address] of this.living) {
      const [at = "", index = ""] = key.split(" ");
      expect([address, held.get(address)]).toEqual([address, [nameOf(Number(at), Number(index))]]);
    }
    expect(new Set(this.living.values()).size).toBe(this.living.size);
  }

  /** Everything ends; each machine reclaims. Only strangers' records may be left. */
  async settle(): Promise<void> {
    for (const at of [0, 2]) this.#off(at, () => this.machine(at).reboot());
    for (const key of [...this.living.keys()]) {
      const [at, index] = key.split(" ").map(Number);
      await this.#end(at ?? 0, index ?? 0, false);
    }
    for (const at of MACHINES.keys())
      await reclaim(this.ports(at), { records: 100, sweep: true, deadline: performance.now() + 5000 });
    for (const holders of (await allocations(this.ports(0))).values())
      for (const name of holders)
        expect([name, this.strangers.has(Number(name.split("-")[1]))]).toEqual([name, true]);
  }
}

/** Which machine runs it shows in its name. */
function nameOf(at: number, index: number): string {
  return `c${index}-${at}`;
}

test("K40 machines of one node name never free or take what another's living containers hold", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 40, size: "max" }), async (steps) => {
      const model = new Model();
      for (const next of steps) await model.play(next);
      await model.settle();
    }),
    { numRuns: 300 },
  );
}, 120_000);
