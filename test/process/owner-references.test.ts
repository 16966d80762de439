import { expect } from "bun:test";
import type { FakeApi } from "../../src/kubernetes/testing/fake-api.ts";
import { controller, object, startFakeApi } from "../../src/kubernetes/testing/fake-api.ts";
import { ours } from "../kit/case.ts";
import { addressesOf } from "../kit/cni.ts";
import { podArgs } from "../kit/shown-objects.ts";
import type { World } from "../kit/world.ts";

/** docs/behaviour.md J75, J76: who may make a pod chooses its owner references, which Kubernetes does not check. */

const PODS = "/api/v1/namespaces/default/pods";
const SUBNET = "10.1.0.0/24";
const WISHES = [
  { "kube-ipam.ip": "10.1.0.7" },
  { "kube-ipam.ips": "10.1.0.7-10.1.0.9" },
  { "kube-ipam.sticky": "true" },
];

const MADE_UP: Readonly<Record<string, object>> = {
  "a path in the apiVersion": controller(
    "..\\api\\v1\\namespaces\\kube-system\\secrets\\x?/v1",
    "Foo",
    "x",
    "u",
  ),
  "a group that climbs": controller("../v1", "Foo", "x", "u"),
  "the name '..'": controller("apps/v1", "ReplicaSet", "..", "u"),
  "a name of 450,000 letters": controller("e.x/v1", "K", "n".repeat(450_000), "u"),
  "control characters": controller("e.x/v1", "K\u001b[2J", "x", "u"),
};

/** What an ADD and the DEL of a pod need; the API server knows the pod under this name alone. */
function podOf(world: World, api: FakeApi, name: string, metadata: Record<string, unknown>) {
  api.answers.set(`${PODS}/${name}`, object(name, `uid-${name}`, metadata));
  const net = world.network({ subnet: SUBNET, nodeLocal: true, kubeConfig: api.kubeConfig() });
  return { net, call: { container: `c-${name}`, args: podArgs(name, `uid-${name}`) } };
}

for (const [what, reference] of Object.entries(MADE_UP)) {
  ours(
    "J75",
    `an owner reference with ${what}: a wish is refused, and nothing else is asked for`,
    async (world) => {
      const api = startFakeApi();
      try {
        for (const [index, annotations] of WISHES.entries()) {
          const { net, call } = podOf(world, api, `p${index}`, { annotations, ownerReferences: [reference] });
          const text = await world.refused("ADD", net, call, {
            code: 103,
            text: /owner reference of pod default/,
          });
          expect(text.length).toBeLessThan(1_000);
          await world.del(net, call);
        }
        const { net, call } = podOf(world, api, "plain", { ownerReferences: [reference] });
        expect(addressesOf(await world.add(net, call))).toHaveLength(1);
        await world.del(net, call);
        const asked = new Set(api.requests.map(({ path }) => path).filter((path) => !path.startsWith(PODS)));
        expect([...asked]).toEqual([]);
        expect(await world.held()).toEqual([]);
      } finally {
        api.close();
      }
    },
  );
}
