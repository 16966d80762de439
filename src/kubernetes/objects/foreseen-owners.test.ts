import { expect, test } from "bun:test";
import type { AskingPod } from "../../ipam/cluster-port.ts";
import type { PodId } from "../../ipam/records.ts";
import { ForeseenOwners } from "./foreseen-owners.ts";

function pod(
  name: string,
  owner: string | undefined,
  annotations = { "kube-ipam.ip": "10.1.2.3" },
): AskingPod {
  const reference = {
    apiVersion: "apps/v1",
    kind: "StatefulSet",
    name: "db",
    uid: owner ?? "",
    controller: true,
  };
  return {
    namespace: "default",
    name,
    uid: `uid-${name}`,
    annotations,
    labels: {},
    deleting: false,
    finished: false,
    mirror: false,
    ownerReferences: owner === undefined ? [] : [reference],
  };
}

/** The pods whose owners are asked for after these appeared together. */
async function askedAfter(...pods: readonly AskingPod[]): Promise<string[]> {
  const asked: string[] = [];
  const find = ({ name }: PodId) => pods.find((each) => each.name === name);
  const ask = async ({ name }: AskingPod) => void asked.push(name);
  const owners = new ForeseenOwners({ pod: find, ask }, 1);
  for (const each of pods) owners.appeared(each);
  await Bun.sleep(20);
  return asked;
}

test("I32: pods of one workload that appear together cost one question", async () => {
  expect(await askedAfter(pod("a", "w1"), pod("b", "w1"), pod("c", "w2"))).toHaveLength(2);
});

test("I32: nobody asks for a pod that wants nothing lasting, or that nobody controls", async () => {
  expect(await askedAfter(pod("a", "w1", {} as never), pod("b", undefined))).toEqual([]);
});
