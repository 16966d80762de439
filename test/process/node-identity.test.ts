import { expect } from "bun:test";
import { alone } from "../kit/case.ts";
import { commandLine, operatorOf } from "../kit/cli.ts";
import { withoutRealRoot } from "../kit/machine.ts";
import { run } from "../kit/run.ts";

/** What a node may be called, and what a node that is a container does after its restart. */

const BAD = ["worker_1", "WORKER-1", "NODE_NAME", "a..b"];

alone(
  "K43",
  "a name that no Node can have is error 7 at ADD and STATUS, and lets DEL, GC and CHECK go on",
  async (world) => {
    const net = (nodeName: string) =>
      world.network(
        { subnet: "10.1.2.0/24", nodeLocal: true, annotations: "off", nodeName },
        { cniVersion: "1.1.0" },
      );
    const result = await world.add(net("worker-1"));
    for (const name of BAD.slice(0, 3)) {
      const text = new RegExp(`nodeName is '${name}'[^]*lower case letters`);
      await world.refused("ADD", net(name), { container: "c2" }, { code: 7, text });
      await world.refused("STATUS", net(name), {}, { code: 7, text });
      await world.quietly("GC", { ...net(name), "cni.dev/valid-attachments": [] });
      const operator = await operatorOf(world, net(name))("ip", "list");
      expect([operator.exitCode, operator.stderr]).toEqual([expect.any(Number), expect.stringMatching(text)]);
      expect(operator.exitCode).not.toBe(0);
      const doctor = await operatorOf(world, net(name))("doctor", "--conf-dir", "/none");
      expect(doctor.stdout).toMatch(new RegExp(`FAILED +node name ${name}`));
    }
    await world.quietly("CHECK", { ...net("worker-1"), prevResult: result });
    await world.del(net("WORKER-1"));
    expect(await world.heldAddresses()).toEqual([]);
  },
);

alone("K43", "$NODE_NAME that nobody filled in is error 7", async (world) => {
  const { nodeName: _, ...ipam } = world.network({
    subnet: "10.1.2.0/24",
    nodeLocal: true,
    annotations: "off",
  }).ipam as Record<string, unknown>;
  const net = { ...world.network({}), ipam };
  const finished = await world.run("ADD", net, {}, { env: { NODE_NAME: "NODE_NAME" } });
  world.refusal(finished, { code: 7, text: /\$NODE_NAME is 'NODE_NAME'/ });
  await world.add(net, {}, { env: { NODE_NAME: "node-name.lan" } });
});

alone(
  "K43",
  "a host name that no Node can have serves a single machine, under a name that one can",
  async (world) => {
    const { nodeName: _, ...ipam } = world.network({
      subnet: "10.1.2.0/24",
      nodeLocal: true,
      annotations: "off",
    }).ipam as Record<string, unknown>;
    const net = { ...world.network({}), ipam };
    const env = {
      ...world.place.env,
      CNI_COMMAND: "ADD",
      CNI_CONTAINERID: "c1",
      CNI_NETNS: world.namespace.path,
    };
    const named = [
      "unshare",
      "--uts",
      "sh",
      "-c",
      'printf My_Box >/proc/sys/kernel/hostname; exec "$0"',
      world.place.executable,
    ];
    const stdin = JSON.stringify(net);
    const finished = await run(named, {
      env: { ...env, PATH: process.env.PATH ?? "", CNI_IFNAME: "eth0", CNI_PATH: "/opt/cni/bin" },
      stdin,
    });
    expect(finished.stdout).toContain("10.1.2.2/24");
    expect(
      (await commandLine(world, ["ip", "list", "--data-dir", world.place.folder.file("data")])).stdout,
    ).toContain(" my-box ");
  },
  { missing: withoutRealRoot() },
);

const inFirstNamespace = (await run(["readlink", "/proc/self/ns/pid"])).stdout.trim() === "pid:[4026531836]";

alone(
  "K41",
  "a node that is a container: after its restart the dead are judged gone, and what a process still holds is not",
  async (world) => {
    const net = world.network({ subnet: "10.1.2.0/24", nodeLocal: true, annotations: "off" });
    // Several: another program may make a namespace meanwhile that gets the number of one of them.
    const dead = await Promise.all([4, 5, 6, 7].map(() => world.makeNamespace()));
    const alive = await world.makeNamespace();
    for (const [n, { path }] of dead.entries())
      await world.add(net, { container: `dead${n}`, netns: path, args: `IP=10.1.2.${4 + n}` });
    await world.add(net, { container: "alive", netns: alive.path, args: "IP=10.1.2.8" });
    const sleeper = Bun.spawn(["nsenter", `--net=${alive.path}`, "sleep", "60"]);
    try {
      while (
        (await run(["readlink", `/proc/${sleeper.pid}/ns/net`])).stdout.trim() ===
        (await run(["readlink", "/proc/self/ns/net"])).stdout.trim()
      )
        await Bun.sleep(2);
      // Its /run is another one: the folder that held the namespaces shows nothing any more.
      const hidden = ["unshare", "--mount", "--propagation", "private", "sh", "-ec"];
      const script = 'mount -t tmpfs none /run/netns; exec "$@"';
      for (const each of [...dead, alive]) await each.remove();
      const file = world.place.folder.file("lan.json");
      await Bun.write(file, JSON.stringify(net));
      const gc = [world.place.executable, "gc", "--config", file];
      const env = { ...world.place.env, PATH: process.env.PATH ?? "" };
      const { stdout, stderr } = await run([...hidden, script, "sh", ...gc], { env });
      expect(stdout + stderr).toMatch(/[1-4] freed/);
      const held = await world.heldAddresses();
      expect(held).toContain("10.1.2.8");
      expect(held.length).toBeLessThan(1 + dead.length);
    } finally {
      sleeper.kill("SIGKILL");
      await sleeper.exited;
    }
  },
  { missing: withoutRealRoot() ?? (inFirstNamespace ? undefined : "needs the kernel's first PID namespace") },
);
