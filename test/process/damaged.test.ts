import { expect } from "bun:test";
import { parseAddress } from "../../src/address/address.ts";
import type { Ref } from "../../src/ipam/records.ts";
import { ours } from "../kit/case.ts";
import { operatorOf } from "../kit/cli.ts";
import { damageRecord } from "../kit/damage-record.ts";
import type { World } from "../kit/world.ts";

/** One record that somebody else wrote into the store: what concerns it fails, and everything else goes on. */

const attachment = (container: string): Ref => ({
  kind: "attachment",
  node: "node1",
  id: { network: "net1", container, ifname: "eth0" },
});
const allocation = (text: string): Ref => ({
  kind: "allocation",
  space: "default",
  address: parseAddress(text),
});

async function start(world: World) {
  const net = world.network({ subnet: "10.1.2.0/24", nodeLocal: true, annotations: "off" });
  return { net, operator: operatorOf(world, net) };
}

ours("damaged", "GC frees the rest, leaves the record, and names it in the log", async (world) => {
  const { net } = await start(world);
  await world.add(net, { container: "alive" });
  for (const container of ["damaged", "dead"]) {
    const namespace = await world.makeNamespace();
    await world.add(net, { container, netns: namespace.path });
    if (container === "damaged") await damageRecord(world, attachment(container));
    await namespace.remove();
  }
  const valid = [{ containerID: "alive", ifname: "eth0" }];
  await world.quietly(
    "GC",
    { ...net, cniVersion: "1.1.0", "cni.dev/valid-attachments": valid },
    { container: "", netns: "", ifname: "" },
  );
  expect(await world.heldAddresses()).toEqual(["10.1.2.2", "10.1.2.3"]);
  const log = await Bun.file(world.place.folder.file("kube-ipam.log")).text();
  expect(log).toMatch(/ WARN .*damaged.*left as it is/);
  const refusal = { code: 106, text: /attachments.*damaged/ };
  await world.refused("ADD", net, { container: "damaged" }, refusal);
  // An agent keeps the DEL, and replays it once the record is repaired.
  if (world.subject.agent === true) await world.del(net, { container: "damaged" });
  else await world.refused("DEL", net, { container: "damaged" }, refusal);
  expect(["10.1.2.2", "10.1.2.3"]).not.toContain(await world.address(net, { container: "next" }));
});

ours("damaged", "ip list prints the rest and warns; check finds it; export refuses", async (world) => {
  const { net, operator } = await start(world);
  for (const container of ["a", "b"]) await world.add(net, { container });
  await damageRecord(world, allocation("10.1.2.2"));
  const list = await operator("ip", "list", "-o", "json");
  expect(list.exitCode).toBe(0);
  expect(JSON.parse(list.stdout).map(({ container }: { container: string }) => container)).toEqual(["b"]);
  expect(list.stderr).toMatch(/^warn: the record .*010\.001\.002\.002 .*left as it is/);
  const check = await operator("check", "--store-only", "--settle", "0", "-o", "json");
  expect(check.exitCode).toBe(1);
  expect(JSON.parse(check.stdout).findings).toMatchObject([{ kind: "damaged", address: "10.1.2.2" }]);
  const exported = await operator("export");
  expect([exported.exitCode, exported.stdout]).toEqual([4, ""]);
  expect(exported.stderr).toMatch(/error: the record .*010\.001\.002\.002/);
  // The address counts as taken, and whoever needs the record itself is told of it.
  await world.refused("ADD", net, { container: "c", args: "IP=10.1.2.2" }, { code: 106, text: /002\.002/ });
  expect((await operator("ip", "show", "10.1.2.2")).exitCode).toBe(4);
  const who = await operator("ip", "who", "10.1.2.2");
  expect([who.exitCode, who.stderr]).toEqual([
    4,
    expect.stringMatching(/^error: the record .*010\.001\.002\.002/m),
  ]);
});
