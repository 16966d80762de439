import { readFileSync, writeFileSync } from "node:fs";
import { makeAuthority } from "../test/kit/certificates.ts";
import { added, invoke } from "../test/kit/cni.ts";
import { type Folder, temporaryFolder } from "../test/kit/folder.ts";
import { kubeIpamExecutable } from "../test/kit/subject-kube-ipam.ts";
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
const server = await startApi(folder);
const builds = [kubeIpamExecutable(), other].map(
  (executable): Build => ({ executable, milliseconds: [], mebibytes: [] }),
);
for (let pair = -WARM; pair < PAIRS; pair += 1)
  for (const [index, build] of builds.entries()) await addAndDelete(build, `b${index}`, pair);
await server.stop(true);
report();

/** Answers for one pod, whose annotation wishes for an address. */
async function startApi({ path }: Folder) {
  const authority = await makeAuthority(path, "ca");
  const { certFile, keyFile } = await authority.issue({ name: "api", hosts: ["127.0.0.1"] });
  const pod = {
    metadata: { name: "p", namespace: "default", uid: "u1", annotations: { "kube-ipam.ip": ANNOTATION } },
    spec: {},
  };
  const api = Bun.serve({
    port: 0,
    hostname: "127.0.0.1",
    tls: { cert: readFileSync(certFile, "utf8"), key: readFileSync(keyFile, "utf8") },
    fetch: ({ url }) => (url.endsWith("/pods/p") ? Response.json(pod) : new Response("{}", { status: 404 })),
  });
  const ca = readFileSync(authority.caFile).toString("base64");
  const cluster = { server: `https://127.0.0.1:${api.port}`, "certificate-authority-data": ca };
  const kubeConfig = {
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user: { token: "t".repeat(900) } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
  writeFileSync(folder.file("kubeconfig"), Bun.YAML.stringify(kubeConfig, null, 2));
  return api;
}

async function addAndDelete(build: Build, data: string, pair: number): Promise<void> {
  const call = {
    container: `c${pair + WARM}`,
    netns: "/proc/self/ns/net",
    ifname: "eth0",
    args: "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=p;K8S_POD_UID=u1",
  };
  const ipam = {
    type: "kube-ipam",
    subnet: "10.1.2.0/24",
    dataDir: folder.file(data),
    runDir: folder.file(`${data}-run`),
    logFile: folder.file(`${data}-log`),
    kubeConfig: folder.file("kubeconfig"),
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
