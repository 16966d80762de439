import type { HttpBindings } from "@hono/node-server";
import fc from "fast-check";
import { Hono } from "hono";
import { mountAdmission } from "../../src/controller/admission/routes.ts";
import type { ControllerContext } from "../../src/controller/context/context.ts";
import { makeMetrics } from "../../src/controller/context/metrics.ts";
import type { Cluster } from "../../src/ipam/cluster-port.ts";
import { calledBy } from "../../src/ipam/testing/called-by.ts";
import { add, createWorld, named, network } from "../../src/ipam/testing/world.ts";
import { expectAtMost, expectVisible } from "./bounds.ts";
import { fuzz } from "./fuzz.ts";
import { json, list, text } from "./hostile.ts";

/** What reaches POST /admission: anybody's objects through the API server, or anything at all past it. */

const annotations = fc.dictionary(
  fc.oneof(fc.constantFrom("kube-ipam.ip", "kube-ipam.ips", "kube-ipam.ips/lan", "kube-ipam.sticky"), text),
  fc.oneof(list, text),
  { maxKeys: 4 },
);
const metadata = fc.record({ name: text, annotations, ownerReferences: json }, { requiredKeys: [] });
const template = fc.record({ metadata, spec: json }, { requiredKeys: ["metadata"] });

const review = fc.record({
  apiVersion: fc.constant("admission.k8s.io/v1"),
  kind: fc.constant("AdmissionReview"),
  request: fc.record({
    uid: fc.constant("u1"),
    kind: fc.record({
      kind: fc.oneof(
        { weight: 4, arbitrary: fc.constantFrom("Pod", "Deployment", "StatefulSet", "Job", "CronJob") },
        text,
      ),
    }),
    namespace: fc.oneof({ weight: 4, arbitrary: fc.constant("team-a") }, text),
    operation: fc.constantFrom("CREATE", "UPDATE"),
    object: fc.oneof(
      fc.record({ metadata }),
      fc.record({ metadata, spec: fc.record({ replicas: json, template }, { requiredKeys: ["template"] }) }),
      json,
    ),
    oldObject: json,
  }),
});

const body = fc.oneof(
  { weight: 6, arbitrary: review.map((each) => JSON.stringify(each)) },
  { weight: 1, arbitrary: json.map((each) => JSON.stringify(each) ?? "") },
  { weight: 1, arbitrary: text },
);

const served = serve();

/** What the routes see of a connection; who may ask is another test's. */
const BINDINGS = { incoming: { socket: {} } };

fuzz("admission", body, async (written) => {
  const app = await served;
  const before = process.cpuUsage();
  const answer = await app.request("/admission", { method: "POST", body: written }, BINDINGS);
  const said = await answer.text();
  const { user, system } = process.cpuUsage(before);
  if (answer.status !== 200 && answer.status !== 400 && answer.status !== 413)
    throw new Error(`${answer.status}: ${said}`);
  expectAtMost("milliseconds of processor time", (user + system) / 1000, 2_000);
  expectAtMost("characters of answer", said.length, 16 << 10);
  if (answer.status !== 200) return expectVisible(said);
  const { response } = JSON.parse(said) as {
    response: { status?: { message: string }; warnings?: string[] };
  };
  for (const shown of [response.status?.message ?? "", ...(response.warnings ?? [])]) expectVisible(shown);
});

/** The routes on a store in memory in which another team's pod has an address. */
async function serve(): Promise<Hono<{ Bindings: HttpBindings }>> {
  const made = createWorld();
  const ports = made.ports(made.node("n1"));
  const lan = network("lan", [{ subnet: "10.1.0.0/21", first: "10.1.0.2", last: "10.1.7.254" }]);
  const pod = { namespace: "team-b", name: "web-1", uid: "u1" };
  await add(ports, "c1", { network: lan, pod, wish: named("10.1.2.9") });
  const cluster = {
    ownerState: async () => "present",
    ownerOf: async () => ({
      owner: { kind: "Deployment", namespace: "team-a", name: "web", uid: "uid-web" },
    }),
  } as unknown as Cluster;
  const context = {
    pools: { inForce: [] },
    ports: { ...ports, cluster, clusterNames: calledBy("here") },
    configuration: { pools: [], addressSpace: "default" },
    metrics: makeMetrics(),
    admissionClients: { mayAsk: () => true },
    log: () => undefined,
  } as unknown as ControllerContext;
  const app = new Hono<{ Bindings: HttpBindings }>();
  mountAdmission(app, context);
  return app;
}
