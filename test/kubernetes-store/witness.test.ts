import { describe, expect, test } from "bun:test";
import { parseAddress } from "../../src/address/address.ts";
import { addressObject } from "../../src/store/kubernetes/objects/names.ts";
import { startApiProxy } from "../kit/api-proxy.ts";
import { clusterStoreOfFile, type NodeWish } from "../kit/cluster-store.ts";
import { addressesOf } from "../kit/cni.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { askedFor } from "../kit/round-trips.ts";

/** What it costs that a warm ADD guards a holding of its node. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`a guarded witness: ${missing}`, () => {});

const DUAL = { ranges: [[{ subnet: "10.50.0.0/28" }], [{ subnet: "fd00:50::/64" }]], subnet: undefined };
/** From then on a holding is guarded, in milliseconds. */
const OLD_MS = 700;

describe.skipIf(missing !== undefined)("a guarded witness", () => {
  const store = clusterStoreOfFile();

  test.each<[string, NodeWish["ipam"], number]>([
    ["one address", {}, 1],
    ["two addresses", DUAL, 2],
  ])(
    "K288: an agent's warm ADD of %s looks at one more object, and wins at once",
    async (_, ipam, addresses) => {
      using proxy = startApiProxy(store().kubernetes);
      await using node = store().node("n1", {
        kubeConfig: proxy.kubeConfig,
        through: "agent",
        ...(ipam && { ipam }),
      });
      await node.startAgent();
      await node.add("c1");
      const [witness = ""] = addressesOf(await node.add("c2"));
      await Bun.sleep(OLD_MS);
      proxy.requests.splice(0);
      await node.add("c3");
      const asked = proxy.requests.map(askedFor);
      const held = `addressrecords/${addressObject("default", parseAddress(witness)).name}`;
      expect(asked).toContain(`GET ${held}`);
      expect(asked.filter((each) => each === "POST addressrecords").length).toBe(addresses);
      // Nothing was taken back.
      expect(asked.filter((each) => each.startsWith("DELETE addressrecords"))).toEqual([]);
    },
    60_000,
  );
});
