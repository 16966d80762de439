import { parseAddress } from "../../address/address.ts";
import { cidrInterval, parseCidr } from "../../address/cidr.ts";
import { parseInterval } from "../../address/interval-text.ts";
import type { Range, RangeSet } from "../../address/range.ts";
import type { Network } from "../network.ts";
import type { NetworkDefinition } from "../records.ts";

/**
 * A network as an ADD described it in the store (`describeNetwork`), for explanations without a
 * configuration at hand. Where the description cannot be read, the network has only its subnets. Never
 * used to give out an address.
 */
export function describedNetwork(name: string, definition: NetworkDefinition): DescribedNetwork {
  const { space, subnets, detail } = definition;
  const described = detail === undefined ? undefined : readDescription(detail);
  return {
    name,
    space,
    ...(described ?? { sets: setsOf(subnets), exclude: [], guessed: true }),
    coolingSeconds: 0,
    requireInit: false,
  };
}

interface DescribedNetwork extends Network {
  /** The description is too long for the record, or damaged: which range set has which subnet is not known. */
  readonly guessed?: true;
}

type Description = Pick<Network, "sets" | "exclude">;

function readDescription(text: string): Description | undefined {
  try {
    const parts = text.split("; ");
    const excluded = parts.at(-1)?.startsWith("exclude ") ? (parts.pop() ?? "").slice("exclude ".length) : "";
    return {
      sets: parts.map((set) => ({ ranges: set.split(" or ").map(readRange) })),
      exclude: excluded === "" ? [] : excluded.split(", ").map(parseInterval),
    };
  } catch {
    return undefined;
  }
}

/** "10.1.2.0/24 10.1.2.2-10.1.2.254 [fixed 10.1.2.8-10.1.2.9] gateway 10.1.2.1|none" */
function readRange(text: string): Range {
  const words = text.split(" ");
  const [subnet = "", dynamic = ""] = words;
  const after = (word: string) => words[words.indexOf(word) + 1] ?? "";
  const gateway = after("gateway");
  return {
    subnet: parseCidr(subnet),
    dynamic: parseInterval(dynamic),
    ...(words.includes("fixed") && { fixed: parseInterval(after("fixed")) }),
    ...(gateway !== "none" && { gateway: parseAddress(gateway) }),
  };
}

/** One set per family: more cannot be told from subnets alone. */
function setsOf(subnets: readonly string[]): RangeSet[] {
  const families = Map.groupBy(subnets.map(parseCidr), ({ address }) => address.family);
  return [...families.values()].map((of) => ({
    ranges: of.map((subnet) => ({ subnet, dynamic: cidrInterval(subnet) })),
  }));
}
