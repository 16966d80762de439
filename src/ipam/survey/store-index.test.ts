import { expect, test } from "bun:test";
import { parseAddress } from "../../address/address.ts";
import { refTo } from "../ref-to.ts";
import { holder } from "../testing/hand-over.ts";
import { addressKey } from "./address-key.ts";
import { StoreIndex } from "./store-index.ts";

const ref = (container: string) => refTo.attachment("n1", { network: "net1", container, ifname: "eth0" });

function put(index: StoreIndex, container: string, address: string): void {
  const base = { version: 1, space: "default", prefixes: [24], gateways: [null], holder: holder() } as const;
  index.put({
    ref: ref(container),
    record: { ...base, addresses: [address], origin: "dynamic" },
    revision: 1,
  });
}

const gone = (index: StoreIndex, container: string) =>
  index.change({ ref: ref(container), present: false, revision: 2 });

const isKnown = (index: StoreIndex, text: string) => index.isOfNetwork(addressKey(parseAddress(text)));

test("K238: a network that only attachments tell of is known as long as one of them is there", () => {
  const index = new StoreIndex();
  put(index, "c1", "10.1.2.5");
  put(index, "c2", "10.1.2.6");
  gone(index, "c1");
  expect([index.heldNetworks().length, isKnown(index, "10.1.2.9")]).toEqual([1, true]);
  put(index, "c2", "10.9.9.6");
  expect([isKnown(index, "10.1.2.9"), isKnown(index, "10.9.9.1")]).toEqual([false, true]);
  gone(index, "c2");
  expect([index.heldNetworks().length, isKnown(index, "10.9.9.1")]).toEqual([0, false]);
});

test("K238: networks that come and go leave nothing in the leader's index", () => {
  const index = new StoreIndex();
  for (let net = 0; net < 1_000; net++) {
    put(index, `c${net}`, `10.${net % 250}.${Math.floor(net / 250)}.5`);
    gone(index, `c${net}`);
  }
  expect(index.heldNetworks()).toEqual([]);
});
