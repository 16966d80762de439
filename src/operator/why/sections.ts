import { formatAddress } from "../../address/address.ts";
import { formatInterval } from "../../address/interval-text.ts";
import type { Line } from "../../command-line/output.ts";
import type { Former, Prospect } from "../../ipam/explain/explain.ts";
import type { HandOverRow } from "../../ipam/hand-over/judge.ts";
import { describeOwner, podName } from "../../ipam/in-words.ts";
import type { Holder } from "../../ipam/records.ts";
import type { Wish } from "../../ipam/wish.ts";
import { retention } from "../columns.ts";
import type { Answer, Explained } from "./answer.ts";
import type { Misplaced } from "./misplaced.ts";
import { othersAnnotations } from "./others-annotations.ts";
import { writtenWishes } from "./written-wishes.ts";

/** One block of lines for the pod, and one for each interface. */
export function sectionsOf(answer: Answer): Line[][] {
  return [podLines(answer), ...answer.interfaces.map((each) => interfaceLines(each, answer))];
}

/** The rows of the hand-over table, in words. */
const RULES: Readonly<Record<HandOverRow, string>> = {
  "same attachment": "its own address: the same result again",
  "same container": "another interface of this same container has it",
  "asker not wanted": "this pod is itself no longer wanted",
  "on this node, and gone": "its holder's sandbox is gone: handed over at the next try",
  fenced: "its holder's node is fenced: handed over at the next try",
  "live migration": "one virtual machine on the move: both have it until one ends",
  "same pod": "an earlier sandbox of this pod has it; its DEL is due",
  "not a pod": "a container that is no pod has it",
  leaving: "its holder is leaving; its DEL is due",
  unknown: "it is not known whether its holder is alive",
  alive: "its holder is alive",
};

function podLines({ pod, live, interfaces, misplaced }: Answer): Line[] {
  const owner = interfaces.find(({ explanation }) => explanation?.wish?.owner)?.explanation?.wish?.owner;
  return [
    ["Pod", `${podName(pod)}${live === undefined ? "" : ` (${live.uid})`}`],
    ["State", live === undefined ? undefined : stateOf(live)],
    ["Node", live && (live.nodeName ?? "not scheduled yet")],
    [
      "Owner",
      owner &&
        `${describeOwner(owner.owner)}${owner.ordinal === undefined ? "" : `, ordinal ${owner.ordinal}`}`,
    ],
    ...misplaced.map((each): Line => ["Note", misplacedText(each)]),
    ...othersAnnotations(live?.annotations ?? {}).map((key): Line => ["Note", othersText(key)]),
  ];
}

function misplacedText({ owner, keys, place }: Misplaced): string {
  const [it, belongs] = keys.length === 1 ? ["it reaches", "it belongs"] : ["they reach", "they belong"];
  return (
    `${describeOwner(owner)} has ${keys.join(", ")} on itself, where ${it} no pod: ` +
    `${belongs} into ${place}`
  );
}

function othersText(key: string): string {
  return `${key} speaks to another IPAM plugin: kube-ipam does not read it; for a network of kube-ipam use kube-ipam.ip`;
}

function stateOf({ deleting, finished, hostNetwork }: NonNullable<Answer["live"]>): string {
  if (finished) return "finished: it needs no address any more";
  if (deleting) return "being deleted";
  return hostNetwork === true ? "in its node's own network: no address is given to it" : "wanted";
}

function interfaceLines(each: Explained, answer: Answer): Line[] {
  const { explanation, held, ifname, name, network } = each;
  const hasAll = held.some(({ address }) => answer.shown.has(address));
  return [
    ["Interface", ifname],
    ["Network", name === undefined ? UNKNOWN : network ? `${name} (by ${network.knownBy})` : name],
    ["Wish", explanation?.wish && wishText(explanation.wish, held)],
    ...(explanation?.wish?.passedOn ?? []).map((wish): Line => ["Passed on", `${wish}, ${PASSED_ON}`]),
    ...held.flatMap(({ address, holder, origin }): Line[] => [
      ["Has", `${address} (${origin})`],
      ["Sandbox", `${holder.attachment.container} on node ${holder.node}${noteOf(address, answer)}`],
    ]),
    ...(explanation?.addresses ?? []).flatMap(prospectLines),
    ...(explanation?.formerly ?? []).map((former): Line => ["Had before", formerText(former)]),
    ...refusalLines(explanation?.refusal, hasAll ? "Wish" : "Refused"),
    ...unknownLines(each, answer),
  ];
}

/** Of an interface whose network is not known: what the pod asks of it, and why nothing can be said of that. */
function unknownLines({ held, ifname, name, network, note }: Explained, { live }: Answer): Line[] {
  if (held.length > 0 || name === undefined || network !== undefined) return [];
  return [
    ...writtenWishes(live?.annotations ?? {}, ifname, name).map((wish): Line => ["Wish", wish]),
    ["Note", note ?? "kube-ipam knows no network of that name: it is another IPAM plugin's, or not used yet"],
  ];
}

function formerText({ address, because }: Former): string {
  return because === undefined
    ? `${address}, which it does not ask for any more`
    : `${address}, which can no longer be given: ${because}`;
}

const PASSED_ON = "to an interface that is not known to be the pod's: it is lost where none takes it";

const UNKNOWN = "not known: name it with --network, or its configuration with --config or --conf-dir";

function noteOf(address: string, { live, shown }: Answer): string {
  if (live === undefined || shown.has(address)) return "";
  return ", which the pod does not show: it is starting, or that sandbox has ended and its DEL is due";
}

/** What the runtime itself asks for is seen in what was given only. */
function wishText({ fixed, set, sticky, retain }: Wish, held: Explained["held"]): string {
  const wishes = [
    ...fixed.map(({ address, source }) => `${formatAddress(address)} (${source})`),
    ...(set ? [`one of ${set.map(formatInterval).join(", ")} (kube-ipam.ips)`] : []),
    ...(sticky ? ["what it was given before (kube-ipam.sticky)"] : []),
  ];
  const asked = held.filter(({ origin }) => origin === "fixed").map(({ address }) => address);
  if (wishes.length === 0 && asked.length > 0)
    return `${asked.join(", ")} (by the runtime: CNI_ARGS IP, args.cni.ips or runtimeConfig.ips)`;
  if (wishes.length === 0) return "any address";
  return `${wishes.join(", ")}${retain === "workload" ? "" : `, retained: ${retention(retain)}`}`;
}

function prospectLines({ address, holders, outlook, refusal }: Prospect): Line[] {
  const which = address ?? "any address";
  return [
    ["Address", `${which}: ${OUTLOOKS[outlook]}`],
    ...holders.flatMap(({ holder, row }): Line[] => [
      ["Holder", holderText(holder)],
      ["Rule", RULES[row]],
    ]),
    ...refusalLines(refusal, outlook === "waits" ? "Waits" : "Refused"),
    ["Next", refusal === undefined ? NEXT[outlook] : undefined],
  ];
}

const OUTLOOKS: Readonly<Record<Prospect["outlook"], string>> = {
  free: "free",
  "hand-over": "may be taken from its holder",
  shared: "shared with its holder",
  waits: "not yet",
  refused: "refused",
};

const NEXT: Readonly<Partial<Record<Prospect["outlook"], string>>> = {
  free: "the next try gets it. If no try comes, see the pod's events and the plugin's log",
  "hand-over": "the next try of the pod's runtime takes it",
  shared: "the next try of the pod's runtime gets it",
};

function refusalLines(refusal: Prospect["refusal"], title: string): Line[] {
  if (refusal === undefined) return [];
  return [
    [title, `${refusal.message} (error ${refusal.code})`],
    ["Next", refusal.details],
  ];
}

function holderText({ attachment, node, pod }: Holder): string {
  const who = pod === undefined ? "no pod" : `pod ${podName(pod)}`;
  return `${who}, container ${attachment.container} (interface ${attachment.ifname}) on node ${node}`;
}
