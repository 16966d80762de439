import { describe, expect, test } from "bun:test";
import { etcdOfFile } from "../kit/etcd-of-file.ts";
import { BUMPED } from "../kit/etcd-restore.ts";
import { Pair, type Way } from "../kit/pair.ts";
import { expectNoticedByAdd, expectNoticedByAgents } from "../kit/pair-thrown-back.ts";

/** Two machines on a real etcd that is restored from a snapshot, with and without a bump of its revision. */

const LIMIT = 120_000;

const etcd = etcdOfFile({ version: "3.6" });

/** A life after the snapshot, which only the first node has seen. */
const LATER = { one: ["b1", "b2", "b3", "b4"] };

const ALONE: [Way, Way] = ["plugin", "plugin"];
const MIXED: [Way, Way][] = [ALONE, ["agent", "plugin"], ["plugin", "agent"]];

describe.each([
  ["with a bump", BUMPED, MIXED],
  ["without a bump", {}, [ALONE]],
] as const)("K65: an etcd restored %s", (_, how, ways) => {
  test.each([...ways])(
    "stops both nodes with the next ADD of the busy one, and recover brings all back (%s, %s)",
    async (first, second) => {
      await using pair = await Pair.open(etcd(), [first, second]);
      await expectNoticedByAdd(pair, LATER, (snapshot) => etcd().restore(snapshot, how));
    },
    LIMIT,
  );

  test(
    "is noticed by agents of quiet nodes, who write again what is lost, and recover ends it",
    async () => {
      await using pair = await Pair.open(etcd(), ["agent", "agent"]);
      await expectNoticedByAgents(pair, LATER, (snapshot) => etcd().restore(snapshot, how));
    },
    LIMIT,
  );
});

test(
  "K65: a snapshot that is older than the first pod of the node, or than all, is noticed as well",
  async () => {
    await using pair = await Pair.open(etcd());
    const empty = await etcd().snapshot();
    await pair.add(pair.two, "x");
    const snapshot = await etcd().snapshot();
    for (const container of ["b1", "b2"]) await pair.add(pair.one, container);
    await etcd().restore(snapshot, BUMPED);
    expect(await pair.refused(pair.one)).toStartWith("106 ");
    await pair.expectStopped();
    await etcd().restore(empty, { bump: 2_000_000_000 });
    expect(await pair.refused(pair.two)).toStartWith("106 ");
    await pair.expectStopped();
    await pair.expectRecovered();
  },
  LIMIT,
);

test(
  "K65: store accept ends the suspicion on the node that noticed, and on no other",
  async () => {
    await using pair = await Pair.open(etcd());
    const snapshot = await pair.liveOn(LATER);
    await etcd().restore(snapshot, BUMPED);
    expect(await pair.refused(pair.one)).toStartWith("106 ");
    const other = await pair.two.command(["store", "accept"]);
    expect(`${other.exitCode} ${other.stderr}`).toMatch(/^1 .*node n1 has stopped all nodes/s);
    await pair.expectStopped();
    for (const container of LATER.one) await pair.vanish(pair.one, container);
    expect((await pair.one.command(["store", "accept"])).exitCode).toBe(0);
    await pair.expectSound();
  },
  LIMIT,
);
