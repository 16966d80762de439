import { expect } from "bun:test";
import { startFakeApi } from "../../src/kubernetes/testing/fake-api.ts";
import { alone, ours } from "../kit/case.ts";
import { run, tool } from "../kit/run.ts";
import type { Configuration, World } from "../kit/world.ts";

/** BOUNDED: where a file is configured, a pipe that nobody writes to holds up no verb, and no agent. */

const SUBNET = { subnet: "10.1.2.0/24", nodeLocal: true };
const POD = "IgnoreUnknown=1;K8S_POD_NAMESPACE=default;K8S_POD_NAME=p;K8S_POD_UID=u";
const NO_FILE = /is not a regular file/;

ours("BOUNDED", "a log that is a pipe harms no verb", async (world) => {
  const net = world.network({ ...SUBNET, logFile: await pipe(world), logLevel: "debug" });
  await world.add(net);
  await world.del(net);
});

ours("BOUNDED", "a resolvConf that is a pipe is error 5", async (world) => {
  await refused(world, { resolvConf: await pipe(world) }, 5);
});

for (const key of ["etcdCertFile", "etcdKeyFile", "etcdTrustedCAFile"]) {
  ours("BOUNDED", `an ${key} that is a pipe is error 105`, async (world) => {
    const file = world.place.folder.file("empty");
    await Bun.write(file, "");
    const files = {
      etcdCertFile: file,
      etcdKeyFile: file,
      etcdTrustedCAFile: file,
      [key]: await pipe(world),
    };
    await refused(world, { etcdConfig: { etcdURL: "https://127.0.0.1:1", ...files } }, 105);
  });
}

ours("BOUNDED", "a kubeConfig that is a pipe is error 104", async (world) => {
  await refused(world, { kubeConfig: await pipe(world) }, 104);
});

for (const key of ["client-certificate", "client-key", "tokenFile"]) {
  ours("BOUNDED", `a kubeconfig whose ${key} is a pipe is error 104`, async (world) => {
    const api = startFakeApi();
    try {
      await refused(world, { kubeConfig: api.kubeConfig({ [key]: await pipe(world) }) }, 104);
    } finally {
      api.close();
    }
  });
}

ours("BOUNDED", "a kubeconfig whose certificate-authority is a pipe is error 104", async (world) => {
  const api = startFakeApi();
  try {
    const authority = { "certificate-authority": await pipe(world) };
    await refused(world, { kubeConfig: api.kubeConfig({ token: "t" }, authority) }, 104);
  } finally {
    api.close();
  }
});

ours("BOUNDED", "a node's file that is a pipe is error 5", async (world) => {
  await tool("mkfifo", world.place.env.KUBE_IPAM_CONFIG ?? "");
  await refused(world, {}, 5);
});

alone("BOUNDED", "but a person may hand over a pipe", async (world) => {
  const api = startFakeApi();
  try {
    const shell = 'exec "$0" kubectl list --timeout 5 --kubeconfig <(cat "$1")';
    const finished = await run(["bash", "-c", shell, world.place.executable, api.kubeConfig()]);
    expect(finished.stderr).not.toMatch(NO_FILE);
    expect(api.requests.length).toBeGreaterThan(0);
  } finally {
    api.close();
  }
});

async function pipe(world: World): Promise<string> {
  const path = world.place.folder.file("pipe");
  await tool("mkfifo", path);
  return path;
}

async function refused(world: World, ipam: Configuration, code: number): Promise<void> {
  const net = world.network({ ...SUBNET, ...ipam });
  const call = "kubeConfig" in ipam ? { args: POD } : {};
  await world.refused("ADD", net, call, { code, text: NO_FILE });
}
