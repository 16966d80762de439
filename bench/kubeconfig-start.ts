import { readFileSync } from "node:fs";
import { added, invoke } from "../test/kit/cni.ts";
import { temporaryFolder } from "../test/kit/folder.ts";
import { kubeIpamExecutable } from "../test/kit/subject-kube-ipam.ts";
import { POD_ARGS, startPodApi } from "./pod-api.ts";
import { markdown, median, ms } from "./statistics.ts";

/**
 * The plugin's whole process for a cold ADD of a pod whose annotations it asks an API server for, by
 * a kubeconfig and over TLS, against another build of it:
 * `bun bench/kubeconfig-start.ts OTHER-EXECUTABLE [--short]`. The two alternate in pairs.
 * Both executables should be copies in one folder: how a file came to its disk moves its peak memory.
 * `--short` proves that the program works and nothing else.
 */

const SHORT = process.argv.includes("--short");
const PAIRS = SHORT ? 2 : 60;
/** The first ones only warm the page cache. */
const WARM = 3;
/** Of Debian's package `time`: what a child of this large process uses is told only by a small one. */
const TIME = "/usr/bin/time";
const ANNOTATION = "10.1.2.7";

interface Build {
  readonly executable: string;
  readonly milliseconds: number[];
  readonly mebibytes: number[];
}

const [, , other] = process.argv;
if (other === undefined || other.startsWith("-"))
  throw new Error("expected the path of the executable to compare with");
using folder = temporaryFolder("kubeconfig-start");
const api = await startPodApi(folder, { "kube-ipam.ip": ANNOTATION });
const builds = [kubeIpamExecutable(), other].map(
  (executable): Build => ({ executable, milliseconds: [], mebibytes: [] }),
);
for (let pair = -WARM; pair < PAIRS; pair += 1)
  for (const [index, build] of builds.entries()) await addAndDelete(build, `b${index}`, pair);
await api.stop();
report();

async function addAndDelete(build: Build, data: string, pair: number): Promise<void> {
  const call = {
    container: `c${pair + WARM}`,
    netns: "/proc/self/ns/net",
    ifname: "eth0",
    args: POD_ARGS,
  };
  const ipam = {
    type: "kube-ipam",
    subnet: "10.1.2.0/24",
    dataDir: folder.file(data),
    runDir: folder.file(`${data}-run`),
    logFile: folder.file(`${data}-log`),
    kubeConfig: api.kubeConfig,
    nodeLocal: true,
  };
  const net = { cniVersion: "1.0.0", name: "net1", type: "macvlan", ipam };
  const env = { KUBE_IPAM_CONFIG: folder.file("none.json") };
  const used = folder.file("used");
  const prefix = [TIME, "-f", "%M", "-o", used];
  const finished = await invoke(build.executable, "ADD", call, net, { env, prefix });
  if (!added(finished).ips.some(({ address }) => address.startsWith(`${ANNOTATION}/`)))
    throw new Error(`expected the address of the annotation, got ${finished.stdout}`);
  await invoke(build.executable, "DEL", call, net, { env });
  if (pair < 0) return;
  build.milliseconds.push(finished.milliseconds);
  build.mebibytes.push(Number(readFileSync(used, "utf8")) / 1024);
}

function report(): void {
  const [ours, theirs] = builds;
  if (ours === undefined || theirs === undefined) return;
  const row = (what: string, values: (build: Build) => readonly number[]) => {
    const ratios = values(ours).map((value, pair) => value / (values(theirs)[pair] ?? Number.NaN));
    return [what, ms(median(values(ours))), ms(median(values(theirs))), median(ratios).toFixed(2)];
  };
  console.log(
    markdown([
      [`cold ADD of a pod by kubeconfig, ${PAIRS} pairs`, ours.executable, theirs.executable, "ratio"],
      row("milliseconds", (build) => build.milliseconds),
      row("peak MiB", (build) => build.mebibytes),
    ]),
  );
}
