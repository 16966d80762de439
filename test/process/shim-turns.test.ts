import { expect, test } from "bun:test";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { refused } from "../kit/cni.ts";
import { CONFIGURATION, type Field, makeField } from "../kit/shim-field.ts";
import { eventually } from "../kit/wait.ts";

/**
 * Without an agent the shim lets a few complete plugins run at once; the others wait for their turn
 * within their deadline (K160 to K163). The complete plugin is played by a script that writes down when
 * it begins and ends, and works until the test lets it go.
 */

const FULL = `#!/bin/sh
here=$(dirname "$KUBE_IPAM_AGENT_SOCKET")
echo "begin $CNI_COMMAND $$" >>"$here/lines"
while [ ! -e "$here/go" ]; do sleep 0.02; done
sleep 0.05
echo "end $CNI_COMMAND" >>"$here/lines"
cat
`;

test("K160: of many ADDs three complete plugins run at once, and every one has its turn", async () => {
  await using field = await makeField(FULL);
  const all = Promise.all(Array.from({ length: 12 }, () => field.run()));
  await begun(field, 3);
  await Bun.sleep(300);
  expect(lines(field)).toHaveLength(3);
  letGo(field);
  const outputs = (await all).map(({ stdout }) => stdout);
  expect(outputs).toEqual(Array.from({ length: 12 }, () => CONFIGURATION));
  expect(mostAtOnce(field)).toBe(3);
}, 30_000);

test("K161: a DEL goes ahead of the ADDs that may wait for it", async () => {
  await using field = await makeField(FULL);
  const adds = Promise.all(Array.from({ length: 6 }, () => field.run()));
  await begun(field, 3);
  const other = field.run({ CNI_COMMAND: "DEL" });
  await begun(field, 4);
  expect(lines(field).filter((line) => line.startsWith("begin DEL"))).toHaveLength(1);
  letGo(field);
  await Promise.all([adds, other]);
  expect(mostAtOnce(field)).toBe(4);
}, 30_000);

test.each(["STATUS", "VERSION"])(
  "K170: %s waits for nobody while all places are taken and others wait",
  async (verb) => {
    await using field = await makeField(FULL);
    const storm = ["ADD", "ADD", "ADD", "ADD", "DEL", "DEL", "DEL"];
    const others = Promise.all(storm.map((CNI_COMMAND) => field.run({ CNI_COMMAND })));
    await begun(field, 4);
    const asked = field.run({ CNI_COMMAND: verb });
    await begun(field, 5);
    expect(lines(field).filter((line) => line.startsWith(`begin ${verb}`))).toHaveLength(1);
    letGo(field);
    expect((await asked).stdout).toBe(CONFIGURATION);
    await others;
  },
  30_000,
);

test("K162: whose turn does not come in time gets error 11, and no plugin is started for it", async () => {
  await using field = await makeField(FULL);
  const adds = Promise.all(Array.from({ length: 3 }, () => field.run()));
  await begun(field, 3);
  const late = [field.run({ KUBE_IPAM_DEADLINE_MS: "800" }), field.run({ KUBE_IPAM_DEADLINE_MS: "800" })];
  for (const finished of await Promise.all(late)) {
    expect(refused(finished)).toMatchObject({
      code: 11,
      msg: "too many calls of kube-ipam wait on this node",
    });
  }
  letGo(field);
  await adds;
  expect(lines(field).filter((line) => line.startsWith("begin"))).toHaveLength(3);
}, 30_000);

test("K163: a plugin that is killed leaves its place", async () => {
  await using field = await makeField(FULL);
  const adds = [field.run(), field.run(), field.run()];
  const [first] = await begun(field, 3);
  const fourth = field.run();
  process.kill(Number(first?.split(" ")[2]), "SIGKILL");
  await begun(field, 4);
  letGo(field);
  expect((await fourth).stdout).toBe(CONFIGURATION);
  await Promise.all(adds);
}, 30_000);

test("K163: where there can be no locks nobody waits", async () => {
  await using field = await makeField();
  const finished = await field.run({ KUBE_IPAM_AGENT_SOCKET: "/proc/self/agent.sock" });
  expect(finished.stdout).toStartWith("full ADD");
}, 30_000);

function lines(field: Field): readonly string[] {
  const path = field.folder.file("lines");
  return existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : [];
}

/** Waits until so many complete plugins have begun; their lines. */
function begun(field: Field, count: number): Promise<readonly string[]> {
  return eventually(async () => (lines(field).length >= count ? lines(field) : undefined));
}

function letGo(field: Field): void {
  writeFileSync(field.folder.file("go"), "");
}

function mostAtOnce(field: Field): number {
  let running = 0;
  let most = 0;
  for (const line of lines(field)) {
    running += line.startsWith("begin") ? 1 : -1;
    most = Math.max(most, running);
  }
  return most;
}
