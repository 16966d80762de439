import { expect, test } from "bun:test";
import type { Stage } from "../../kit/nodes/stage.ts";
import { deleteAll, recreate, renewed, underWay, whilst } from "./churn.ts";
import { end, running, type Seen, statefulSet } from "./workloads.ts";

const APP = "crowd";
const PODS = 100;
const OUTAGE_MS = 30_000;

/** A hundred pods with fixed addresses, while what serves them is killed. `hurt` does it once. */
export function crowd(stage: () => Stage, hurt: (stage: Stage, round: number) => Promise<void>): void {
  let before: Seen[] = [];

  test(`${PODS} pods are created and re-created while agents and controller are killed and restarted`, async () => {
    await stage().kubernetes.apply(CROWD);
    before = await whilst(running(stage(), APP, PODS, 480_000), (round) => hurt(stage(), round));
    expect(addressesOf(before)).toEqual(ADDRESSES);
    await stage().settled();
    before = await whilst(recreate(stage(), APP, before), (round) => hurt(stage(), round));
    expect(addressesOf(before)).toEqual(ADDRESSES);
    await stage().settled();
  }, 1_200_000);

  test("etcd is down for 30 s in the middle of re-creating them", async () => {
    const [member] = stage().etcd.members;
    await deleteAll(stage(), APP);
    await underWay(stage(), APP, before, PODS / 5);
    await member?.kill();
    await Bun.sleep(OUTAGE_MS);
    member?.start();
    expect(addressesOf(await renewed(stage(), APP, before))).toEqual(ADDRESSES);
    await stage().settled();
    await end(stage(), "statefulset", APP);
    await stage().settled();
  }, 1_200_000);
}

const ADDRESSES = Array.from({ length: PODS }, (_, ordinal) => `10.188.20.${ordinal}`);

const CROWD = statefulSet({
  name: APP,
  replicas: PODS,
  annotations: { "kube-ipam.ips": `${ADDRESSES[0]}-${ADDRESSES[PODS - 1]}` },
});

function addressesOf(pods: readonly Seen[]): string[] {
  return pods.map(({ address }) => address);
}
