import { afterAll, beforeAll, expect, test } from "bun:test";
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { type EtcdCluster, startEtcd } from "../kit/etcd.ts";
import { readFromEtcd } from "../kit/etcd-metrics.ts";
import { within } from "../kit/etcd-records.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";
import { addressOf, type Fill, fillEtcd, nodeOf, podOf, SPACE } from "../kit/filled-etcd.ts";
import { type FilledKubernetes, filledKubernetes } from "../kit/filled-kubernetes.ts";
import { run } from "../kit/run.ts";

/** The operators' verbs of the built executable in a store of a few thousand records: what they read, by etcd's count. */

const FILL: Fill = { nodes: 60, allocations: 3_000, reservations: 300 };
const EXECUTABLE = join(import.meta.dir, "../../dist/kube-ipam");
/** KiB of one record, and of one page of a listing. */
const [RECORD, PAGE] = [1.2, 600];

let etcd: EtcdCluster;
let kubernetes: FilledKubernetes;
let file: string;

beforeAll(async () => {
  etcd = await startEtcd({ version: "3.6" });
  await fillEtcd(etcdSettings(etcd), FILL);
  kubernetes = filledKubernetes(FILL, etcd.folder.file("kubeconfig"));
  file = etcd.folder.file("node.json");
  const folders = {
    dataDir: etcd.folder.file("node"),
    runDir: etcd.folder.file("run"),
    nodeName: "operator",
  };
  writeFileSync(file, JSON.stringify({ etcdConfig: { etcdURL: etcd.endpoints.join() }, ...folders }));
}, 120_000);
afterAll(async () => {
  kubernetes?.[Symbol.dispose]();
  await etcd?.[Symbol.asyncDispose]();
});

/** Runs a verb; what it printed, and how many KiB etcd sent for it. */
async function ask(...args: string[]) {
  const before = await readFromEtcd(etcd);
  const finished = await run([EXECUTABLE, ...args, "--config", file], { limit: 60_000 });
  const kib = ((await readFromEtcd(etcd)).bytes - before.bytes) / 1024;
  return { ...finished, kib };
}

async function list(...args: string[]) {
  const { exitCode, kib, stderr, stdout } = await ask("ip", "list", "-o", "json", ...args);
  expect([exitCode, stderr]).toEqual([0, ""]);
  return { items: JSON.parse(stdout) as { address: string; node?: string; state: string }[], kib };
}

test("K207: a verb that asks for one thing reads one thing", async () => {
  const whole = await list();
  expect(whole.items).toHaveLength(FILL.allocations + FILL.reservations);
  expect(whole.kib).toBeGreaterThan(FILL.allocations * 0.5);
  const node = await list("--node", nodeOf(7, FILL));
  expect(node.items).toHaveLength(FILL.allocations / FILL.nodes);
  expect(node.kib).toBeLessThan(2 * RECORD * node.items.length);
  const block = await list("--address", "10.0.2.0/28");
  expect(block.items.map(({ address }) => address)).toEqual(
    Array.from({ length: 16 }, (_, n) => `10.0.2.${n}`),
  );
  expect(block.kib).toBeLessThan(2 * RECORD * 16);
  const shown = await ask("ip", "show", addressOf(1_000));
  expect(shown.kib).toBeLessThan(10);
  const who = await ask("ip", "who", addressOf(1_000), "-o", "json");
  expect(JSON.parse(who.stdout)).toMatchObject([{ state: "allocated", pod: podOf(1_000) }]);
  expect(who.kib).toBeLessThan(10);
  const status = await ask("store", "status", "-o", "json");
  expect(JSON.parse(status.stdout).records).toMatchObject({
    allocations: 3_000,
    attachments: 3_000,
    owners: 150,
  });
  expect(status.kib).toBeLessThan(20);
}, 60_000);

test("K207: a listing is printed while it is read, and ends where nobody reads it", async () => {
  const { namespace, name } = podOf(42);
  const pod = await ask("ip", "who", `${namespace}/${name}`, "-o", "json");
  expect(JSON.parse(pod.stdout)).toMatchObject([{ address: addressOf(42), state: "allocated" }]);
  const before = await readFromEtcd(etcd);
  await run(["sh", "-c", `"$0" ip list --config "$1" | head -n 1`, EXECUTABLE, file]);
  const kib = ((await readFromEtcd(etcd)).bytes - before.bytes) / 1024;
  expect(kib).toBeLessThan(4 * PAGE);
}, 60_000);

test("K228: a listing whose reader pauses for longer than a request may take is whole", async () => {
  const listing = '("$0" ip list -o json --config "$1" --timeout 3; echo "exit $?" >&2)';
  const reader = "(head -c 700000; sleep 3.5; cat)";
  const { stderr, stdout } = await run(["sh", "-c", `${listing} | ${reader}`, EXECUTABLE, file], {
    limit: 60_000,
  });
  expect(stderr).toBe("exit 0\n");
  expect(JSON.parse(stdout)).toHaveLength(FILL.allocations + FILL.reservations);
}, 60_000);

test("K208: check compares everything, reads each record once, and finds the one fault", async () => {
  const live = ["--kubeconfig", kubernetes.kubeconfig];
  const healthy = await ask("check", "-o", "json", ...live);
  expect(JSON.parse(healthy.stdout)).toMatchObject({
    findings: [],
    judged: { allocations: FILL.allocations, pods: FILL.allocations },
    unjudged: 0,
  });
  expect([healthy.exitCode, healthy.kib < 2 * RECORD * FILL.allocations]).toEqual([0, true]);
  const store = await openEtcdStore(etcdSettings(etcd));
  const ref = { kind: "allocation", space: SPACE, address: { family: 4, value: 0x0a00_0001n } } as const;
  const found = (await store.read({ refs: [ref] }, within(10_000))).get(ref);
  if (found === undefined) throw new Error("expected an allocation");
  const write = (
    deletes: readonly (typeof ref)[],
    puts: readonly { ref: typeof ref; record: typeof found.record }[],
  ) => store.commit({ guards: [], puts, deletes }, within(10_000));
  await write([ref], []);
  const broken = await ask("check", "-o", "json", "--settle", "0", ...live);
  const reasons = JSON.parse(broken.stdout).findings.map((each: { reason: string }) => each.reason);
  expect([broken.exitCode, reasons.sort()]).toEqual([1, ["no-allocation", "not-held"]]);
  await write([], [{ ref, record: found.record }]);
  await store.close();
}, 60_000);

test("K209: an export is whole, and another store takes it", async () => {
  const exported = await ask("store", "export");
  const document = etcd.folder.file("export.json");
  writeFileSync(document, exported.stdout);
  const { records } = JSON.parse(readFileSync(document, "utf8"));
  expect(records).toHaveLength(2 * FILL.allocations + 1.5 * FILL.reservations + 1);
  expect(exported.stderr).toBe(`${records.length} records\n`);
  const again = await ask("store", "import", "--dry-run", document, "-o", "json");
  expect(JSON.parse(again.stdout)).toMatchObject({ alreadyThere: records.length, conflicts: 0, toWrite: 0 });
}, 60_000);

test("K210: gc reads the holders of reserved addresses many at once, and asks once for each owner", async () => {
  const before = await readFromEtcd(etcd);
  const asked = kubernetes.requests();
  const { exitCode, stderr } = await ask("gc", "--dry-run", "--kubeconfig", kubernetes.kubeconfig);
  expect([exitCode, stderr]).toEqual([0, "nothing is to be freed\n"]);
  expect(kubernetes.requests() - asked).toBeLessThan(20);
  const after = await readFromEtcd(etcd);
  expect(after.ranges - before.ranges).toBeLessThan(2 * FILL.reservations);
}, 60_000);
