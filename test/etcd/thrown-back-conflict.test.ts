import { expect, test } from "bun:test";
import { etcdOfFile } from "../kit/etcd-of-file.ts";
import { BUMPED } from "../kit/etcd-restore.ts";
import { Pair } from "../kit/pair.ts";
import { eventually } from "../kit/wait.ts";

/** A node that has nothing newer gives out an address that a restored etcd has lost, before anybody notices. */

const LIMIT = 120_000;
const CONFLICTS = "kube_ipam_agent_store_conflicts";

const etcd = etcdOfFile({ version: "3.6" });

/** The thief has the address of the newest container, which is the node's witness. */
async function steal(pair: Pair): Promise<string> {
  const snapshot = await pair.liveOn({ one: ["b1", "b2"] });
  const lost = (await pair.heldFor("b2")) ?? "";
  if (pair.one.through === "agent") await pair.one.stopAgent();
  await etcd().restore(snapshot, BUMPED);
  expect(await pair.add(pair.two, "thief", `IP=${lost}`)).toBe(lost);
  return lost;
}

async function checked(node: Pair["one"]): Promise<string> {
  const { exitCode, stdout } = await node.command(["check", "--settle", "0"]);
  return `${exitCode} ${stdout}`;
}

test(
  "K67: both are told, and all others get addresses again after the recovery",
  async () => {
    await using pair = await Pair.open(etcd());
    const lost = await steal(pair);
    expect(await pair.refused(pair.one)).toStartWith("106 ");
    await pair.expectStopped();
    const { exitCode, recovered } = await pair.recover();
    expect(exitCode).toBe(1);
    expect(recovered.conflicts).toMatchObject([
      { address: lost, node: "n1", heldBy: expect.stringContaining("thief") },
    ]);
    expect(await checked(pair.one)).toMatch(new RegExp(`^1 .*duplicate +${lost} `, "s"));
    for (const [node, container] of [
      [pair.one, "c1"],
      [pair.two, "y1"],
      [pair.one, "c2"],
    ] as const)
      await pair.add(node, container);
    expect((await pair.meta())?.state).toBe("ready");
    await pair.end(pair.two, "thief");
    await pair.one.command(["recover", "--this-node"]);
    await pair.expectSound();
    expect(await checked(pair.one)).toStartWith("0 ");
  },
  LIMIT,
);

test(
  "K67: the agent tells of both in log and metric, as long as both live",
  async () => {
    await using pair = await Pair.open(etcd(), ["agent", "agent"]);
    const lost = await steal(pair);
    const conflicts = (count: number) =>
      eventually(async () => (await pair.metric(pair.one, CONFLICTS)) === count || undefined, 60_000);
    await pair.startAgent(pair.one);
    await pair.stopped();
    await conflicts(1);
    expect(pair.one.agentLog()).toMatch(new RegExp(`ERROR .*${lost} of container b2 is held by .*thief`));
    expect(await checked(pair.one)).toMatch(new RegExp(`^1 .*duplicate +${lost} `, "s"));
    expect((await pair.recover()).exitCode).toBe(1);
    await conflicts(1);
    await pair.add(pair.one, "c1");
    expect(await pair.metric(pair.one, CONFLICTS)).toBe(1);
    await pair.end(pair.two, "thief");
    await conflicts(0);
    await pair.expectSound();
  },
  LIMIT,
);
