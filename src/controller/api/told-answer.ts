import { type Address, parseAddress } from "../../address/address.ts";
import { IpamError } from "../../ipam/errors.ts";
import type { Prospect } from "../../ipam/explain/explain.ts";
import { isHeldIn, isReservedIn, type NamespaceOf } from "../../ipam/of-namespace.ts";
import type { Ports } from "../../ipam/ports.ts";
import type { CallOptions } from "../../ipam/store-port.ts";
import { readAddressStatus } from "../../operator/address-status.ts";
import type { Answer, Explained } from "../../operator/why/answer.ts";
import { notAvailable } from "./not-available.ts";

/**
 * The answer to `why` as the pod's namespace may hear it: of an address that somebody else has, or will have, only that
 * it is not available. Who may write an annotation could else ask who has which address of the whole cluster.
 *
 * @throws StoreFailure
 */
export async function toldAnswer(
  answer: Answer,
  ports: Pick<Ports, "store" | "node" | "clusterNames">,
  options: CallOptions,
): Promise<Answer> {
  const of = { namespace: answer.pod.namespace, clusterNames: ports.clusterNames };
  const isOurs = async (address: Address, space: string) => {
    const { allocation, reservation, reservedRange } = await readAddressStatus(
      address,
      space,
      ports,
      options,
    );
    const reserved = [reservation, reservedRange?.reservation].filter((each) => each !== undefined);
    return (
      (allocation?.holders ?? []).every((holder) => isHeldIn(of, holder)) &&
      reserved.every((each) => isReservedIn(of, each))
    );
  };
  const toldOf = async (each: Explained): Promise<Explained> => {
    const { explanation, network } = each;
    if (explanation === undefined || network === undefined) return each;
    const addresses: Prospect[] = [];
    for (const prospect of explanation.addresses) {
      const { address } = prospect;
      if (address === undefined) addresses.push(withoutExample(prospect));
      else if (await isOurs(parseAddress(address), network.network.space)) addresses.push(prospect);
      else addresses.push(withoutOthers(prospect, address, of));
    }
    return { ...each, explanation: { ...explanation, addresses } };
  };
  const interfaces: Explained[] = [];
  for (const each of answer.interfaces) interfaces.push(await toldOf(each));
  return { ...answer, interfaces };
}

function withoutOthers(prospect: Prospect, address: string, of: NamespaceOf): Prospect {
  const { holders, refusal } = prospect;
  const ours = { ...prospect, holders: holders.filter(({ holder }) => isHeldIn(of, holder)) };
  if (refusal?.name !== "addressHeld" && refusal?.name !== "tryAgain") return ours;
  const { message, details } = notAvailable(of.namespace, address);
  return { ...ours, refusal: new IpamError(refusal.name, message, details) };
}

/** Of a set in use, the details name the holder of one address. */
function withoutExample(prospect: Prospect): Prospect {
  const { refusal } = prospect;
  if (!(refusal?.cause instanceof IpamError)) return prospect;
  const details = "list more addresses, or run fewer replicas";
  return { ...prospect, refusal: new IpamError(refusal.name, refusal.message, details) };
}
