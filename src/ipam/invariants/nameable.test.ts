import { expect, test } from "bun:test";
import fc from "fast-check";
import { formatAddress, parseAddress } from "../../address/address.ts";
import { parseInterval } from "../../address/interval-text.ts";
import { IpamError } from "../errors.ts";
import type { Network } from "../network.ts";
import { requireNameable } from "../plan/nameable.ts";
import { add, createWorld, named, network } from "../testing/world.ts";

const namespaces = fc.option(fc.subarray(["team-a", "team-b"]), { nil: undefined });

const networks: fc.Arbitrary<Network> = fc
  .record({
    gateway: fc.constantFrom("10.1.2.1", "10.1.2.9", undefined),
    exclude: fc.subarray(["10.1.2.4-10.1.2.6", "10.1.2.12"]),
    first: fc.constantFrom("10.1.2.2", "10.1.2.8"),
    namespaces,
    fixedNamespaces: namespaces,
  })
  .map(({ gateway, exclude, first, ...policy }) => ({
    ...network("lan", [{ subnet: "10.1.2.0/28", first, last: "10.1.2.11", ...(gateway && { gateway }) }]),
    exclude: exclude.map(parseInterval),
    policy: {
      pool: "p",
      ...(policy.namespaces && { namespaces: policy.namespaces }),
      ...(policy.fixedNamespaces && { fixedNamespaces: policy.fixedNamespaces }),
    },
  }));

const addresses = fc.nat({ max: 18 }).map((last) => `10.1.2.${last}`);

test("K123: what a namespace may reserve is what the ADD of its pod gives by name", async () => {
  await fc.assert(
    fc.asyncProperty(networks, addresses, async (lan, address) => {
      const made = createWorld();
      const given = await add(made.ports(made.node("n1")), "c1", {
        network: lan,
        pod: { namespace: "team-a", name: "web-0" },
        wish: named(address),
      }).then(({ addresses: [one] }) => one && formatAddress(one.address), nameOf);
      const judged = Promise.try(() =>
        requireNameable({ address: parseAddress(address), source: "reservation" }, "team-a", [lan]),
      ).then(() => address, nameOf);
      expect(await judged).toBe(given as string);
    }),
    { numRuns: 300 },
  );
});

test("K122: of several networks, one that lets the namespace name the address is enough", () => {
  const lan = (pool: string, fixedNamespaces: string[]): Network => ({
    ...network(pool, [{ subnet: "10.1.2.0/28", first: "10.1.2.2", last: "10.1.2.11" }]),
    policy: { pool, fixedNamespaces },
  });
  const asked = { address: parseAddress("10.1.2.5"), source: "reservation" };
  const both = [lan("theirs", ["team-b"]), lan("ours", ["team-a"])];
  expect(requireNameable(asked, "team-a", both).name).toBe("ours");
  expect(() => requireNameable(asked, "team-c", both)).toThrow("may not name addresses of pool 'theirs'");
});

function nameOf(failure: unknown): string {
  if (failure instanceof IpamError) return failure.name;
  throw failure;
}
