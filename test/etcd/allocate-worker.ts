import { IpamError } from "../../src/ipam/errors.ts";
import { FakeNode } from "../../src/ipam/testing/fake-node.ts";
import { add, network, texts } from "../../src/ipam/testing/world.ts";
import { openEtcdStore } from "../../src/store/etcd/open.ts";

/**
 * One node as a process of its own: asks for `count` addresses, `atOnce` at a time, and prints one
 * JSON line: the addresses it got, and how often it was told that there is none.
 *
 * Arguments: settings as JSON, node name, count, at once, last address of the pool.
 */
const [settings = "{}", name = "", count = "0", atOnce = "1", last = ""] = process.argv.slice(2);
const node = new FakeNode(name);
const store = await openEtcdStore(JSON.parse(settings));
const pool = network("net1", [{ subnet: "10.1.0.0/16", first: "10.1.0.2", last, gateway: "10.1.0.1" }]);

const got: string[] = [];
let full = 0;
let next = 0;
await Promise.all(
  Array.from({ length: Number(atOnce) }, async () => {
    while (next < Number(count)) {
      next += 1;
      try {
        got.push(
          ...texts(
            await add({ store, node, log: () => {}, random: Math.random }, `${name}-${next}`, {
              network: pool,
            }),
          ),
        );
      } catch (failure) {
        if (!(failure instanceof IpamError) || failure.name !== "noFreeAddress") throw failure;
        full += 1;
      }
    }
  }),
);
await store.close();
console.log(JSON.stringify({ got, full }));
