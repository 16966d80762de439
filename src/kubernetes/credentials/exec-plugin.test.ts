import { afterAll, describe, expect, test } from "bun:test";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { eventually } from "../../../test/kit/wait.ts";
import { ExecPlugin } from "./exec-plugin.ts";

const folder = mkdtempSync(join(tmpdir(), "kube-ipam-exec-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const never = new AbortController().signal;
const shell = (script: string) => new ExecPlugin({ command: "sh", args: ["-c", script] });
const printing = (status: object) => shell(`echo '${JSON.stringify({ kind: "ExecCredential", status })}'`);

test("what hangs is ended with all that it has started", async () => {
  const pids = join(folder, "pids");
  const ending = new AbortController();
  const asked = shell(`sleep 600 & echo $$ $! > '${pids}.new'; mv '${pids}.new' '${pids}'; wait`).credential(
    ending.signal,
  );
  await eventually(async () => existsSync(pids) || undefined);
  const started = readFileSync(pids, "utf8").trim().split(" ").map(Number);
  expect(started.map(isAlive)).toEqual([true, true]);
  ending.abort();
  await expect(asked).rejects.toThrow();
  await eventually(async () => !started.some(isAlive) || undefined);
});

test("what is asked for too late is not waited for", async () => {
  await expect(shell("sleep 600").credential(AbortSignal.abort())).rejects.toThrow();
});

test("what it gave is kept until it expires, and no longer", async () => {
  const count = join(folder, "count");
  const counting = (expirationTimestamp?: string) => {
    const status = JSON.stringify({ token: "t", expirationTimestamp });
    return shell(`echo x >> '${count}'; echo '{"status":${status}}'`);
  };
  const runs = () => readFileSync(count, "utf8").trim().split("\n").length;
  const lasting = counting("2999-01-01T00:00:00Z");
  for (let time = 0; time < 2; time++) expect((await lasting.credential(never)).token).toBe("t");
  expect(runs()).toBe(1);
  for (const brief of [counting("2000-01-01T00:00:00Z"), counting()])
    for (let time = 0; time < 2; time++) await brief.credential(never);
  expect(runs()).toBe(5);
});

describe("an error says in words", () => {
  const nothing = "its exec plugin gave neither a token nor a client certificate with its key";
  test.each([
    ["that it failed", shell("exit 1"), "its exec plugin failed and said nothing"],
    ["that it printed something else", shell("echo hello"), "its exec plugin printed no ExecCredential"],
    ["that it has no status", shell("echo '{}'"), "its exec plugin printed no ExecCredential"],
    ["that it gave nothing", printing({}), nothing],
    ["that its token is empty", printing({ token: "" }), nothing],
    ["that its certificate has no key", printing({ clientCertificateData: "c" }), nothing],
    ["that there is no such program", new ExecPlugin({ command: "/nothing/here" }), "/nothing/here"],
  ])("%s", async (_name, plugin, words) => {
    await expect(plugin.credential(never)).rejects.toThrow(words);
  });
});

test("what it said is the cause of its failure, for the log, and no part of it", async () => {
  const failure = await shell("echo 'log in first' >&2; exit 1")
    .credential(never)
    .catch((error: Error) => error);
  expect(failure).toMatchObject({
    message: "its exec plugin failed; the log has what it said",
    cause: { name: "OthersWords", message: "log in first" },
  });
  const endless = shell("head -c 200000 /dev/zero | tr '\\0' x >&2; exit 1").credential(never);
  const { cause } = (await endless.catch((error: Error) => error)) as { cause: Error };
  expect(cause.message.length).toBeLessThan(1_100);
});

/** A zombie runs no more; who is to reap it may take its time. */
function isAlive(pid: number): boolean {
  try {
    return !/^State:\s+Z/m.test(readFileSync(`/proc/${pid}/status`, "utf8"));
  } catch {
    return false;
  }
}
