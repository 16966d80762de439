import { expect } from "bun:test";
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from "node:fs";
import { kubeConfigText } from "../../src/kubernetes/testing/kubeconfig.ts";
import { ours } from "../kit/case.ts";
import { podArgs } from "../kit/shown-objects.ts";
import { eventually } from "../kit/wait.ts";
import type { World } from "../kit/world.ts";

/**
 * What a network may name without the node's file (docs/design.md section 7): nothing of another program is
 * written to, started or shown.
 */

const SUBNET = { subnet: "10.1.2.0/24" };

/** A folder of another program, outside of /tmp. */
function othersFolder(): Disposable & { readonly path: string } {
  const path = mkdtempSync("/dev/shm/kube-ipam-others-");
  writeFileSync(`${path}/passwd`, "root:x:0:0::/root:/bin/sh\n");
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true }) };
}

for (const key of ["dataDir", "runDir"]) {
  ours("E43", `${key}: a folder of other files is refused, and nothing is made there`, async (world) => {
    using folder = othersFolder();
    const net = world.network({ ...SUBNET, [key]: folder.path }, { cniVersion: "1.1.0" });
    const refusal = { code: 7, text: new RegExp(`ipam\\.${key}.*other files`) };
    await world.refused("ADD", net, {}, refusal);
    await world.refused("STATUS", net, {}, refusal);
    expect(readdirSync(folder.path)).toEqual(["passwd"]);
    expect(await world.held()).toEqual([]);
  });

  ours("E43", `${key}: a folder that others may write in is refused`, async (world) => {
    using folder = othersFolder();
    const open = `${folder.path}/open`;
    mkdirSync(open);
    chmodSync(folder.path, 0o755);
    chmodSync(open, 0o777);
    const net = world.network({ ...SUBNET, [key]: `${open}/below` });
    await world.refused("ADD", net, {}, { code: 7, text: /others than root may write/ });
    expect(readdirSync(open)).toEqual([]);
  });
}

ours("E43", "what a link and a '..' behind it lead to is judged", async (world) => {
  using folder = othersFolder();
  mkdirSync(`${folder.path}/below`);
  mkdirSync(`${folder.path}/beside`);
  symlinkSync(`${folder.path}/below`, `${folder.path}/beside/link`);
  // As text it is the folder beside, which is empty but for the link.
  const net = world.network({ ...SUBNET, dataDir: `${folder.path}/beside/link/../` });
  await world.refused("ADD", net, {}, { code: 7, text: /other files/ });
  const missing = world.network({ ...SUBNET, dataDir: `${folder.path}/beside/link/../../beside/none/../` });
  await world.refused("ADD", missing, {}, { code: 7, text: /leads back over what is not there/ });
  expect(readdirSync(folder.path).sort()).toEqual(["below", "beside", "passwd"]);
});

ours("E43", "DEL goes on, and leaves the refused folder alone", async (world) => {
  using folder = othersFolder();
  await world.del(world.network({ ...SUBNET, dataDir: folder.path }));
  expect(readdirSync(folder.path)).toEqual(["passwd"]);
});

ours(
  "E50",
  "DEL and CHECK find what an ADD did in a folder that others may write in by now",
  async (world) => {
    using folder = othersFolder();
    chmodSync(folder.path, 0o755);
    const net = world.network({ ...SUBNET, dataDir: `${folder.path}/data` });
    const { ips } = await world.add(net);
    chmodSync(folder.path, 0o777);
    await world.refused("ADD", net, { container: "c2" }, { code: 7, text: /others than root may write/ });
    const checked = { ...net, prevResult: { cniVersion: "1.0.0", ips } };
    await world.quietly("CHECK", checked);
    await world.del(net);
    chmodSync(folder.path, 0o755);
    await world.refused("CHECK", checked, {}, { code: 107, text: /holds no record/ });
  },
);

ours(
  "E44",
  "logFile: another program's file and a new one that may be obeyed stay as they are",
  async (world) => {
    using folder = othersFolder();
    for (const logFile of [`${folder.path}/passwd`, `${folder.path}/x.sh`]) {
      const finished = await world.run("ADD", world.network({ ...SUBNET, logFile, name: "$(id)" }));
      // An agent's stderr is not its caller's.
      if (world.subject.name === "kube-ipam")
        expect(finished.stderr).toContain(`a network names the log '${logFile}'`);
      await world.add(world.network({ ...SUBNET, logFile, logLevel: "debug" }), {
        container: logFile.slice(-2),
      });
    }
    expect(readdirSync(folder.path)).toEqual(["passwd"]);
    expect(readFileSync(`${folder.path}/passwd`, "utf8")).toBe("root:x:0:0::/root:/bin/sh\n");
    await world.add(world.network({ ...SUBNET, logFile: `${folder.path}/plugin.log` }), { container: "c9" });
    // An agent logs a verb right after its answer.
    const log = `${folder.path}/plugin.log`;
    const text = await eventually(async () => (existsSync(log) ? readFileSync(log, "utf8") : undefined));
    expect(text).toContain("INFO ADD");
  },
);

ours("E45", "resolvConf: a file that is no resolver's configuration is not shown", async (world) => {
  const resolvConf = world.place.folder.file("settings");
  writeFileSync(resolvConf, "search geheim\nkey = geheim\n");
  const text = await world.refused(
    "ADD",
    world.network({ ...SUBNET, resolvConf }),
    {},
    { code: 7, text: /line 2/ },
  );
  expect(text).not.toContain("geheim");
  expect(await world.held()).toEqual([]);
});

function kubeConfig(world: World, user: object): string {
  const path = world.place.folder.file("kubeconfig");
  writeFileSync(path, kubeConfigText({ server: "http://127.0.0.1:1" }, user));
  return path;
}

ours("E46", "kubeConfig: a program that it names runs only where the node's file names it", async (world) => {
  const mark = world.place.folder.file("ran");
  const exec = {
    apiVersion: "client.authentication.k8s.io/v1",
    command: "/bin/sh",
    args: ["-c", `touch ${mark}`],
  };
  const named = { kubeConfig: kubeConfig(world, { exec }), nodeLocal: true };
  const args = podArgs("p", "u");
  const refusal = { code: 104, text: /put kubeConfig into the node's file/ };
  await world.refused("ADD", world.network({ ...SUBNET, ...named }), { args }, refusal);
  expect(existsSync(mark)).toBe(false);
  await Bun.write(world.place.env.KUBE_IPAM_CONFIG ?? "", JSON.stringify({ ...world.place.ipam, ...named }));
  await world.run("ADD", world.network({ ...SUBNET, ...named }), { args });
  expect(existsSync(mark)).toBe(true);
});

ours("E47", "kubeConfig: no file from elsewhere goes to its server", async (world) => {
  const named = { kubeConfig: kubeConfig(world, { tokenFile: "/etc/hostname" }), nodeLocal: true };
  const refusal = { code: 104, text: /tokenFile cannot be read: .* lies outside/ };
  await world.refused("ADD", world.network({ ...SUBNET, ...named }), { args: podArgs("p", "u") }, refusal);
});
