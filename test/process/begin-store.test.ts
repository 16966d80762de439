import { expect } from "bun:test";
import { existsSync } from "node:fs";
import { dirname, join } from "node:path";
import { ours } from "../kit/case.ts";
import type { Verb } from "../kit/cni.ts";

/** Only an ADD begins an embedded store (docs/design.md section 4, ONE-STORE). */

const VERBS: readonly (readonly [Verb, object])[] = [
  ["DEL", {}],
  ["GC", { "cni.dev/valid-attachments": [] }],
  ["CHECK", { prevResult: { cniVersion: "1.1.0", ips: [{ address: "10.1.2.2/24" }] } }],
  ["STATUS", {}],
];

for (const [verb, more] of VERBS) {
  ours("E41", `${verb} begins no store`, async (world) => {
    const dataDir = join(dirname(String(world.place.ipam.dataDir)), "not-yet", "data");
    const net = world.network({ subnet: "10.1.2.0/24", dataDir }, { cniVersion: "1.1.0", ...more });
    const finished = await world.run(verb, net);
    expect(finished.exitCode).toBe(verb === "CHECK" ? 1 : 0);
    if (verb === "CHECK") expect(JSON.parse(finished.stdout).code).toBe(107);
    expect(finished.stdout).not.toContain("store accept");
    expect(existsSync(join(dataDir, "kube-ipam.db"))).toBe(false);
    expect(await world.address(world.network({ subnet: "10.1.2.0/24", dataDir }))).toBe("10.1.2.2");
    expect(existsSync(join(dataDir, "kube-ipam.db"))).toBe(true);
  });
}
