import { expect, test } from "bun:test";
import { refused } from "../kit/cni.ts";
import { startEtcd } from "../kit/etcd.ts";
import { etcdOfFile } from "../kit/etcd-of-file.ts";
import { BUMPED } from "../kit/etcd-restore.ts";
import { Pair, type Way } from "../kit/pair.ts";
import { snapshotOfRecovery } from "../kit/pair-recovery.ts";
import type { Running } from "../kit/run.ts";
import { eventually } from "../kit/wait.ts";

/** What goes on while an etcd is thrown back, and what is thrown back into. */

const LIMIT = 120_000;

const etcd = etcdOfFile({ version: "3.6" });

/** Both nodes have made something after the snapshot. */
const LATER = { one: ["b1"], two: ["y1"] };

test(
  "K66: ADDs that wait while etcd is restored, alone and through an agent, commit nothing",
  async () => {
    await using pair = await Pair.open(etcd(), ["plugin", "agent"]);
    const snapshot = await pair.liveOn(LATER);
    let waiting: Promise<string>[] = [];
    const begin = async () => {
      waiting = [pair.one, pair.two].flatMap((node) =>
        ["w1", "w2", "w3"].map((name) => outcome(pair, node, name)),
      );
      await Bun.sleep(300);
    };
    await etcd().restore(snapshot, { ...BUMPED, meanwhile: begin });
    for (const code of await Promise.all(waiting)) expect(code).toBeOneOf(["11", "106"]);
    await pair.expectStopped();
    await pair.expectRecovered();
  },
  LIMIT,
);

test(
  "K66: ADDs that stand still at any point while etcd is restored give nothing out twice",
  async () => {
    await using pair = await Pair.open(etcd());
    const snapshot = await pair.liveOn(LATER);
    const paused: Running[] = [];
    const pauseLater = (milliseconds: number) => (process: Running) => {
      setTimeout(() => {
        process.kill("SIGSTOP");
        paused.push(process);
      }, milliseconds);
    };
    const adds = Array.from({ length: 8 }, (_, n) =>
      outcome(pair, n % 2 === 0 ? pair.one : pair.two, `p${n}`, pauseLater(10 + 8 * n)),
    );
    await eventually(async () => paused.length === adds.length || undefined);
    await etcd().restore(snapshot, BUMPED);
    for (const process of paused) process.kill("SIGCONT");
    for (const code of await Promise.all(adds)) expect(code).toBeOneOf(["0", "11", "106"]);
    expect(await pair.refused(pair.one)).toStartWith("106 ");
    await pair.expectStopped();
    await pair.expectRecovered();
  },
  LIMIT,
);

/** The code of one ADD; 0 where it succeeds. What is refused is ended. */
async function outcome(pair: Pair, node: Pair["one"], name: string, started?: (process: Running) => void) {
  const container = `${node.name}${name}`;
  const finished = await node.tryAdd(container, "", started && { started });
  if (finished.exitCode === 0) {
    pair.gave(container, finished);
    return "0";
  }
  const { code } = refused(finished);
  await pair.end(node, container);
  return String(code);
}

test(
  "K66: a node that was rebooted meanwhile has lost nothing, and notices a lower revision alone",
  async () => {
    await using pair = await Pair.open(etcd());
    const snapshot = await pair.liveOn(LATER);
    await pair.end(pair.two, "y1");
    const reboot = () => pair.reboot(pair.one, ["a", "b1"]);
    await etcd().restore(snapshot, { ...BUMPED, meanwhile: reboot });
    await pair.add(pair.one, "new");
    await pair.expectSound();
    for (const n of [1, 3, 5]) await pair.end(pair.two, `fill${n}`);
    const later = await etcd().snapshot();
    for (const n of [1, 3]) await pair.add(pair.two, `again${n}`);
    await pair.reboot(pair.two, ["x", "again1", "again3"]);
    await etcd().restore(later);
    expect(await pair.refused(pair.two)).toStartWith("106 ");
  },
  LIMIT,
);

test(
  "K66: what a DEL freed after the snapshot is freed by evidence, and given out once",
  async () => {
    await using pair = await Pair.open(etcd());
    await pair.add(pair.one, "a");
    await pair.add(pair.two, "x");
    const snapshot = await etcd().snapshot();
    await pair.end(pair.one, "a");
    await pair.end(pair.two, "x");
    // Nobody has lost anything, so nobody need notice.
    await etcd().restore(snapshot, BUMPED);
    await pair.expectSound();
    await pair.end(pair.one, "fill0");
    const later = await etcd().snapshot();
    await pair.add(pair.one, "b");
    await etcd().restore(later);
    // A DEL notices too, and then frees.
    expect(refused(await pair.one.tryDel("fill2")).code).toBe(106);
    await pair.end(pair.one, "fill2");
    await pair.expectStopped();
    await pair.expectRecovered();
  },
  LIMIT,
);

test(
  "K66: an etcd that is restored again and again, also to a suspect state, is noticed each time",
  async () => {
    await using pair = await Pair.open(etcd());
    const snapshot = await pair.liveOn(LATER);
    await etcd().restore(snapshot, BUMPED);
    expect(await pair.refused(pair.one)).toStartWith("106 ");
    const suspect = await etcd().snapshot();
    await etcd().restore(snapshot, { bump: 2_000_000_000 });
    expect(await pair.refused(pair.two)).toStartWith("106 ");
    await pair.expectStopped();
    expect((await pair.recover()).exitCode).toBe(0);
    await pair.sound();
    for (const container of ["c1", "c2"]) await pair.add(pair.one, container);
    for (const again of [snapshot, suspect]) {
      await etcd().restore(again, { bump: 3_000_000_000 });
      expect(await pair.refused(pair.one)).toStartWith("106 ");
      await pair.expectStopped();
    }
    await pair.expectRecovered();
  },
  LIMIT,
);

test.each<[Way]>([["plugin"], ["agent"]])(
  "K66: answers of a recovery that an etcd is thrown back into are not believed (%s)",
  async (way) => {
    await using pair = await Pair.open(etcd(), [way, way]);
    await pair.add(pair.one, "a");
    await pair.add(pair.two, "x");
    const snapshot = await snapshotOfRecovery(pair, etcd());
    for (const container of ["b1", "b2"]) await pair.add(pair.one, container);
    await etcd().restore(snapshot, BUMPED);
    expect(await pair.refused(pair.one)).toStartWith("106 ");
    await pair.expectStopped();
    await pair.expectRecovered();
  },
  LIMIT,
);

test(
  "K66: one member of three that was restored as a cluster of its own is another lineage",
  async () => {
    await using three = await startEtcd({ version: "3.6", members: 3 });
    await using alone = await Pair.open(three);
    await using served = await Pair.open(three, ["agent", "agent"]);
    for (const pair of [alone, served]) {
      await pair.add(pair.one, "a");
      await pair.add(pair.two, "x");
    }
    const snapshot = await three.snapshot();
    for (const member of three.members.slice(1)) await member.kill();
    // Nothing was lost; but from now on there may be two of it.
    await three.restore(snapshot, { ...BUMPED, alone: true });
    await served.stopped();
    expect(await alone.refused(alone.two)).toMatch(/^106 .*its cluster was/);
    for (const pair of [alone, served]) {
      await pair.expectStopped();
      await pair.expectRecovered();
    }
  },
  LIMIT,
);
