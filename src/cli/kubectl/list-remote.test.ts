import { expect, test } from "bun:test";
import { type ApiPath, below, rootOf } from "../../kubernetes/api/path.ts";
import type { Item } from "../../operator/items.ts";
import { type AddressList, API_VERSION } from "../../operator/wire.ts";
import { listRemote } from "./list-remote.ts";

const FOLDER = below(rootOf(API_VERSION), "addresses");

function itemOf(n: number): Item {
  return {
    state: "allocated",
    address: `10.1.2.${n}`,
    space: "default",
    network: "lan",
    container: `c${n}`,
    ifname: "eth0",
    node: `n${n % 2}`,
    origin: "dynamic",
    since: "",
  };
}

function pageOf(items: readonly Item[], token?: string): AddressList {
  const metadata = token === undefined ? {} : { continue: token };
  return {
    apiVersion: API_VERSION,
    kind: "AddressList",
    metadata,
    items: items.map((item) => ({
      apiVersion: API_VERSION,
      kind: "Address",
      metadata: { name: item.address },
      item,
    })),
  };
}

test("K211: kubectl ipam reads page after page, and narrows what an older controller answers", async () => {
  const asked: string[] = [];
  const get = async (path: ApiPath) => {
    asked.push(path);
    return path.includes("continue=") ? pageOf([3, 4].map(itemOf)) : pageOf([1, 2].map(itemOf), "t/1");
  };
  const read: number[] = [];
  const placed = await Array.fromAsync(
    listRemote(get, FOLDER, { node: "n1" }, { onRead: (n) => read.push(n) }),
  );
  expect(placed.map(({ item }) => item.address)).toEqual(["10.1.2.1", "10.1.2.3"]);
  expect(placed[0]?.at).toEqual({ key: "010.001.002.001", space: "default", rank: 0 });
  expect(asked).toEqual([`${FOLDER}?node=n1&limit=500`, `${FOLDER}?node=n1&limit=500&continue=t%2F1`]);
  expect(read).toEqual([1, 2, 3, 4]);
});
