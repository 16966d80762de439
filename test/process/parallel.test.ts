import { expect } from "bun:test";
import { everywhere, ours } from "../kit/case.ts";
import { Checker } from "../kit/checker.ts";
import { added, addressesOf } from "../kit/cni.ts";

/** docs/behaviour.md K1-K4 and E12: many processes of one node at once. */

const times = <T>(count: number, make: (n: number) => Promise<T>) =>
  Promise.all(Array.from({ length: count }, (_, n) => make(n)));

everywhere("K1", "40 ADDs at once give 40 different addresses", async (world) => {
  const net = world.network({ ranges: [[{ subnet: "10.1.2.0/24" }], [{ subnet: "2001:db8:1::/64" }]] });
  const checker = new Checker();
  await times(40, async (n) => {
    const container = `c${n}`;
    checker.gave({ network: "net1", container, ifname: "eth0" }, await world.add(net, { container }));
  });
  expect(checker.faults(await world.held())).toEqual([]);
  await times(40, (n) => world.del(net, { container: `c${n}` }));
  expect(await world.held()).toEqual([]);
});

everywhere(
  "K2",
  "as many ADDs at once as there are addresses all succeed, one more is refused",
  async (world) => {
    const net = world.network({ subnet: "10.1.2.0/28" });
    const finished = await times(14, (n) => world.run("ADD", net, { container: `c${n}` }));
    const won = finished.filter((each) => each.exitCode === 0);
    expect(won.length).toBe(13);
    expect(new Set(won.flatMap((each) => addressesOf(added(each)))).size).toBe(13);
    for (const lost of finished.filter((each) => each.exitCode !== 0)) world.refusal(lost, { code: 100 });
  },
);

ours("K3", "IDEMPOTENT: eight ADDs of one attachment at once agree on one address", async (world) => {
  const net = world.network({ subnet: "10.1.2.0/24" });
  const results = await times(8, () => world.add(net));
  expect(new Set(results.flatMap(addressesOf)).size).toBe(1);
  expect((await world.held()).length).toBe(1);
});

everywhere("K4", "GUARDED: of eight that want one address at once exactly one has it", async (world) => {
  const net = world.network({ subnet: "10.1.2.0/24" });
  const finished = await times(8, (n) => world.run("ADD", net, { container: `c${n}`, args: "IP=10.1.2.88" }));
  expect(finished.filter((each) => each.exitCode === 0).length).toBe(1);
  for (const lost of finished.filter((each) => each.exitCode !== 0)) world.refusal(lost, { code: 101 });
  expect(await world.heldAddresses()).toEqual(["10.1.2.88"]);
});

everywhere("E12", "ADD and DEL of one attachment at once end free, or held as printed", async (world) => {
  const net = world.network({ subnet: "10.1.2.0/24" });
  for (let round = 0; round < 8; round += 1) {
    const call = { container: `c${round}` };
    const [add] = await Promise.all([world.run("ADD", net, call), world.del(net, call)]);
    const held = await world.heldAddresses();
    if (held.length > 0) expect(held).toEqual(addressesOf(added(add)));
    await world.del(net, call);
    expect(await world.held()).toEqual([]);
  }
});

everywhere("K1", "ADDs and DELs of different attachments mix", async (world) => {
  const net = world.network({ subnet: "10.1.2.0/26" });
  const checker = new Checker();
  await times(8, async (lane) => {
    for (let round = 0; round < 4; round += 1) {
      const attachment = { network: "net1", container: `l${lane}r${round}`, ifname: "eth0" };
      checker.gave(attachment, await world.add(net, attachment));
      if (round % 2 === 0) {
        await world.del(net, attachment);
        checker.ended(attachment);
      }
    }
  });
  expect(checker.faults(await world.held())).toEqual([]);
});
