import { expect, test } from "bun:test";
import { join } from "node:path";
import { startDaemon } from "../kit/daemon.ts";
import { temporaryFolder } from "../kit/folder.ts";
import { withoutRealRoot } from "../kit/machine.ts";
import { makeNamespace, type Namespace, uniqueName } from "../kit/namespaces.ts";
import { eventually } from "../kit/wait.ts";

/** deploy/firewall on a node of its own, asked from the addresses that stand in it and from another. */

const RULES = join(import.meta.dir, "../../deploy/firewall/kube-ipam.nft");
const missing = Bun.which("nft") === null ? "needs Debian's package nftables" : withoutRealRoot();

const API_SERVER = "192.168.1.11";
const STRANGER = "192.168.1.99";
const MONITORING = "192.168.2.7";
/** Of the agent and the controller, and one of somebody else. */
const PORTS = [9467, 9468, 9469, 9470];

test.skipIf(missing !== undefined)(
  `who may reach kube-ipam's ports, and nobody else${missing === undefined ? "" : `: ${missing}`}`,
  async () => {
    using folder = temporaryFolder("firewall");
    await using node = await makeNamespace();
    await using others = await makeNamespace();
    await connectTo(node, ["192.168.1.1/24", "192.168.2.1/24"], others, [API_SERVER, STRANGER, MONITORING]);
    // Loaded twice, as at the next boot or after a change.
    for (let time = 0; time < 2; time++) await node.exec("nft", "-f", RULES);
    const listen = `for (const port of ${JSON.stringify(PORTS)}) Bun.listen({ hostname: "0.0.0.0", port, socket: { data() {} } })`;
    const command = ["nsenter", `--net=${node.path}`, process.execPath, "-e", listen];
    const daemon = startDaemon("node", command, folder, { PATH: process.env.PATH ?? "" });
    try {
      await eventually(
        async () => ((await reached(node, "127.0.0.1")).length === 4 ? true : undefined),
        30_000,
      );
      expect(await reached(others, API_SERVER)).toEqual([9469, 9470]);
      expect(await reached(others, STRANGER)).toEqual([9470]);
      expect(await reached(others, MONITORING)).toEqual([9467, 9468, 9470]);
    } finally {
      await daemon.stop();
    }
  },
  120_000,
);

async function connectTo(
  node: Namespace,
  addresses: readonly string[],
  others: Namespace,
  clients: readonly string[],
): Promise<void> {
  const [here, there] = [uniqueName("f"), uniqueName("g")];
  await node.exec("ip", "link", "add", here, "type", "veth", "peer", "name", there, "netns", others.name);
  for (const address of addresses) await node.exec("ip", "addr", "add", address, "dev", here);
  for (const address of clients) await others.exec("ip", "addr", "add", `${address}/24`, "dev", there);
  await node.exec("ip", "link", "set", here, "up");
  await others.exec("ip", "link", "set", there, "up");
}

/** The ports of the node that a client with this address is connected to. */
async function reached(from: Namespace, address: string): Promise<number[]> {
  const to = address === "127.0.0.1" ? address : address.replace(/\d+$/, "1");
  const script = `
    const { connect } = await import("node:net");
    const tried = ${JSON.stringify(PORTS)}.map((port) => new Promise((resolve) => {
      const socket = connect({ host: "${to}", port, localAddress: "${address}" });
      setTimeout(() => resolve([]), 3000);
      socket.on("connect", () => resolve([port]));
      socket.on("error", () => resolve([]));
    }));
    console.log(JSON.stringify((await Promise.all(tried)).flat()));
    process.exit();`;
  return JSON.parse(await from.exec(process.execPath, "-e", script)) as number[];
}
