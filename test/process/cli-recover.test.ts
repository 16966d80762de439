import { expect, test } from "bun:test";
import { readdirSync, rmSync } from "node:fs";
import { json, operatorOf } from "../kit/cli.ts";
import { subjectCalled } from "../kit/subject.ts";
import { World } from "../kit/world.ts";

/** `kube-ipam recover` where there is one node: its embedded store was lost. */

test("an embedded store that was lost is rebuilt from the node's journal", async () => {
  await using world = await World.open(subjectCalled("kube-ipam"));
  const net = world.network({ subnet: "10.1.2.0/24", annotations: "off" });
  const operator = operatorOf(world, net);
  await world.add(net, { container: "c1" });
  await world.add(net, { container: "c2", args: "IP=10.1.2.77" });
  const held = await world.held();
  const data = world.place.folder.file("data");
  for (const name of readdirSync(data)) if (name.startsWith("kube-ipam.db")) rmSync(`${data}/${name}`);
  await world.refused("ADD", net, { container: "c3" }, { code: 106, text: /kube-ipam recover/ });
  expect(await json(operator("recover", "-o", "json"))).toMatchObject({
    state: "ready",
    answered: [{ node: "node1", attachments: 2, written: 2 }],
    silent: [],
    conflicts: [],
  });
  expect(await world.held()).toEqual(held);
  expect((await operator("recover", "--forget", "nobody")).exitCode).toBe(3);
  await world.add(net, { container: "c3" });
  await world.refused("ADD", net, { container: "c4", args: "IP=10.1.2.77" }, { code: 101 });
  for (const container of ["c1", "c2", "c3"]) await world.del(net, { container });
  expect(await world.held()).toEqual([]);
}, 60_000);
