import { expect } from "bun:test";
import type { Pair } from "./pair.ts";
import { eventually } from "./wait.ts";

const SUSPECT = "kube_ipam_agent_store_suspect";

/** Lives that the snapshot does not know. */
type Later = Parameters<Pair["liveOn"]>[0];

/** Puts the store back to a snapshot. */
type Restore = (snapshot: string) => Promise<unknown>;

/** A store that is thrown back stops both nodes with the next ADD of the busy one, and `recover` brings all back. */
export async function expectNoticedByAdd(pair: Pair, later: Later, restore: Restore): Promise<void> {
  await restore(await pair.liveOn(later));
  expect(await pair.refused(pair.one)).toStartWith("106 ");
  expect((await pair.meta())?.suspicion?.node).toBeOneOf(["n1", "n2"]);
  await pair.expectStopped();
  await pair.expectRecovered();
}

/** Agents of quiet nodes notice it, and write again what is lost; `recover` ends it. */
export async function expectNoticedByAgents(pair: Pair, later: Later, restore: Restore): Promise<void> {
  await restore(await pair.liveOn(later));
  const { suspicion } = await pair.stopped();
  expect(await pair.refused(pair.two)).toStartWith(`106 node ${suspicion?.node} has stopped all nodes`);
  await pair.expectStopped();
  await eventually(async () => (await pair.metric(pair.two, SUSPECT)) === 1 || undefined);
  await pair.sound();
  await pair.expectRecovered();
  await eventually(async () => (await pair.metric(pair.two, SUSPECT)) === 0 || undefined);
}
