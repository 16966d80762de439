import { expect } from "bun:test";
import { ours } from "../kit/case.ts";
import { json, operatorOf } from "../kit/cli.ts";

/** `kube-ipam gc` on the built executable, on this node's own evidence; test/cluster has fenced nodes. */

interface Collected {
  readonly dryRun: boolean;
  readonly items: readonly { readonly result: string; readonly kind: string; readonly addresses: string[] }[];
}

ours("gc", "EVIDENCE: tells, then frees, what dead sandboxes hold, and nothing that lives", async (world) => {
  const net = world.network({ subnet: "10.1.2.0/24", nodeLocal: true, annotations: "off" });
  const operator = operatorOf(world, net);
  await world.add(net, { container: "alive" });
  const namespace = await world.makeNamespace();
  await world.add(net, { container: "dead", netns: namespace.path });
  const gc = (...args: string[]) => json<Collected>(operator("gc", "-o", "json", ...args));
  expect((await gc()).items).toEqual([]);
  await namespace.remove();
  expect(await gc("--dry-run")).toMatchObject({
    dryRun: true,
    items: [{ result: "would be freed", kind: "dead sandbox", addresses: ["10.1.2.3"] }],
  });
  const table = await operator("gc", "--dry-run");
  expect(table.stdout).toBe(
    "RESULT          KIND          ADDRESSES  OF    NODE   BECAUSE\n" +
      "would be freed  dead sandbox  10.1.2.3   dead  node1  its network namespace is gone\n",
  );
  expect(table.stderr).toStartWith("1 to be freed: nothing was changed\n");
  expect(table.stderr.includes("note: Kubernetes was not asked")).toBe(!world.subject.cluster);
  expect(await world.heldAddresses()).toEqual(["10.1.2.2", "10.1.2.3"]);
  expect((await gc()).items).toMatchObject([{ result: "freed", addresses: ["10.1.2.3"] }]);
  expect(await world.heldAddresses()).toEqual(["10.1.2.2"]);
  expect((await operator("gc")).stderr).toStartWith("nothing is to be freed\n");
});
