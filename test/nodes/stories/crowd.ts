import { expect, test } from "bun:test";
import { hurtCharted } from "../../kit/nodes/chart.ts";
import type { Stage } from "../../kit/nodes/stage.ts";
import { deleteAll, recreate, renewed, underWay, whilst } from "./churn.ts";
import { end, running, type Seen, statefulSet } from "./workloads.ts";

const APP = "crowd";

/** What happens to the store in the middle of it. */
interface Outage {
  readonly what: string;
  happen(stage: Stage): Promise<void>;
}

export const ETCD_DOWN: Outage = {
  what: "etcd is down for 30 s",
  happen: async ({ etcd }) => {
    const [member] = etcd.members;
    await member?.kill();
    await Bun.sleep(30_000);
    member?.start();
  },
};

/** Connections stay open and nobody answers: of what was asked, nobody knows whether it happened. */
export const API_SERVER_FROZEN: Outage = {
  what: "the API server is frozen for 20 s",
  happen: async ({ kubernetes }) => {
    kubernetes.apiServer.freeze();
    await Bun.sleep(20_000);
    kubernetes.apiServer.thaw();
  },
};

/** Many pods with fixed addresses, while what serves them is killed, and while their store is away. */
export function crowd(stage: () => Stage, count: number, outage: Outage): void {
  const addresses = Array.from({ length: count }, (_, ordinal) => `10.188.20.${ordinal}`);
  let before: Seen[] = [];

  test(`${count} pods are created and re-created while agents and controller are killed and restarted`, async () => {
    const hurt = (round: number) => hurtCharted(stage(), round);
    const annotations = { "kube-ipam.ips": `${addresses[0]}-${addresses.at(-1)}` };
    await stage().kubernetes.apply(statefulSet({ name: APP, replicas: count, annotations }));
    before = await whilst(running(stage(), APP, count, 480_000), hurt);
    expect(addressesOf(before)).toEqual(addresses);
    await stage().settled();
    before = await whilst(recreate(stage(), APP, before), hurt);
    expect(addressesOf(before)).toEqual(addresses);
    await stage().settled();
  }, 1_200_000);

  test(`${outage.what} in the middle of re-creating them`, async () => {
    await deleteAll(stage(), APP);
    await underWay(stage(), APP, before, count / 5);
    await outage.happen(stage());
    expect(addressesOf(await renewed(stage(), APP, before))).toEqual(addresses);
    await stage().settled();
    await end(stage(), "statefulset", APP);
    await stage().settled();
  }, 1_200_000);
}

function addressesOf(pods: readonly Seen[]): string[] {
  return pods.map(({ address }) => address);
}
