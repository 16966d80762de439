import { expect, test } from "bun:test";
import { REPLICA_SETS, STATEFUL_SETS } from "../api/kinds.ts";
import type { AnyObject } from "../api/shapes.ts";
import { SharedControllers } from "./shared-controllers.ts";

const named = { namespace: "default", name: "db", uid: "u1" };
const soon = () => performance.now() + 1_000;

/** A cluster whose StatefulSet has the UID that the test says, and counts how often it is asked. */
function shared(freshMs?: number) {
  const state = { uid: "u1", asked: 0, fails: false };
  const controllers = new SharedControllers(async <T extends AnyObject>() => {
    state.asked += 1;
    if (state.fails) throw new Error("no answer");
    return { metadata: { name: "db", uid: state.uid }, spec: {} } as unknown as T;
  }, freshMs);
  const ask = async (rank: number | undefined, seen: number, uid = "u1") => {
    const object = await controllers.for(rank, seen)(STATEFUL_SETS, { ...named, uid }, soon());
    return object?.metadata.uid;
  };
  return { state, ask, controllers };
}

test("I32: one question serves all pods that the watch had shown before it", async () => {
  const { ask, state } = shared();
  expect(await Promise.all([1, 2, 3].map((rank) => ask(rank, 3)))).toEqual(["u1", "u1", "u1"]);
  expect(state.asked).toBe(1);
  // One that came later has a question of its own, which serves those before it too.
  await ask(4, 5);
  await ask(5, 5);
  await ask(1, 5);
  expect(state.asked).toBe(2);
});

test("I32: a pod that the watch does not show is asked for live, each time", async () => {
  const { ask, state } = shared();
  await ask(1, 1);
  await ask(undefined, 1);
  await ask(undefined, 1);
  expect(state.asked).toBe(3);
});

test("I32: an answer of another UID, or an old one, is not believed", async () => {
  const { ask, state } = shared();
  await ask(1, 2);
  state.uid = "u2";
  expect(await ask(2, 2, "u2")).toBe("u2");
  expect(state.asked).toBe(2);
  const aged = shared(0);
  await aged.ask(1, 2);
  await aged.ask(2, 2);
  expect(aged.state.asked).toBe(2);
});

test("I32: who shares a question that fails asks again", async () => {
  const { ask, state } = shared();
  state.fails = true;
  const first = ask(1, 2).catch(() => "failed");
  state.fails = false;
  expect(await ask(2, 2)).toBe("u1");
  expect(await first).toBe("failed");
  expect(state.asked).toBe(2);
});

test("kinds and namespaces are told apart", async () => {
  const { controllers, state } = shared();
  const read = controllers.for(1, 1);
  await read(STATEFUL_SETS, named, soon());
  await read(REPLICA_SETS, named, soon());
  await read(STATEFUL_SETS, { ...named, namespace: "other" }, soon());
  expect(state.asked).toBe(3);
});
