/** 1.0.0 is the newest version that the main plugins of all supported distributions know. */
const CNI_VERSION = "1.0.0";

/** The runtime hands over the pod's annotations: no request to Kubernetes for each pod. */
const ANNOTATIONS = { "io.kubernetes.cri.pod-annotations": true };

/** Complete network configurations to start from, one for each main plugin; edit subnet, names and files. */
export const CONFIGURATIONS: ReadonlyMap<string, object> = new Map<string, object>([
  ["macvlan", onWire("macvlan", { mode: "bridge" })],
  ["ipvlan", onWire("ipvlan", { mode: "l2" })],
  ["bridge", network("bridge", { bridge: "cni0", isGateway: true, ipMasq: true, hairpinMode: true })],
  ["kube-router", kubeRouter()],
  ["calico", calico()],
  ["ptp", network("ptp", { ipMasq: true })],
  ["vlan", onWire("vlan", { vlanId: 188 })],
  ["host-device", network("host-device", { device: "eth1" })],
  ["multus", multus()],
]);

/** The names of these configurations. */
export const MAIN_PLUGINS: readonly string[] = [...CONFIGURATIONS.keys()];

/** What a person must know of a configuration before using it. */
export const NOTES: ReadonlyMap<string, string> = new Map([
  [
    "kube-router",
    "kube-router writes each node's podCIDR into it: add no subnet, ranges or routes, and choose fixed addresses " +
      "(kube-ipam.ip) inside the podCIDR of the node that runs the pod",
  ],
]);

function network(type: string, keys: object, ipamKeys: object = { resolvConf: "/etc/resolv.conf" }): object {
  return {
    cniVersion: CNI_VERSION,
    name: "k8snetwork",
    type,
    ...keys,
    capabilities: ANNOTATIONS,
    ipam: { ...ipam({ routes: [{ dst: "0.0.0.0/0" }] }), ...ipamKeys },
  };
}

/** These plugins ignore the name servers of their IPAM plugin, so none are read. */
function onWire(type: string, keys: object): object {
  return network(type, { master: "eth0", ...keys }, {});
}

/**
 * kube-router moves a `subnet` into `ranges` and adds the node's podCIDR as a further range set, so that a
 * subnet would give pods a second address, and one that is not routed. The bridge plugin makes the default
 * route (isDefaultGateway), so none stands here: two would be "file exists". The podCIDRs of nodes are apart,
 * so each node keeps its own store.
 */
function kubeRouter(): object {
  return {
    cniVersion: CNI_VERSION,
    name: "k8snetwork",
    type: "bridge",
    bridge: "kube-bridge",
    isDefaultGateway: true,
    hairpinMode: true,
    capabilities: ANNOTATIONS,
    ipam: { type: "kube-ipam", nodeLocal: true },
  };
}

function calico(): object {
  return network(
    "calico",
    {
      datastore_type: "kubernetes",
      mtu: 0,
      policy: { type: "k8s" },
      kubernetes: { kubeconfig: "/etc/cni/net.d/calico-kubeconfig" },
    },
    {},
  );
}

/**
 * Multus passes no annotations on, so each pod costs one request with the kubeconfig. No default
 * route: that stays with the pod's first interface.
 */
function multus(): object {
  const config = {
    cniVersion: CNI_VERSION,
    name: "db-network",
    type: "macvlan",
    master: "eth1",
    mode: "bridge",
    ipam: ipam({}),
  };
  return {
    apiVersion: "k8s.cni.cncf.io/v1",
    kind: "NetworkAttachmentDefinition",
    metadata: { name: "db-network", namespace: "default" },
    spec: { config: JSON.stringify(config, null, 2) },
  };
}

function ipam(keys: object): object {
  return {
    type: "kube-ipam",
    subnet: "10.188.0.0/16",
    rangeStart: "10.188.0.10",
    rangeEnd: "10.188.0.200",
    gateway: "10.188.0.1",
    ...keys,
    kubeConfig: "/etc/kubernetes/pki/kubectl.kubeconfig",
    etcdConfig: {
      etcdURL: "https://192.168.122.11:2379",
      etcdCertFile: "/etc/kubernetes/ssl/kubernetes.pem",
      etcdKeyFile: "/etc/kubernetes/ssl/kubernetes-key.pem",
      etcdTrustedCAFileFile: "/etc/kubernetes/ssl/k8s-root-ca.pem",
    },
  };
}
