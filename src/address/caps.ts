/**
 * What somebody without rights over the cluster may write, and how much of it is taken (CAPPED, docs/design.md section
 * 4). A bound is judged before any work grows with what it bounds; below it work is linear at most. Texts are counted
 * in characters as JavaScript counts them (UTF-16 units), unless a line says bytes.
 */
export const CAPS = {
  /** Names of networks, address spaces and pools: as long as Kubernetes' own longest names (RFC 1123 subdomains). */
  name: 253,
  /** A container's ID, which runtimes choose: CNI has no bound, and theirs have 64. */
  containerId: 1_024,
  /** An interface's name, in bytes: the kernel's IFNAMSIZ without its end. */
  interfaceName: 15,

  /** An owner's kind: Kubernetes names kinds as DNS labels. */
  ownerKind: 63,
  /** The name of an object of Kubernetes, such as an owner, a pod or a Node: a DNS subdomain. */
  objectName: 253,
  /** A namespace: a DNS label. */
  namespace: 63,
  /** A UID. Kubernetes' have 36; other makers of objects may choose. */
  uid: 128,
  /** An API version: a group that is a subdomain, "/", and a version that is a label. */
  apiVersion: 317,

  /** The value of one annotation of ours. Kubernetes allows 256 KiB for all annotations of a pod together. */
  annotation: 64 * 1024,
  /** A time such as "1d12h". */
  duration: 128,
  /** Annotations of ours of one pod, all of their words, networks and interfaces. */
  annotationKeys: 128,
  /** An annotation's key: the longest that Kubernetes takes, a subdomain, "/" and 63 characters. */
  annotationKey: 317,
  /** Entries of kube-ipam.ip, netmask and gateway: one for each range set of the pod's networks. */
  namedAddresses: 128,
  /** Parts of any other list of addresses, as of kube-ipam.ips. */
  listParts: 1_024,
  /** Addresses of one set, its ranges counted out: an IPv4 /16. */
  setAddresses: 65_536,
  /** Entries of a pod's list of further networks (Multus) that are looked at. */
  furtherNetworks: 64,

  /**
   * The configuration in a NetworkAttachmentDefinition that is looked up for a wish: several for one ADD, and real ones
   * have some hundred characters.
   */
  definition: 128 * 1024,

  /** Standard input of one verb, but for a GC's list of attachments. */
  input: 1024 * 1024,
  /** JSON values in it: objects, lists, members and entries. Little ones cost far more than their text. */
  inputValues: 131_072,
  /** CNI_ARGS. */
  cniArgs: 64 * 1024,
  /** Range sets of a network: each gives one address. */
  rangeSets: 64,
  /** Ranges of a network, over all of its sets. */
  ranges: 1_024,
  /** Entries of `exclude`, over all places of a network where one may stand. */
  exclusions: 4_096,
  /** A path: the kernel's PATH_MAX without its end. */
  path: 4_095,
  /** Routes of a network. */
  routes: 1_024,
  /** Remarks on one configuration that the log repeats; more are counted only. */
  warnings: 16,
  /** Definitions of one network's name that the store keeps: enough for two tenants, two racks and a few moves. */
  definitions: 8,
  /** The text of one of them; of a longer one a hash, which still tells one definition from another. */
  definitionDetail: 4 * 1024,
  /** All of them together, if there are several: each ADD of the network reads them. */
  definitionsText: 16 * 1024,

  /**
   * Stores, with the folders and the kubeconfig that go with them, that an agent keeps open and looks after: those that
   * were used last. A node has a handful; without a node's file each network may name others.
   */
  warm: 256,
  /** Files of one number that a node keeps as hints: its place in each pool, when it last did a task for each store. */
  hints: 1_024,

  /** Refusals, and warnings, about one object: of an admission review, or a pod that `why` explains. */
  findings: 16,

  /** One line of the log, in bytes. */
  logLine: 4 * 1024,
  /** `msg` of a CNI error. */
  errorMessage: 1024,
  /** `details` of a CNI error. */
  errorDetails: 4 * 1024,
  /** One value that an error repeats. */
  shownValue: 200,
  /** One key of a configuration that an error repeats. */
  shownKey: 60,
  /** A remark that stands for the owner of a reservation. */
  remark: 200,
  /** The note of a reservation. */
  note: 1024,
  /**
   * Reservations that one namespace makes through `kubectl ipam` in one address space, where no pool's maxPerNamespace
   * says how many.
   */
  reservationsOfNamespace: 64,
  /** A request's body, in bytes: an admission review, an operator's request. Kubernetes' own bound of both. */
  requestBody: 3 * 1024 * 1024,
  /** Objects, lists, members and entries in such a body: a megabyte of real objects has a tenth of it. */
  requestValues: 250_000,
  /** Levels of such a body. */
  requestDepth: 1_000,
} as const;
