/** A folder of src/, what it may import of others, and its rooms in the order in which they build on each other. */
export interface Layer {
  readonly layer: string;
  /** Other layers that its files may import. */
  readonly uses: readonly string[];
  /**
   * Folders inside it; each imports only those named before it. "." is the layer's own folder: first
   * where it holds the words and ports that the rooms share, last where it puts the rooms together.
   */
  readonly rooms?: readonly string[];
  /** Folders that only tests import. */
  readonly testing?: readonly string[];
  /** It decides, and does no I/O: it imports nothing of Node, Bun or a package. */
  readonly pure?: true;
}

/** The order of all code, lowest first: a layer imports only layers named before it, and of those only `uses`. */
export const LAYERS: readonly Layer[] = [
  { layer: "address", uses: [], pure: true, testing: ["testing"] },
  {
    layer: "ipam",
    uses: ["address"],
    pure: true,
    rooms: [
      ".",
      "integrity",
      "evidence",
      "reserve",
      "free",
      "wish",
      "plan",
      "hand-over",
      "view",
      "foresee",
      "choose",
      "commit",
      "allocate",
      "check",
      "audit",
      "survey",
      "recovery",
      "moving",
      "explain",
    ],
    testing: ["testing", "invariants"],
  },
  { layer: "files", uses: ["address"] },
  { layer: "tls", uses: ["address", "files"] },
  { layer: "log", uses: ["address", "ipam", "files"] },
  { layer: "portable", uses: ["address", "ipam"] },
  {
    layer: "config",
    uses: ["address", "ipam"],
    rooms: ["text", ".", "network", "settings", "parse"],
    testing: ["testing"],
  },
  {
    layer: "kubernetes",
    uses: ["address", "ipam", "files", "tls", "portable", "config"],
    rooms: ["credentials", "api", "objects", "ports"],
    testing: ["testing"],
  },
  {
    layer: "store",
    uses: ["address", "ipam", "files", "tls", "config", "kubernetes"],
    rooms: [
      ".",
      "keys",
      "embedded",
      "etcd/gen",
      "etcd/http2",
      "etcd/wire",
      "etcd/connect",
      "etcd/client",
      "etcd",
      "kubernetes/objects",
      "kubernetes/requests",
      "kubernetes/transactions",
      "kubernetes",
      "kinds",
    ],
    testing: ["contract", "memory", "embedded/testing", "kubernetes/testing"],
  },
  { layer: "node", uses: ["address", "ipam", "files", "config"], testing: ["test-kit"] },
  {
    layer: "cni",
    uses: ["address", "ipam", "files", "config", "log", "store"],
    rooms: ["protocol", "verbs", "."],
  },
  {
    layer: "runtime",
    uses: ["address", "ipam", "files", "log", "config", "store", "node", "kubernetes", "cni"],
  },
  { layer: "host", uses: ["kubernetes"] },
  { layer: "command-line", uses: ["address", "ipam", "files", "config"] },
  {
    layer: "operator",
    uses: ["address", "ipam", "config", "kubernetes", "runtime", "command-line"],
    rooms: [".", "why"],
  },
  {
    layer: "agent",
    uses: [
      "address",
      "ipam",
      "log",
      "config",
      "store",
      "node",
      "kubernetes",
      "cni",
      "runtime",
      "host",
      "command-line",
    ],
    rooms: ["events", "warm", "socket", "."],
    testing: ["testing"],
  },
  {
    layer: "controller",
    uses: ["address", "ipam", "tls", "config", "store", "kubernetes", "runtime", "command-line", "operator"],
    rooms: ["context", "leading", "survey", "tasks", "api", "admission", "serving", "."],
  },
  {
    layer: "cli",
    uses: [
      "address",
      "ipam",
      "files",
      "portable",
      "config",
      "store",
      "node",
      "kubernetes",
      "cni",
      "runtime",
      "host",
      "command-line",
      "operator",
      "agent",
      "controller",
    ],
    rooms: [
      "session",
      "install",
      "doctor",
      "ip",
      "check",
      "gc",
      "kubectl",
      "outputconf",
      "recover",
      "store",
      "why",
      ".",
    ],
  },
];
