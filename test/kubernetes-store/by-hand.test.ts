import { describe, expect, test } from "bun:test";
import { parseAddress } from "../../src/address/address.ts";
import { addressObject } from "../../src/store/kubernetes/objects/names.ts";
import { clusterStoreOfFile } from "../kit/cluster-store.ts";
import { added, addressesOf, refused } from "../kit/cni.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { Pair, type Way } from "../kit/pair.ts";
import { pairOnKubernetes } from "../kit/pair-store.ts";

/** A person changes the objects of the store, past all policies, while their pods live. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`records changed by hand: ${missing}`, () => {});

const LIMIT = 120_000;
const ALL = 13;

describe.skipIf(missing !== undefined)("a record changed by hand", () => {
  const store = clusterStoreOfFile();
  const kubectl = (...command: string[]) => store().kubernetes.kubectl(...command);
  const open = (ways?: [Way, Way]) => Pair.open(pairOnKubernetes(store().kubernetes), ways);
  const nameOf = (address: string) => addressObject("default", parseAddress(address)).name;

  const patch = (address: string, change: object) =>
    kubectl("patch", "kaddr", nameOf(address), "--type=merge", "-p", JSON.stringify(change));

  const isThere = async (address: string) =>
    (await kubectl("get", "kaddr", "-o", "name")).includes(nameOf(address));

  /** Both nodes take all that they can get. */
  async function takeAll(pair: Pair): Promise<string[]> {
    const taken: string[] = [];
    for (let n = 0; n <= ALL; n += 1) {
      const finished = await (n % 2 === 0 ? pair.one : pair.two).tryAdd(`all${n}`);
      if (finished.exitCode !== 0) break;
      pair.gave(`all${n}`, finished);
      taken.push(JSON.parse(finished.stdout).ips[0].address.split("/")[0]);
    }
    return taken;
  }

  test.each<[Way]>([["plugin"], ["agent"]])(
    "K291: deleted while its pod lives: its node stops all with the next ADD, and recover brings it back (%s)",
    async (way) => {
      await using pair = await open([way, "plugin"]);
      await pair.add(pair.one, "a");
      const address = await pair.add(pair.one, "b");
      await pair.add(pair.two, "x");
      // A holding proves nothing before it is half a second old, and ADDs look at the same one for a quarter more.
      await Bun.sleep(1_000);
      await kubectl("delete", "kaddr", nameOf(address));
      expect(await pair.refused(pair.one)).toMatch(new RegExp(`^106 .*has lost what it held.*${address}`));
      await pair.expectStopped();
      await pair.expectRecovered();
    },
    LIMIT,
  );

  test(
    "K291: an older one is written again by an agent that starts, and nobody else gets it",
    async () => {
      await using pair = await open(["agent", "plugin"]);
      const address = await pair.add(pair.one, "a");
      for (const container of ["b", "c"]) await pair.add(pair.one, container);
      await kubectl("delete", "kaddr", nameOf(address));
      await pair.one.killAgent();
      await pair.startAgent(pair.one);
      await pair.sound();
      await pair.expectSound();
    },
    LIMIT,
  );

  test.each<[Way]>([["plugin"], ["agent"]])(
    "K292: edited so that summary and records differ: counts as taken until it is deleted (%s)",
    async (way) => {
      await using pair = await open([way, "plugin"]);
      const address = await pair.add(pair.one, "a");
      await patch(address, { spec: { holders: [] } });
      expect(await takeAll(pair)).not.toContain(address);
      const named = await pair.two.tryAdd("named", `IP=${address}`);
      expect(named.stdout).toMatch(/"code": ?106.*damaged/s);
      const released = await pair.two.command(["ip", "release", "--force", address]);
      expect(released.exitCode).not.toBe(0);
      expect(released.stderr).toContain(
        `kubectl delete addressrecords.store.kube-ipam.io ${nameOf(address)}`,
      );
      const checked = await pair.two.command(["check", "--settle", "0", "--store-only"]);
      expect(`${checked.exitCode} ${checked.stdout}`).toMatch(new RegExp(`^1 .*damaged +${address}`, "s"));
      // The runtime's DEL waits for the repair.
      await pair.one.end("a");
      await pair.one.forget("a");
      pair.ended("a");
      expect(await isThere(address)).toBe(true);
      await kubectl("delete", "kaddr", nameOf(address));
      expect(await pair.add(pair.two, "next", `IP=${address}`)).toBe(address);
      await pair.end(pair.one, "all0");
      await pair.sound();
    },
    LIMIT,
  );

  test.each<[Way]>([["plugin"], ["agent"]])(
    "K293: a finalizer on a held address: its DEL frees it all the same (%s)",
    async (way) => {
      await using pair = await open([way, "plugin"]);
      const address = await pair.add(pair.one, "a");
      await patch(address, { metadata: { finalizers: ["example.com/kept"] } });
      await pair.end(pair.one, "a");
      expect(await isThere(address)).toBe(false);
      expect(await pair.add(pair.two, "next", `IP=${address}`)).toBe(address);
      await pair.sound();
    },
    LIMIT,
  );

  test.each<[Way]>([["plugin"], ["agent"]])(
    "K293: deleted, and kept by a finalizer, while its pod lives: stays taken, whoever asks (%s)",
    async (way) => {
      await using pair = await open([way, "plugin"]);
      const address = await pair.add(pair.one, "a");
      await pair.add(pair.one, "b");
      await patch(address, { metadata: { finalizers: ["example.com/kept"] } });
      await kubectl("delete", "kaddr", nameOf(address), "--wait=false");
      // A runtime that lost the answer asks again: to write the object would let it vanish.
      const again = await pair.one.tryAdd("a");
      expect(again.stdout).toMatch(/"code": ?106.*metadata.finalizers/s);
      expect(await isThere(address)).toBe(true);
      expect(await takeAll(pair)).not.toContain(address);
      const ended = await pair.one.tryDel("a");
      if (way === "plugin") expect(ended.stdout).toMatch(/"code": ?106/);
      expect(await isThere(address)).toBe(true);
      await pair.one.forget("a");
      pair.ended("a");
      await patch(address, { metadata: { finalizers: [] } });
      expect(await isThere(address)).toBe(false);
      expect(await pair.add(pair.two, "next", `IP=${address}`)).toBe(address);
      await pair.end(pair.one, "b");
      await pair.sound();
      expect((await pair.meta())?.state).toBe("ready");
    },
    LIMIT,
  );

  test.each<[Way]>([["plugin"], ["agent"]])(
    "K294: labels taken away: nobody else gets the address, and its DEL frees it (%s)",
    async (way) => {
      await using pair = await open([way, "plugin"]);
      const [address, other] = [await pair.add(pair.one, "a"), await pair.add(pair.one, "b")];
      for (const each of [address, other]) await patch(each, { metadata: { labels: null } });
      // Each of them is missing to whoever finds attachments by labels: as in a store that was thrown back.
      const again = await pair.one.tryAdd("a");
      if (again.exitCode === 0) expect(addressesOf(added(again))).toEqual([address]);
      else expect(refused(again).code).toBe(106);
      const taken = await takeAll(pair);
      expect(taken.filter((each) => each === address || each === other)).toEqual([]);
      // A DEL looks at the addresses that the node's journal names.
      await pair.end(pair.one, "b");
      expect(await isThere(other)).toBe(false);
      await pair.expectRecovered();
      await pair.end(pair.one, "a");
      expect(await isThere(address)).toBe(false);
    },
    LIMIT,
  );

  interface Shown {
    readonly metadata: { readonly name: string; readonly labels: object };
    readonly [key: string]: unknown;
  }

  const show = async (address: string) =>
    JSON.parse(await kubectl("get", "kaddr", nameOf(address), "-o", "json")) as Shown;

  /** As a backup tool makes it. */
  const restore = ({ metadata, ...rest }: Shown, name = metadata.name) =>
    store().kubernetes.request("POST", "/apis/store.kube-ipam.io/v1/addressrecords", {
      ...rest,
      metadata: { name, labels: metadata.labels },
    });

  test(
    "K297: a copy under another name is damaged, and nobody takes it for the original",
    async () => {
      await using pair = await open();
      const [lower, address] = [await pair.add(pair.one, "a"), await pair.add(pair.one, "b")];
      await pair.end(pair.one, "a");
      await restore(await show(address), nameOf(lower));
      expect(addressesOf(await pair.one.add("b"))).toEqual([address]);
      await pair.end(pair.one, "b");
      expect(await isThere(address)).toBe(false);
      expect(await takeAll(pair)).not.toContain(lower);
      const checked = await pair.two.command(["check", "--settle", "0", "--store-only"]);
      expect(`${checked.exitCode} ${checked.stdout}`).toMatch(new RegExp(`^1 .*damaged +${lower}`, "s"));
      await kubectl("delete", "kaddr", nameOf(lower));
      expect(await pair.add(pair.two, "next", `IP=${lower}`)).toBe(lower);
      await pair.sound();
    },
    LIMIT,
  );

  test(
    "K297: an address that a backup tool has restored stays held, and its node releases it on evidence",
    async () => {
      await using pair = await open();
      const address = await pair.add(pair.one, "a");
      await pair.add(pair.one, "b");
      const saved = await show(address);
      await pair.end(pair.one, "a");
      await restore(saved);
      expect(await takeAll(pair)).not.toContain(address);
      const { exitCode, stderr } = await pair.one.command(["ip", "release", address]);
      expect(`${exitCode} ${stderr}`).toBe("0 ");
      expect(await pair.add(pair.two, "next", `IP=${address}`)).toBe(address);
      await pair.sound();
      expect((await pair.meta())?.state).toBe("ready");
    },
    LIMIT,
  );
});
