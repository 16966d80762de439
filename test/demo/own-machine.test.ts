import { describe, expect, test } from "bun:test";
import { join } from "node:path";
import { temporaryFolder } from "../kit/folder.ts";
import { withoutRealRoot } from "../kit/machine.ts";
import { runWatched } from "../kit/machine-traces.ts";
import { eventually } from "../kit/wait.ts";

/** The machine inside this one that real nodes run on. */

const OWN_MACHINE = join(import.meta.dir, "../../scripts/own-machine.sh");

/** What a node leaves that is ended in the middle: a cgroup, a file, a mount, a daemon that minds no signal. */
const UNTIDY = `
  for root in /sys/fs/cgroup /sys/fs/cgroup/*/; do
    [ ! -e "$root/cgroup.procs" ] || mkdir -p "$root/$KUBE_IPAM_MACHINE-node1/pod" || true
  done
  mkdir "$TMPDIR/disk" && mount -t tmpfs disk "$TMPDIR/disk" && ip link add ki-network type bridge
  (trap "" INT TERM HUP; exec setsid sleep 1000) &
  echo untidy`;

const missing = withoutRealRoot();
if (missing !== undefined) test.skip(`a machine of its own: ${missing}`, () => {});

describe.skipIf(missing !== undefined)("a machine of its own", () => {
  test("K280 it ends as its command does, and nothing of it is left", async () => {
    using folder = temporaryFolder("own-machine");
    const run = runWatched([OWN_MACHINE, "sh", "-c", `${UNTIDY}; sleep 1; exit 7`], folder);
    expect(await run.ended()).toBe(7);
    expect(run.output()).toBe("untidy\n");
    expect(run.seen()).toBeGreaterThan(3);
    expect(await run.traces()).toEqual([]);
  });

  for (const [name, signal, whom, exitCode] of [
    ["by Ctrl-C", "SIGINT", "group", 130],
    ["by the end of its terminal", "SIGHUP", "group", 143],
    ["by `kill`", "SIGTERM", "leader", 143],
  ] as const)
    test(`K281 ended ${name}, nothing of it is left`, async () => {
      using folder = temporaryFolder("own-machine");
      const run = runWatched([OWN_MACHINE, "sh", "-c", `${UNTIDY}; sleep 1000`], folder);
      await eventually(async () => run.output().includes("untidy") || undefined);
      await Bun.sleep(300);
      run.signal(signal, whom);
      expect(await run.ended()).toBe(exitCode);
      expect(await run.traces()).toEqual([]);
    });

  test("K281 what one leaves that is itself killed, the next one removes", async () => {
    using folder = temporaryFolder("own-machine");
    const run = runWatched([OWN_MACHINE, "sh", "-c", `${UNTIDY}; sleep 1000`], folder);
    await eventually(async () => run.output().includes("untidy") || undefined);
    await Bun.sleep(300);
    run.signal("SIGKILL", "leader");
    await run.ended();
    // No process outlives it; what can lie about does.
    const traces = await eventually(async () => {
      const found = await run.traces();
      return found.some((trace) => trace.startsWith("process")) ? undefined : found;
    });
    expect(traces.some((trace) => trace.startsWith("folder kube-ipam-"))).toBe(true);
    using other = temporaryFolder("own-machine");
    const next = runWatched(["env", `TMPDIR=${folder.file("tmp")}`, OWN_MACHINE, "true"], other);
    expect(await next.ended()).toBe(0);
    expect(await run.traces()).toEqual([]);
  });
});
