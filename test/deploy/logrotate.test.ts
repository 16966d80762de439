import { expect, test } from "bun:test";
import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { temporaryFolder } from "../kit/folder.ts";
import { run, tool } from "../kit/run.ts";
import { kubeIpamExecutable } from "../kit/subject-kube-ipam.ts";

/** deploy/logrotate/kube-ipam, read and obeyed by the real logrotate. */

const RULES = join(import.meta.dir, "../../deploy/logrotate/kube-ipam");

test("logrotate understands the rules and speaks of no error", async () => {
  using folder = temporaryFolder("logrotate");
  // As installed: root's, and nobody else may write to it.
  await tool("install", "-m", "0644", RULES, folder.file("rules"));
  const debug = await run(["logrotate", "--debug", "--state", folder.file("state"), folder.file("rules")]);
  expect(debug.exitCode).toBe(0);
  expect(debug.stderr).not.toMatch(/error/i);
  for (const log of ["/var/log/kube-ipam.log", "/var/log/kube-ipam/*.log"])
    expect(debug.stderr).toContain(log);
});

test("the plugin goes on in a new file after a rotation, and no line is lost", async () => {
  using folder = temporaryFolder("logrotate");
  const rules = readFileSync(RULES, "utf8").replaceAll("/var/log/", `${folder.path}/`);
  writeFileSync(folder.file("rules"), rules, { mode: 0o644 });
  const log = folder.file("kube-ipam.log");
  const line = () =>
    run([kubeIpamExecutable()], {
      env: { CNI_COMMAND: "DEL", CNI_CONTAINERID: "c", CNI_IFNAME: "eth0", KUBE_IPAM_CONFIG: "/none" },
      stdin: JSON.stringify({
        cniVersion: "1.0.0",
        name: "n",
        ipam: { type: "kube-ipam", dataDir: folder.file("data"), runDir: folder.file("run"), logFile: log },
      }),
    });
  expect((await line()).exitCode).toBe(0);
  const before = readFileSync(log, "utf8");
  await tool("logrotate", "--force", "--state", folder.file("state"), folder.file("rules"));
  await line();
  expect(readdirSync(folder.path)).toContain("kube-ipam.log.1");
  expect(readFileSync(folder.file("kube-ipam.log.1"), "utf8")).toBe(before);
  expect(readFileSync(log, "utf8").trim().split("\n").length).toBe(1);
});
