import { describe, expect, test } from "bun:test";
import {
  type Fate,
  gatewayTimeout,
  internalError,
  isWrite,
  startApiProxy,
  tooManyRequests,
} from "../kit/api-proxy.ts";
import { clusterStoreOfFile } from "../kit/cluster-store.ts";
import { withoutKubernetes } from "../kit/kubernetes.ts";
import { type Busy, Traffic } from "../kit/traffic.ts";

/** The API server, or its etcd, is away for a while and comes back, while containers come and go on four machines. */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`outages of the API server: ${missing}`, () => {});

const LIMIT = 180_000;
const SUBNET = "10.50.0.0/25";
const DUAL = { ranges: [[{ subnet: SUBNET }], [{ subnet: "fd00:50::/64" }]], subnet: undefined };

/** Longer than a DEL, and a request, may take. */
const LONG_MS = 12_000;
const SHORT_MS = 2_000;

describe.skipIf(missing !== undefined)("an outage of the API server", () => {
  const store = clusterStoreOfFile();

  async function machines(stack: AsyncDisposableStack, kubeConfig?: string): Promise<Busy[]> {
    const made: Busy[] = [];
    for (const through of ["plugin", "agent"] as const)
      for (const network of ["one", "two"]) {
        const ipam = { coolingSeconds: 1, ...(network === "one" ? { subnet: SUBNET } : DUAL) };
        const wish = { network, through, ipam, ...(kubeConfig && { kubeConfig }) };
        const node = stack.use(store().node(`${through}-${network}`, wish));
        if (through === "agent") await node.startAgent();
        await node.add("first");
        await node.end("first");
        made.push({ node, network, loops: 1 });
      }
    return made;
  }

  /** What fails meanwhile says that it is worth another try, and names the API server; afterwards all is well. */
  async function bears(fault: (traffic: Traffic) => Promise<unknown>, kubeConfig?: string): Promise<void> {
    await using stack = new AsyncDisposableStack();
    const traffic = new Traffic(await machines(stack, kubeConfig), () => store().stored());
    try {
      await traffic.after(8);
      await fault(traffic);
      await traffic.after(8);
    } finally {
      expect(await traffic.end()).toEqual([]);
    }
    for (const { code, details, msg, verb } of traffic.refusals) {
      expect(`${verb} ${code} ${msg}`).toMatch(/^(ADD|DEL) 11 .*(API server|Kubernetes|https?:\/\/127)/);
      expect(`${msg}: ${details}`).toMatch(/try again|another try|kept/);
    }
  }

  const server = () => store().kubernetes.apiServer;
  const etcd = () => store().kubernetes.ownEtcd;

  test(
    "K289: frozen, for longer than a DEL may take",
    () =>
      bears(async () => {
        server().freeze();
        await Bun.sleep(LONG_MS);
        server().thaw();
      }),
    LIMIT,
  );

  test(
    "K289: killed in mid-write and started again, twice",
    () =>
      bears(async (traffic) => {
        for (const rest of [0, SHORT_MS]) {
          await server().stop();
          await Bun.sleep(rest);
          await server().start();
          await traffic.after(4);
        }
      }),
    LIMIT,
  );

  test(
    "K289: its etcd killed in mid-write and started again, twice",
    () =>
      bears(async (traffic) => {
        for (const rest of [0, SHORT_MS]) {
          await etcd().kill();
          await Bun.sleep(rest);
          await etcd().start();
          await traffic.after(4);
        }
      }),
    LIMIT,
  );

  test(
    "K289: its etcd frozen",
    () =>
      bears(async () => {
        etcd().freeze();
        await Bun.sleep(LONG_MS);
        etcd().thaw();
      }),
    LIMIT,
  );

  test(
    "K289: a storm of all that goes wrong at once, through an agent too",
    async () => {
      using proxy = startApiProxy(store().kubernetes);
      const storm: readonly Fate[] = [
        "pass",
        tooManyRequests(),
        internalError(),
        gatewayTimeout(),
        "lose-answer",
      ];
      await bears(async () => {
        proxy.fate = (request) => {
          const fate = storm[Math.floor(Math.random() * 2 * storm.length)] ?? "pass";
          const slowly = Bun.sleep(Math.random() * 200).then(() => fate);
          return request.path.includes("watch=") || (!isWrite(request) && fate === "lose-answer")
            ? "pass"
            : slowly;
        };
        await Bun.sleep(LONG_MS);
        proxy.fate = () => "pass";
      }, proxy.kubeConfig);
    },
    LIMIT,
  );
});
