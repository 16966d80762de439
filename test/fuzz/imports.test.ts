import { mkdirSync, writeFileSync } from "node:fs";
import fc from "fast-check";
import { temporaryFolder } from "../kit/folder.ts";
import { kubeIpamExecutable } from "../kit/subject-kube-ipam.ts";
import { expectBounded, expectVisible } from "./bounds.ts";
import { fuzz } from "./fuzz.ts";
import { address, count, json, range, repeated, subnet, text } from "./hostile.ts";
import { bytesOf, measured } from "./measured.ts";

/** Documents that `kube-ipam store import` reads: our own, whereabouts' objects, a folder of host-local's. */

const metadata = fc.record(
  { name: text, namespace: text, uid: text, annotations: json },
  { requiredKeys: [] },
);

const allocations = fc.oneof(
  fc.dictionary(
    fc.oneof(fc.integer().map(String), text),
    fc.record({ id: text, podref: text, ifname: text }, { requiredKeys: [] }),
    { maxKeys: 4 },
  ),
  count.map((many) =>
    Object.fromEntries(Array.from({ length: many }, (_, n) => [n, { id: `c${n}`, podref: `default/p${n}` }])),
  ),
  json,
);

const object = fc.oneof(
  fc.record({
    kind: fc.constant("IPPool"),
    metadata,
    spec: fc.record({ range: fc.oneof(subnet, text), allocations }),
  }),
  fc.record({
    kind: fc.constant("OverlappingRangeIPReservation"),
    metadata,
    spec: fc.record({ containerid: text, podref: text }),
  }),
  fc.record({ kind: fc.constant("Pod"), metadata, spec: json, status: json }),
  fc.record({ kind: fc.constant("Namespace"), metadata }),
  fc.record({ kind: text, metadata: json, spec: json }),
);

const items = fc.oneof(
  fc.array(object, { maxLength: 4 }),
  fc.tuple(object, count).map(([each, many]) => repeated(each, many)),
);
const list = items.map((all) => JSON.stringify({ apiVersion: "v1", kind: "List", items: all }));

const own = fc
  .record({
    kind: fc.constant("kube-ipam-store"),
    version: json,
    records: fc.oneof(fc.array(json, { maxLength: 4 }), json),
  })
  .map((document) => JSON.stringify(document));

const documents = fc.oneof(
  fc.record({ from: fc.constant("whereabouts"), written: list }),
  fc.record({ from: fc.constant("export"), written: own }),
  fc.record({
    from: fc.constantFrom("whereabouts", "export"),
    written: fc.oneof(
      json.map((each) => JSON.stringify(each) ?? ""),
      text,
    ),
  }),
);

fuzz("imported documents", documents, ({ from, written }) =>
  bring((file) => {
    writeFileSync(file("document"), written);
    return [file("document"), "--from", from];
  }),
);

const leases = fc.dictionary(fc.oneof(address, range, fc.string({ maxLength: 12 })), text, { maxKeys: 6 });

fuzz("a folder of leases", leases, (files) =>
  bring((file) => {
    mkdirSync(file("networks", "lan"), { recursive: true });
    for (const [name, content] of Object.entries(files)) {
      if (/^[^/\0]{1,200}$/.test(name) && !/^\.{1,2}$/.test(name))
        writeFileSync(file("networks", "lan", name), content);
    }
    return ["--from", "host-local", "--folder", file("networks"), "--network", "lan"];
  }),
);

/** One import into an empty store of its own: it ends within its bounds, and says what it says in visible words. */
async function bring(prepare: (file: (...names: string[]) => string) => string[]): Promise<void> {
  const folder = temporaryFolder("fuzz");
  const file = (...names: string[]) => folder.file(...names);
  try {
    const ipam = {
      type: "kube-ipam",
      subnet: "10.1.0.0/21",
      dataDir: file("data"),
      runDir: file("run"),
      logFile: file("log"),
      nodeName: "node1",
      nodeLocal: true,
      annotations: "off",
    };
    writeFileSync(
      file("lan.json"),
      JSON.stringify({ cniVersion: "1.0.0", name: "lan", type: "macvlan", ipam }),
    );
    const command = [kubeIpamExecutable(), "store", "import", ...prepare(file), "--config", file("lan.json")];
    const finished = await measured(command, {
      env: { KUBE_IPAM_CONFIG: file("node.json"), HOME: folder.path },
    });
    expectBounded(finished, bytesOf(file("log")));
    for (const said of [finished.stdout, finished.stderr]) {
      expectVisible(said);
      if (said.includes("please report this")) throw new Error(said.slice(0, 2_000));
    }
  } finally {
    folder[Symbol.dispose]();
  }
}
