import { expect, test } from "bun:test";
import { added, silent } from "../kit/cni.ts";
import { startEtcd } from "../kit/etcd.ts";
import { kubeIpam } from "../kit/subject-kube-ipam.ts";
import { unattendedShim } from "../kit/unattended-shim.ts";
import { eventually } from "../kit/wait.ts";
import { World } from "../kit/world.ts";

test("K244 a store that does not answer holds up no network of another store", async () => {
  await using world = await World.open(kubeIpam());
  await using etcd = await startEtcd({ version: "3.4" });
  if (etcd === undefined) throw new Error("expected Debian's etcd 3.4: run scripts/setup.sh test");
  const shim = unattendedShim(world);
  const etcdConfig = { etcdURL: etcd.endpoints.join(",") };
  const far = world.network({ subnet: "10.1.0.0/24", etcdConfig }, { name: "far" });
  const near = world.network({ subnet: "10.2.0.0/24", addressSpace: "near" }, { name: "near" });
  added(await shim.run("ADD", far, { container: "warm" }));
  for (const member of etcd.members) member.freeze();
  let ended = 0;
  const verbs = ["ADD", "ADD", "ADD", "DEL"] as const;
  const waiting = verbs.map((verb, number) =>
    shim.run(verb, far, { container: `c${number}` }).finally(() => ended++),
  );
  await eventually(async () => (shim.taken("seats") === 4 && shim.taken("places") === 0) || undefined);
  added(await shim.run("ADD", near, { container: "other" }));
  silent(await shim.run("DEL", near, { container: "other" }));
  expect(ended).toBe(0);
  for (const member of etcd.members) member.thaw();
  const results = await Promise.all(waiting);
  expect(results.map(({ exitCode }) => exitCode)).toEqual([0, 0, 0, 0]);
}, 60_000);
