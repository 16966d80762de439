import { expect, test } from "bun:test";
import { formatAddress, parseAddress } from "../../address/address.ts";
import { oneAddress } from "../../address/interval.ts";
import { parseInterval } from "../../address/interval-text.ts";
import { readPoolsOf } from "../../config/testing/pools.ts";
import type { IpamError } from "../../ipam/errors.ts";
import type { Network } from "../../ipam/network.ts";
import { RECORD_VERSION, type ReservationRecord } from "../../ipam/records.ts";
import { refTo } from "../../ipam/ref-to.ts";
import { calledBy } from "../../ipam/testing/called-by.ts";
import { add, createWorld, named, network, type RangeText } from "../../ipam/testing/world.ts";
import { addressesOnStore } from "../../operator/store-addresses.ts";
import { limitOf } from "./limit-of.ts";

const options = { deadline: performance.now() + 60_000 };
const defaults = { space: "default", coolingSeconds: 60, requireInit: false };
const SECRET = { subnet: "10.78.0.0/24", rangeStart: "10.78.0.100", rangeEnd: "10.78.0.200" };
const TEAM_B = { namespaces: ["team-b"], fixedNamespaces: ["team-b"] };
const POOLS = {
  open: { subnets: ["10.77.0.0/24"], maxPerNamespace: 3, exclude: ["10.77.0.40-10.77.0.49"] },
  secret: { ranges: [[SECRET]], ...TEAM_B },
  dupopen: { subnets: ["10.79.0.0/24"], addressSpace: "s1" },
  dupsecret: { subnets: ["10.79.0.0/24"], addressSpace: "s2", ...TEAM_B },
};
const LAN: Network = {
  ...network("lan", [
    { subnet: "10.1.2.0/24", first: "10.1.2.10", last: "10.1.2.100", gateway: "10.1.2.254" },
  ]),
  exclude: [parseInterval("10.1.2.60-10.1.2.69")],
};

/** The pools of the security review, and a network without a pool that a pod has used. */
async function world(poolsOnly = false) {
  const made = createWorld();
  const ports = { ...made.ports(made.node("n1")), clusterNames: calledBy("here") };
  const pools = readPoolsOf(POOLS, { exclude: ["10.77.0.50"] });
  await add(ports, "c0", { network: LAN, pod: { namespace: "team-b", name: "first" } });
  const asTeam = (namespace: string) =>
    addressesOnStore(
      ports,
      defaults,
      options,
      limitOf(namespace, { configuration: { poolsOnly }, pools: { all: pools }, ports }, options),
    );
  const reserve = async (address: string, given: { space?: string; name?: string; team?: string } = {}) => {
    const { space, name = "x", team = "team-a" } = given;
    return asTeam(team)
      .reserve(oneAddress(parseAddress(address)), {
        owner: { kind: "Pod", namespace: team, name },
        retain: "keep",
        evenIfHeld: false,
        ...(space !== undefined && { space }),
      })
      .then(
        () => "reserved",
        (failure: IpamError) => `${failure.name}: ${failure.message}`,
      );
  };
  const unreserve = (address: string, team = "team-a", space?: string) =>
    asTeam(team)
      .unreserve(oneAddress(parseAddress(address)), space)
      .then(
        ({ reservation }) => reservation?.owner.name ?? "absent",
        (failure: IpamError) => `${failure.name}: ${failure.message}`,
      );
  const open = pools[0]?.network as Network;
  const addIn = (container: string, wish = {}) =>
    add(ports, container, { network: open, pod: { namespace: "team-a", name: container }, ...wish }).then(
      ({ addresses: [first] }) => (first === undefined ? "nothing" : formatAddress(first.address)),
      (failure: IpamError) => failure.name,
    );
  return { made, ports, reserve, unreserve, asTeam, addIn };
}

const all = addressesOnStore;

test("K120: reservations count for a pool's maxPerNamespace, with what pods hold", async () => {
  const { reserve, addIn, unreserve } = await world();
  for (const last of [2, 3, 4])
    expect(await reserve(`10.77.0.${last}`, { name: `x${last}` })).toBe("reserved");
  const used = "noFreeAddress: namespace 'team-a' already has its 3 addresses of pool 'open'";
  for (const last of [5, 6, 254]) expect(await reserve(`10.77.0.${last}`)).toBe(used);
  expect(await addIn("c1")).toBe("noFreeAddress");
  expect(await reserve("10.77.0.5", { team: "team-b" })).toBe("reserved");
  expect(await unreserve("10.77.0.3")).toBe("x3");
  expect(await addIn("c2")).toStartWith("10.77.0.");
  expect(await reserve("10.77.0.7")).toBe(used);
});

test("K120: many requests and ADDs at once take no more than the share", async () => {
  const { reserve, addIn } = await world();
  const asked = Array.from({ length: 8 }, (_, index) =>
    reserve(`10.77.0.${index + 100}`, { name: `x${index}` }),
  );
  const added = Array.from({ length: 4 }, (_, index) => addIn(`c${index}`));
  const done = await Promise.all([...asked, ...added]);
  expect(done.filter((each) => !each.startsWith("noFreeAddress"))).toHaveLength(3);
});

test("K121: nothing is reserved for an owner of a kind of ours, by whomever, and ending one frees no count", async () => {
  const { reserve, addIn, ports, unreserve } = await world();
  const addresses = [await addIn("c1"), await addIn("c2"), await addIn("c3")];
  expect(await addIn("c4")).toBe("noFreeAddress");
  for (const kind of ["Pool", "Recovery"]) {
    const [address = ""] = addresses;
    const asked = all(ports, defaults, options).reserve(oneAddress(parseAddress(address)), {
      owner: { kind, namespace: "team-a", name: "open" },
      retain: "keep",
      evenIfHeld: true,
    });
    expect(await asked.catch((failure: IpamError) => failure.message)).toBe(
      `nothing can be reserved for an owner of kind '${kind}': kube-ipam's own records are of that kind`,
    );
  }
  // As an older program took it.
  for (const address of addresses) {
    const owner = { kind: "Pool", namespace: "team-a", name: "open" };
    const record: ReservationRecord = {
      version: RECORD_VERSION,
      owner,
      kind: "operator",
      retain: "keep",
      since: "",
    };
    const ref = refTo.reservation("default", parseAddress(address));
    await ports.store.commit({ guards: [], puts: [{ ref, record }], deletes: [] }, options);
    expect(await unreserve(address)).toBe("absent");
    const ended = await all(ports, defaults, options).unreserve(oneAddress(parseAddress(address)));
    expect(ended.reservation?.owner.kind).toBe("Pool");
  }
  expect(await addIn("c4")).toBe("noFreeAddress");
  expect(await reserve("10.77.0.99")).toStartWith("noFreeAddress");
});

test("K122: the pool is found by space and address, also outside of its ranges", async () => {
  const { reserve } = await world();
  const refused = (pool: string) =>
    `addressNotAllowed: namespace 'team-a' may not take addresses of pool '${pool}'`;
  expect(await reserve("10.79.0.9", { space: "s2" })).toBe(refused("dupsecret"));
  expect(await reserve("10.79.0.9", { space: "s1" })).toBe("reserved");
  expect(await reserve("10.79.0.9", { space: "s2", team: "team-b" })).toBe("reserved");
  for (const last of [50, 99, 100, 150, 201, 254])
    expect(await reserve(`10.78.0.${last}`)).toBe(refused("secret"));
  expect(await reserve("10.78.0.50", { team: "team-b" })).toBe("reserved");
});

test("K123: nothing outside of known subnets and spaces, nor what is never given out", async () => {
  const { reserve } = await world();
  const outside = (address: string) =>
    `addressNotAllowed: address ${address} (reservation) is in no subnet of a network or pool of its address space`;
  expect(await reserve("8.8.8.8")).toBe(outside("8.8.8.8"));
  expect(await reserve("2001:db8::7")).toBe(outside("2001:db8::7"));
  for (const [address, space] of [
    ["10.1.2.20", "s1"],
    ["10.77.0.9", "s9"],
    // The subnet is a pool's in other spaces: no network could have it here.
    ["10.79.0.9", "default"],
  ] as const)
    expect(await reserve(address, { space })).toBe(outside(address));
  for (const address of ["10.77.0.0", "10.77.0.1", "10.77.0.255", "10.77.0.45", "10.77.0.50"])
    expect(await reserve(address)).toStartWith(
      `addressNotAllowed: address ${address} (reservation) is not allowed`,
    );
  for (const address of ["10.1.2.0", "10.1.2.254", "10.1.2.255", "10.1.2.61"])
    expect(await reserve(address)).toStartWith(
      `addressNotAllowed: address ${address} (reservation) is not allowed`,
    );
  for (const address of ["10.1.2.5", "10.1.2.101", "10.1.2.90"])
    expect(await reserve(address)).toBe("reserved");
});

test("K123: a network counts as its name is defined now, and as before only where nothing else has the address", async () => {
  const { ports, reserve } = await world();
  const now = (range: RangeText) =>
    add(ports, `c-${range.gateway}`, {
      network: network("lan", [range]),
      pod: { namespace: "team-b", name: "later" },
    });
  await now({ subnet: "10.1.2.0/24", first: "10.1.2.10", last: "10.1.2.100", gateway: "10.1.2.99" });
  expect(await reserve("10.1.2.99")).toStartWith(
    "addressNotAllowed: address 10.1.2.99 (reservation) is not allowed",
  );
  expect(await reserve("10.1.2.254")).toBe("reserved");
  await now({ subnet: "10.5.0.0/24", first: "10.5.0.10", last: "10.5.0.100", gateway: "10.5.0.1" });
  expect(await reserve("10.5.0.1")).toStartWith("addressNotAllowed");
  for (const address of ["10.5.0.20", "10.1.2.21"]) expect(await reserve(address)).toBe("reserved");
});

test("K123: where networks may use pools alone, a network that pods have used lends nobody an address", async () => {
  const { reserve } = await world(true);
  expect(await reserve("10.1.2.20")).toBe(
    "addressNotAllowed: address 10.1.2.20 (reservation) is in no subnet of a network or pool of its address space",
  );
  expect(await reserve("10.77.0.9")).toBe("reserved");
});

test("K124: without a maxPerNamespace a namespace reserves at most 64 addresses of a space", async () => {
  const { reserve, unreserve } = await world();
  const address = (index: number) => `10.79.0.${index + 2}`;
  for (let index = 0; index < 64; index++)
    expect(await reserve(address(index), { space: "s1", name: `p${index}` })).toBe("reserved");
  expect(await reserve(address(64), { space: "s1" })).toBe(
    "noFreeAddress: namespace 'team-a' already has its 64 reservations in address space 's1'",
  );
  expect(await reserve(address(0), { space: "s1", name: "p0" })).toBe("reserved");
  expect(await reserve("10.1.2.20")).toBe("reserved");
  expect(await reserve(address(64), { space: "s1", team: "team-b" })).toBe("reserved");
  expect(await unreserve(address(3), "team-a", "s1")).toBe("p3");
  expect(await reserve(address(70), { space: "s1" })).toBe("reserved");
  expect(await reserve(address(71), { space: "s1" })).toStartWith("noFreeAddress");
});

test("K125: a namespace ends what it could reserve, of its own and of this cluster, and nothing else", async () => {
  const { ports, reserve, unreserve } = await world();
  const put = (address: string, change: Partial<ReservationRecord>) => {
    const owner = { kind: "Pod", namespace: "team-a", name: "p" };
    const record = {
      version: RECORD_VERSION,
      owner,
      kind: "operator",
      retain: "keep",
      since: "",
      ...change,
    } as const;
    const ref = refTo.reservation("default", parseAddress(address));
    return ports.store.commit({ guards: [], puts: [{ ref, record }], deletes: [] }, options);
  };
  await put("10.1.2.20", {});
  await put("10.1.2.21", { cluster: "another" });
  await put("10.1.2.22", { owner: { kind: "Pod", namespace: "team-b", name: "p" } });
  await put("10.1.2.23", { owner: { kind: "Note", namespace: "team-a", name: "p" } });
  await put("10.78.0.150", {});
  expect(await unreserve("10.1.2.20")).toBe("p");
  for (const last of [20, 21, 22, 23, 24]) expect(await unreserve(`10.1.2.${last}`)).toBe("absent");
  // The same words whether there is one or not.
  for (const last of [150, 151])
    expect(await unreserve(`10.78.0.${last}`)).toBe(
      "addressNotAllowed: namespace 'team-a' may not take addresses of pool 'secret'",
    );
  expect(await reserve("10.1.2.20")).toBe("reserved");
});

test("K125: lists of a namespace leave out what another cluster has of that name", async () => {
  const { asTeam, made, reserve } = await world();
  await reserve("10.1.2.20");
  const foreign = { ...made.ports(made.node("n9")), clusterNames: calledBy("another") };
  await add(foreign, "f1", {
    network: LAN,
    pod: { namespace: "team-a", name: "theirs" },
    wish: named("10.1.2.30"),
  });
  const items = await Array.fromAsync(asTeam("team-a").items({}));
  expect(items.map(({ item }) => item.address)).toEqual(["10.1.2.20"]);
  const { released } = await asTeam("team-a").release(parseAddress("10.1.2.30"), { force: true });
  expect(released).toEqual([]);
});

test("K125: what another cluster calls the same is somebody else: neither its pods' addresses nor its reservations are taken", async () => {
  const { made, ports, reserve } = await world();
  const foreign = { ...made.ports(made.node("n9")), clusterNames: calledBy("another") };
  const pod = { namespace: "team-a", name: "x" };
  await add(foreign, "f1", { network: LAN, pod, wish: named("10.1.2.30") });
  const owner = { kind: "Pod", ...pod };
  await all(foreign, defaults, options).reserve(oneAddress(parseAddress("10.1.2.31")), {
    owner,
    retain: "keep",
    evenIfHeld: false,
  });
  for (const address of ["10.1.2.30", "10.1.2.31"])
    expect(await reserve(address)).toStartWith("addressHeld: ");
  const range = parseInterval("10.1.2.32-10.1.2.35");
  const ofRange = { owner, retain: "keep", evenIfHeld: false } as const;
  await all(foreign, defaults, options).reserve(range, ofRange);
  const again = await all(ports, defaults, options)
    .reserve(range, ofRange)
    .catch((failure: IpamError) => failure.name);
  expect(again).toBe("addressHeld");
  expect((await all(foreign, defaults, options).reserve(range, ofRange)).created).toBe(false);
});
