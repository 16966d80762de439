import { expect, test } from "bun:test";
import { object, startFakeApi } from "../../src/kubernetes/testing/fake-api.ts";
import { etcdOfFile } from "../kit/etcd-of-file.ts";
import { Pair, type Way } from "../kit/pair.ts";
import type { Running } from "../kit/run.ts";
import { showNodes, showPod } from "../kit/shown-objects.ts";
import { killedAtChange } from "../kit/trace.ts";

/** What looks as if an etcd had lost something, and is none: nobody may stop all nodes for it. */

const LIMIT = 120_000;

const etcd = etcdOfFile({ version: "3.6" });

test.each<[Way]>([["plugin"], ["agent"]])(
  "K68: a living holder that another machine released by force (%s)",
  async (way) => {
    await using pair = await Pair.open(etcd(), [way, "plugin"]);
    const [older, newest] = [await pair.add(pair.one, "a"), await pair.add(pair.one, "b")];
    for (const address of [newest, older]) {
      const { exitCode, stderr } = await pair.two.command(["ip", "release", "--force", address]);
      expect(`${exitCode} ${stderr}`).toBe("0 ");
    }
    pair.ended("a", "b");
    expect(await pair.add(pair.two, "c", `IP=${newest}`)).toBe(newest);
    await pair.add(pair.one, "d");
    if (way === "agent") {
      // A new one compares all that the node holds with the store.
      await pair.one.killAgent();
      await pair.startAgent(pair.one);
      await pair.add(pair.one, "e");
    }
    await pair.expectSound();
    for (const container of ["a", "b"]) await pair.end(pair.one, container);
    await pair.sound();
  },
  LIMIT,
);

test(
  "K68: a fenced node that comes back without a reboot, and its pod lives",
  async () => {
    const api = startFakeApi();
    try {
      api.answers.set("/api/v1/namespaces/kube-system", object("kube-system", "cluster"));
      showNodes(api, "n1", "n2");
      await using pair = await Pair.open(etcd(), ["plugin", "plugin"], { kubeConfig: api.kubeConfig() });
      await pair.add(pair.one, "p1", showPod(api, "p1", "uid-p1", { nodeName: "n1" }));
      // The Node is deleted, and its pods with it; the machine goes on.
      showNodes(api, "n2");
      api.answers.delete("/api/v1/namespaces/default/pods/p1");
      api.answers.set("/api/v1/pods", { kind: "PodList", metadata: {}, items: [] });
      const { stdout, stderr } = await pair.two.command(["gc"]);
      expect(stdout + stderr).toContain("its node was deleted");
      pair.ended("p1");
      showNodes(api, "n1", "n2");
      await pair.add(pair.one, "p2", showPod(api, "p2", "uid-p2", { nodeName: "n1" }));
      await pair.add(pair.two, "p3", showPod(api, "p3", "uid-p3", { nodeName: "n2" }));
      expect((await pair.meta())?.state).toBe("ready");
      await pair.sound();
    } finally {
      api.close();
    }
  },
  LIMIT,
);

/** More changing system calls than any verb makes; the loop ends earlier, with the first pair that survives. */
const MOST = 200;

test(
  "K68: an ADD and the DEL of the newest container, killed at each of their writes in turn",
  async () => {
    await using pair = await Pair.open(etcd());
    const { one } = pair;
    await pair.add(one, "stays");
    for (let nth = 1; ; nth++) {
      if (nth === MOST) throw new Error(`expected verbs to make fewer than ${MOST} writes`);
      const options = { prefix: killedAtChange(nth) };
      const added = await one.tryAdd(`killed${nth}`, "", options);
      await pair.add(one, `newest${nth}`);
      const deleted = await one.tryDel(`newest${nth}`, options);
      await pair.add(one, `next${nth}`);
      expect((await pair.meta())?.state).toBe("ready");
      // Some runtimes send a DEL again, others lose the sandbox without one.
      if (nth % 2 === 0) await one.forget(`killed${nth}`);
      else await pair.end(one, `killed${nth}`);
      for (const container of [`newest${nth}`, `next${nth}`]) await pair.end(one, container);
      if (added.exitCode === 0 && deleted.exitCode === 0) break;
    }
    await pair.expectSound();
  },
  LIMIT,
);

/** Later than most ADDs and DELs end, in milliseconds. */
const LATEST = 60;
const ROUNDS = 20;

test(
  "K68: ADDs and DELs through an agent, and the agent, killed at random",
  async () => {
    await using pair = await Pair.open(etcd(), ["agent", "plugin"]);
    const { one } = pair;
    const started = (process: Running) =>
      void setTimeout(() => process.kill("SIGKILL"), Math.random() * LATEST);
    await pair.add(one, "next0");
    for (let n = 1; n <= ROUNDS; n++) {
      const before = `next${n - 1}`;
      const killed =
        n % 2 === 0 ? one.tryAdd(`killed${n}`, "", { started }) : one.tryDel(before, { started });
      await Bun.sleep((Math.random() * LATEST) / 2);
      await one.killAgent();
      await killed;
      await pair.startAgent(one);
      await pair.add(one, `next${n}`);
      expect((await pair.meta())?.state).toBe("ready");
      if (n % 4 === 0) await one.forget(`killed${n}`);
      else if (n % 2 === 0) await pair.end(one, `killed${n}`);
      await pair.end(one, before);
    }
    await pair.expectSound();
  },
  LIMIT,
);
