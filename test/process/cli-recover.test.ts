import { expect, test } from "bun:test";
import { readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { json, operatorOf } from "../kit/cli.ts";
import { subjectCalled } from "../kit/subject.ts";
import { World } from "../kit/world.ts";

/** `kube-ipam recover` where there is one node: its embedded store was lost, or put back. */

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

/** A network with two containers in an embedded store that was put back to when it had one. */
async function putBack(world: World) {
  const net = world.network({ subnet: "10.1.2.0/24", annotations: "off" });
  const operator = operatorOf(world, net);
  const data = world.place.folder.file("data");
  await world.add(net, { container: "c1" });
  const files = readdirSync(data).filter((name) => name.startsWith("kube-ipam.db"));
  const backup = files.map((name) => [name, readFileSync(`${data}/${name}`)] as const);
  await world.add(net, { container: "c2" });
  for (const name of readdirSync(data)) if (name.startsWith("kube-ipam.db")) rmSync(`${data}/${name}`);
  for (const [name, bytes] of backup) writeFileSync(`${data}/${name}`, bytes);
  const older = /^the embedded store \S+ is older than when this node last used it/;
  await world.refused("ADD", net, { container: "c3" }, { code: 106, text: older });
  const why = expect.stringMatching(
    /^the embedded store \S+ is older than when node node1 last used it for address space 'default': it was at revision \d+ and is now at \d+/,
  );
  return { net, operator, suspicion: { node: "node1", why, since: expect.any(String) } };
}

test("a store that was put back says so by every command that asks it, until it is recovered", async () => {
  await using world = await World.open(subjectCalled("kube-ipam"));
  const { net, operator, suspicion } = await putBack(world);
  const stopped = /^node node1 has stopped all nodes: the embedded store/;
  await world.refused("ADD", net, { container: "c3" }, { code: 106, text: stopped });
  const status = await operator("store", "status", "-o", "json");
  expect([status.exitCode, JSON.parse(status.stdout)]).toMatchObject([1, { state: "suspect", suspicion }]);
  const text = (await operator("store", "status")).stdout;
  expect(text).toMatch(/State: +suspect since \S+: node node1 has stopped all nodes/);
  expect(text).toContain("Do: run 'kube-ipam recover'");
  const waiting = await json(operator("recover", "--status", "-o", "json"));
  expect(waiting).toMatchObject({ state: "suspect", suspicion, recovery: null });
  const told = (await operator("recover", "--status")).stdout;
  expect(told).toMatch(/Noticed by: +node node1 at .*\nBecause: +the embedded store/);
  const check = await operator("check", "--settle", "0", "--conf-dir", "/nowhere", "-o", "json");
  expect([check.exitCode, JSON.parse(check.stdout).findings]).toMatchObject([
    1,
    [{ kind: "suspect" }, { kind: "unknown", reason: "not-held", address: "10.1.2.3" }],
  ]);
  const doctor = await operator("doctor", "--conf-dir", "/nowhere", "-o", "json");
  expect(JSON.parse(doctor.stdout)).toContainEqual(
    expect.objectContaining({
      check: expect.stringContaining("embedded store"),
      result: "FAILED",
      found: expect.stringMatching(/^gives out no addresses: node node1 has stopped all nodes/),
    }),
  );
  expect((await operator("ip", "reserve", "10.1.2.9", "--for", "x")).stderr).toMatch(/has stopped all nodes/);
  // What a backup has is imported first.
  const backup = world.place.folder.file("backup.json");
  writeFileSync(backup, (await operator("store", "export")).stdout);
  expect(await json(operator("store", "import", backup, "-o", "json"))).toMatchObject({ written: 0 });
  // Not only an unblocking: the recovery is due.
  const recovered = await operator("recover", "--forget", "n9", "-o", "json");
  expect(recovered.stderr).toMatch(/^node node1 had stopped all nodes at \S+: the embedded store/);
  expect(JSON.parse(recovered.stdout)).toMatchObject({ answered: [{ attachments: 2, written: 1 }] });
  expect(await json(operator("store", "status", "-o", "json"))).toMatchObject({ state: "ready" });
  await world.add(net, { container: "c3" });
}, 60_000);

test("'store accept' on the node that noticed ends it, for an operator who vouches for the store", async () => {
  await using world = await World.open(subjectCalled("kube-ipam"));
  const { net, operator } = await putBack(world);
  await world.del(net, { container: "c2" });
  expect((await operator("store", "accept")).exitCode).toBe(0);
  expect(await json(operator("store", "status", "-o", "json"))).toMatchObject({ state: "ready" });
  await world.add(net, { container: "c3" });
}, 60_000);
