import { expect, test } from "bun:test";
import { chmodSync, writeFileSync } from "node:fs";
import { ours } from "../kit/case.ts";
import { commandLine } from "../kit/cli.ts";
import { run } from "../kit/run.ts";
import { throughAgent } from "../kit/subject-agent.ts";
import { kubeIpam } from "../kit/subject-kube-ipam.ts";

/** `kube-ipam doctor` on the built executable: agent, node's file, namespaces; test/cluster has the cluster. */

interface Finding {
  readonly check: string;
  readonly result: string;
  readonly found: string;
}

function found(stdout: string, check: string): string | undefined {
  const finding = (JSON.parse(stdout) as Finding[]).find((each) => each.check.startsWith(check));
  return finding && `${finding.result} ${finding.found}`;
}

test("the agent is asked through the shim, as the runtime asks", async () => {
  await using place = await throughAgent(kubeIpam(), "full");
  const bin = place.folder.file("bin");
  const command = [`${bin}/kube-ipam.full`, "doctor", "-o", "json", "--bin-dir", bin];
  const folders = [
    "--conf-dir",
    "/nowhere",
    "--data-dir",
    place.folder.file("d"),
    "--run-dir",
    place.folder.file("r"),
  ];
  const agent = async () =>
    found((await run([...command, ...folders], { env: place.env })).stdout, `agent ${place.socket}`);
  expect(await agent()).toBe("ok answers");
  await place.agent().stop();
  expect(await agent()).toStartWith("warning is not there: no agent runs; the complete plugin does its work");
  writeFileSync(`${bin}/kube-ipam.fallback`, "none\n");
  await run(["rm", `${bin}/kube-ipam.full`]);
  const full = process.env.KUBE_IPAM_EXECUTABLE ?? "dist/kube-ipam";
  const alone = await run([full, ...command.slice(1), ...folders], { env: place.env });
  expect(found(alone.stdout, `agent ${place.socket}`)).toStartWith("FAILED is not there: no agent runs");
});

ours("doctor", "the node's file must be root's alone, and tell everybody no password", async (world) => {
  const path = world.place.folder.file("node.json");
  const look = async (text: object, mode: number) => {
    writeFileSync(path, JSON.stringify(text));
    chmodSync(path, mode);
    const { executable, env } = world.place;
    const own = ["--conf-dir", "/nowhere", "--data-dir", world.place.folder.file("d")];
    const finished = await run([executable, "doctor", "-o", "json", ...own], {
      env: { ...env, KUBE_IPAM_CONFIG: path },
    });
    return found(finished.stdout, `node's file ${path}`);
  };
  const secret = { etcdConfig: { etcdURL: "http://127.0.0.1:1", username: "u", password: "p" } };
  expect(await look({}, 0o644)).toBe("ok fine");
  expect(await look({}, 0o666)).toBe("FAILED may be written by others than root (owner 0, mode 666)");
  expect(await look(secret, 0o644)).toBe("warning holds a password that every user of this node can read");
  expect(await look(secret, 0o600)).toBe("ok fine");
  const pools = { db: { subnets: ["10.76.0.0/24"] } };
  expect(await look({ pools, poolsOnly: true }, 0o644)).toBe("ok fine; networks use its pools only: db");
  expect(await look({ poolsOnly: true }, 0o644)).toBe(
    "warning poolsOnly lets networks use pools only, and there is none",
  );
});

ours("doctor", "tells in a table what to do", async (world) => {
  const own = ["--conf-dir", "/nowhere", "--bin-dir", "/nowhere", "--data-dir", world.place.folder.file("d")];
  const { exitCode, stdout } = await commandLine(world, ["doctor", ...own]);
  expect(exitCode).toBe(1);
  expect(stdout).toMatch(/^FAILED +plugin \/nowhere\/kube-ipam +is not there\. Do: /m);
});
