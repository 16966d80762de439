import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { readFileSync } from "node:fs";
import { connect } from "node:tls";
import { parse } from "yaml";
import type { CertificateFiles } from "../kit/certificates.ts";
import type { ClusterNode, Sandbox } from "../kit/cluster-node.ts";
import { added, addressesOf } from "../kit/cni.ts";
import { type Controller, startController } from "../kit/controller.ts";
import { applyApiService, applyControllerService } from "../kit/controller-service.ts";
import { PROGRAMS, withoutKubernetes } from "../kit/kubernetes.ts";
import { pod } from "../kit/kubernetes-objects.ts";
import { CLUSTER_STORE, type PodsOnNodes, podsOnNodes } from "../kit/pods-on-nodes.ts";
import { type Finished, run } from "../kit/run.ts";
import { eventually } from "../kit/wait.ts";

/**
 * `kubectl ipam`, the real kubectl with the built executable as its plugin, through the real API server's
 * aggregation, for users whom RBAC allows this and that.
 */

const missing = withoutKubernetes();
if (missing !== undefined) test.skip(`kubectl ipam: ${missing}`, () => {});

const EXECUTABLE = process.env.KUBE_IPAM_EXECUTABLE ?? "dist/kube-ipam";
const OPERATORS = `${import.meta.dir}/../../deploy/rbac/operators.yaml`;
const TEAMS = ["team-a", "team-b"];
const TEAM_B = { namespaces: ["team-b"], fixedNamespaces: ["team-b"] };
const SECRET = { subnet: "10.78.0.0/24", rangeStart: "10.78.0.100", rangeEnd: "10.78.0.200" };
/** No node uses them; the controller judges by them. */
const POOLS = {
  open: { subnets: ["10.77.0.0/24"], maxPerNamespace: 3 },
  secret: { ranges: [[SECRET]], ...TEAM_B },
  dupopen: { subnets: ["10.79.0.0/24"], addressSpace: "s1" },
  dupsecret: { subnets: ["10.79.0.0/24"], addressSpace: "s2", ...TEAM_B },
};

interface Listed {
  readonly address: string;
  readonly state: string;
  readonly pod?: { readonly namespace: string; readonly name: string };
}

describe.skipIf(missing !== undefined)("kubectl ipam", () => {
  let world: PodsOnNodes;
  let node: ClusterNode;
  let controller: Controller;
  /** By user: the path of a kubeconfig. */
  const users: Record<string, string> = {};
  const sandboxes: Record<string, Sandbox> = {};
  const addresses: Record<string, string> = {};

  beforeAll(async () => {
    world = await podsOnNodes({ aggregation: true, controllers: true, store: CLUSTER_STORE });
    const { kubernetes } = world;
    for (const namespace of TEAMS) {
      await kubernetes.apply(
        { apiVersion: "v1", kind: "Namespace", metadata: { name: namespace } },
        { apiVersion: "v1", kind: "ServiceAccount", metadata: { name: "default", namespace } },
      );
    }
    await kubernetes.kubectl("apply", "-f", OPERATORS);
    for (const role of ["view", "edit", "admin"]) users[role] = await user(role);
    users.nobody = await user("none");
    users.boss = world.kubernetes.kubeConfig({ token: await bossToken() });
    const ipam = { ...world.ipam, subnet: "10.188.0.0/16", rangeStart: "10.188.0.10" };
    node = await world.node("n1", { cniVersion: "1.0.0", name: "lan", type: "macvlan", ipam });
    await start("team-a", "a-fixed", { "kube-ipam.ip": "10.188.7.7" });
    await start("team-a", "a-any");
    await start("team-b", "b-any");
    await applyControllerService(kubernetes);
    await applyApiService({ tlsPort: 1 }, kubernetes);
    controller = await startController(world, { pools: POOLS });
    await applyApiService(controller, kubernetes);
    await kubernetes.kubectl(
      "wait",
      "--for=condition=Available",
      "apiservice/v1.ipam.kube-ipam.io",
      "--timeout=180s",
    );
    await run([EXECUTABLE, "install", "--kubectl-plugin", kubernetes.folder.path]);
  }, 360_000);
  afterAll(async () => {
    await controller?.[Symbol.asyncDispose]();
    await world?.[Symbol.asyncDispose]();
  }, 60_000);

  /** A pod with a sandbox and an address. */
  async function start(
    namespace: string,
    name: string,
    annotations: Record<string, string> = {},
  ): Promise<void> {
    await world.kubernetes.apply(pod({ name, namespace, node: "n1", annotations }));
    const sandbox = await node.makeSandbox(await world.find(name, namespace));
    const [address = ""] = addressesOf(added(await node.add(sandbox)));
    sandboxes[name] = sandbox;
    addresses[name] = address.replace(/\/\d+$/, "");
  }

  /** A service account of team-a with one of the shipped roles there, as a person would have a user. */
  async function user(role: string): Promise<string> {
    const { apply, kubectl, kubeConfig } = world.kubernetes;
    const name = `person-${role}`;
    const subject = { kind: "ServiceAccount", name, namespace: "team-a" };
    await apply({ apiVersion: "v1", kind: "ServiceAccount", metadata: { name, namespace: "team-a" } });
    if (role !== "none") {
      await apply({
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "RoleBinding",
        metadata: { name, namespace: "team-a" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: `kube-ipam-${role}` },
        subjects: [subject],
      });
    }
    return kubeConfig({ token: (await kubectl("-n", "team-a", "create", "token", name)).trim() });
  }

  /** An administrator of the cluster. */
  async function bossToken(): Promise<string> {
    const { apply, kubectl } = world.kubernetes;
    const metadata = { name: "boss", namespace: "kube-system" };
    await apply(
      { apiVersion: "v1", kind: "ServiceAccount", metadata },
      {
        apiVersion: "rbac.authorization.k8s.io/v1",
        kind: "ClusterRoleBinding",
        metadata: { name: "boss" },
        roleRef: { apiGroup: "rbac.authorization.k8s.io", kind: "ClusterRole", name: "cluster-admin" },
        subjects: [{ kind: "ServiceAccount", ...metadata }],
      },
    );
    return (await kubectl("-n", "kube-system", "create", "token", "boss")).trim();
  }

  /** `kubectl …` as that user, with our plugin on the path. */
  function kubectl(who: string, ...args: string[]): Promise<Finished> {
    const { path } = world.kubernetes.folder;
    const env = { HOME: path, PATH: `${path}:/usr/bin:/bin`, KUBECONFIG: users[who] ?? "" };
    return run([`${PROGRAMS}/kubectl`, ...args], { env });
  }

  const ipam = (who: string, ...args: string[]) => kubectl(who, "ipam", ...args);

  async function listed(who: string, ...args: string[]): Promise<string[]> {
    const { stdout, stderr, exitCode } = await ipam(who, "list", "-o", "json", ...args);
    if (exitCode !== 0) throw new Error(stderr);
    return (JSON.parse(stdout) as Listed[]).map(({ address }) => address);
  }

  test("who may read one namespace sees what is its own, and nothing else", async () => {
    const own = [addresses["a-any"] ?? "", "10.188.7.7", "10.188.7.7"].sort();
    expect((await listed("view", "-n", "team-a")).sort()).toEqual(own);
    const path = "/apis/ipam.kube-ipam.io/v1/namespaces/team-a/addresses";
    const raw = await kubectl("view", "get", "--raw", path);
    const { items } = JSON.parse(raw.stdout) as { items: { item: Listed }[] };
    expect(items.map(({ item }) => item.address).sort()).toEqual(own);
    for (const where of [["-n", "team-b"], ["-A"]]) {
      const refused = await ipam("view", "list", ...where);
      expect([refused.exitCode, refused.stdout]).toEqual([1, ""]);
      expect(refused.stderr).toContain('cannot list resource "addresses" in API group "ipam.kube-ipam.io"');
      expect(refused.stderr).toContain("ClusterRoles kube-ipam-view, -edit and -admin");
    }
    expect((await ipam("nobody", "list", "-n", "team-a")).stderr).toContain("cannot list resource");
  }, 180_000);

  test("an administrator of the cluster sees all, also what is nobody's namespace's", async () => {
    await ipam("boss", "reserve", "10.188.9.0-10.188.9.255", "--for", "the old printers", "-A");
    expect(await listed("boss", "-A")).toEqual(
      expect.arrayContaining([addresses["b-any"] ?? "", "10.188.7.7", "10.188.9.0"]),
    );
    expect(await listed("boss", "-n", "team-b")).toEqual([addresses["b-any"] ?? ""]);
  }, 180_000);

  test("show and who are the very commands of kube-ipam ip", async () => {
    const shown = await ipam("view", "show", "10.188.7.7", "-n", "team-a");
    expect(shown.stdout).toMatch(/Pod: +team-a\/a-fixed/);
    expect(shown.stdout).toMatch(/Reserved for: +Pod team-a\/a-fixed/);
    const other = await ipam("view", "show", addresses["b-any"] ?? "", "-n", "team-a");
    expect([other.exitCode, other.stderr]).toEqual([
      3,
      `error: address ${addresses["b-any"]} does not belong to namespace 'team-a'\n`,
    ]);
    expect((await ipam("view", "who", "team-a/a-fixed")).stdout).toContain("10.188.7.7");
    const nobody = await ipam("view", "who", "missing", "-n", "team-a");
    expect([nobody.exitCode, nobody.stderr]).toEqual([
      3,
      "error: pod 'missing' has no address here and none is reserved for it\n" +
        "see 'kubectl ipam list'; name the pod as namespace/name\n",
    ]);
  }, 180_000);

  test("why tells of a pod of one's own namespace", async () => {
    const answer = await ipam("view", "why", "team-a/a-fixed");
    expect([answer.exitCode, answer.stderr]).toEqual([0, ""]);
    expect(answer.stdout).toContain("10.188.7.7 (kube-ipam.ip)");
    const data = await ipam("view", "why", "a-fixed", "-n", "team-a", "-o", "json");
    expect(JSON.parse(data.stdout)).toMatchObject({ pod: { namespace: "team-a", name: "a-fixed" } });
    expect((await ipam("view", "why", "team-b/b-any")).stderr).toContain('cannot get resource "pods/why"');
    expect((await ipam("view", "why", "team-a/missing")).exitCode).toBe(3);
  }, 180_000);

  test("K180: why of a pod that asks for another namespace's address does not say whose it is", async () => {
    const annotations = { "kube-ipam.ip": addresses["b-any"] ?? "" };
    await world.kubernetes.apply(pod({ name: "a-asks", namespace: "team-a", node: "n1", annotations }));
    const told = await ipam("view", "why", "team-a/a-asks");
    expect(told.stdout).toContain(`address ${addresses["b-any"]} is not available to namespace 'team-a'`);
    const data = await ipam("view", "why", "team-a/a-asks", "-o", "json");
    expect(JSON.parse(data.stdout).interfaces[0].asks).toMatchObject([{ outlook: "waits", holders: [] }]);
    expect(told.stdout + data.stdout).not.toContain("team-b");
  }, 180_000);

  test("K181: metadata that means another object than path and specification is refused", async () => {
    const post = async (metadata: object) => {
      const spec = {
        address: "10.188.8.9",
        owner: { kind: "Pod", namespace: "team-a", name: "x" },
        retain: "keep",
      };
      const body = world.kubernetes.folder.file(`reservation-${crypto.randomUUID()}.json`);
      await Bun.write(body, JSON.stringify({ metadata, spec }));
      const path = "/apis/ipam.kube-ipam.io/v1/namespaces/team-a/reservations";
      return (await kubectl("edit", "create", "--raw", path, "-f", body)).stderr;
    };
    expect(await post({ name: "10.188.8.10" })).toContain("metadata.name: '10.188.8.10' is not spec.address");
    expect(await post({ namespace: "team-b" })).toContain(
      "metadata.namespace: 'team-b' is not the namespace",
    );
    expect(await post({ name: "10.188.8.9", namespace: "team-a" })).toBe("");
    expect((await ipam("edit", "unreserve", "10.188.8.9", "-n", "team-a")).exitCode).toBe(0);
  }, 180_000);

  test("a namespace's editor reserves for the own workloads, single addresses, and nothing of others", async () => {
    const reserve = (...args: string[]) => ipam("edit", "reserve", ...args);
    expect((await ipam("view", "reserve", "10.188.8.1", "--for", "team-a/x")).stderr).toContain(
      "cannot create resource",
    );
    const done = await reserve("10.188.8.1", "--for", "StatefulSet/team-a/db", "--note", "moved in");
    expect([done.exitCode, done.stdout]).toEqual([
      0,
      "Reserved: 10.188.8.1\nFor:      StatefulSet team-a/db\nRetain:   keep\nNote:     moved in\nSpace:    default\n",
    ]);
    expect(await listed("view", "-n", "team-a")).toContain("10.188.8.1");
    const refusals: readonly (readonly [string, ...string[]])[] = [
      ["cannot create resource", "10.188.8.2", "--for", "StatefulSet/team-b/db"],
      ["cannot reserve a range", "10.188.8.2-10.188.8.9", "--for", "team-a/x"],
      ["cannot reserve an address that is held", "10.188.8.2", "--for", "team-a/x", "--even-if-held"],
      [
        "cannot reserve for anything but the namespace's own",
        "10.188.8.2",
        "--for",
        "a printer",
        "-n",
        "team-a",
      ],
      [
        "cannot reserve for anything but the namespace's own",
        "10.188.8.2",
        "--for",
        "team-b/x",
        "-n",
        "team-a",
      ],
      ["is in no subnet of a network or pool of its address space", "8.8.8.8", "--for", "team-a/x"],
      ["it is the subnet's gateway", "10.188.0.1", "--for", "team-a/x"],
      ["is in no subnet", "10.188.8.2", "--for", "team-a/x", "--space", "s9"],
      [
        `error: address ${addresses["b-any"]} is not available to namespace 'team-a'\n` +
          "choose another address, or ask whoever operates the addresses of this cluster\n",
        ...[addresses["b-any"] ?? "", "--for", "team-a/x"],
      ],
    ];
    for (const [words, ...args] of refusals) {
      const { exitCode, stderr } = await reserve(...args);
      expect([exitCode, stderr]).toEqual([1, expect.stringContaining(words)]);
    }
    await ipam("boss", "reserve", "10.188.8.5", "--for", "StatefulSet/team-b/db");
    expect((await ipam("edit", "unreserve", "10.188.8.5", "-n", "team-a")).exitCode).toBe(3);
    expect((await ipam("edit", "unreserve", "10.188.8.1", "-n", "team-a")).exitCode).toBe(0);
    expect(await listed("boss", "-A")).toContain("10.188.8.5");
  }, 180_000);

  /** A request as that user, of whatever client: what the API server answers. */
  async function send(who: string, method: string, path: string, body?: object) {
    const { users: [of] = [] } = parse(readFileSync(users[who] ?? "", "utf8"));
    const answer = await fetch(`${world.kubernetes.server}/apis/ipam.kube-ipam.io/v1${path}`, {
      method,
      headers: { Authorization: `Bearer ${of.user.token}`, "Content-Type": "application/json" },
      tls: { rejectUnauthorized: false },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { code: answer.status, message: ((await answer.json()) as { message?: string }).message };
  }

  const OWN = "/namespaces/team-a/reservations";
  const asked = (
    address: string,
    { space = undefined as string | undefined, ...owner }: object & { space?: string } = {},
  ) => ({
    spec: {
      address,
      owner: { kind: "Pod", namespace: "team-a", name: "x", ...owner },
      retain: "keep",
      ...(space !== undefined && { space }),
    },
  });

  test("K120, K127: reservations count for a pool's maxPerNamespace, and the log has a line of each request", async () => {
    for (const last of [2, 3, 4])
      expect((await send("edit", "POST", OWN, asked(`10.77.0.${last}`))).code).toBe(201);
    expect(await send("edit", "POST", OWN, asked("10.77.0.5"))).toEqual({
      code: 403,
      message: "namespace 'team-a' already has its 3 addresses of pool 'open'",
    });
    expect(controller.daemon.tail()).toMatch(
      new RegExp(
        "INFO operators' API user=system:serviceaccount:team-a:person-edit verb=create " +
          `path=/apis/ipam.kube-ipam.io/v1${OWN} namespace=team-a address=10.77.0.5 space=default ` +
          'owner="Pod team-a/x" result=noFreeAddress status=403\n',
      ),
    );
  }, 180_000);

  test("K121: an owner of a kind of ours is refused, whoever asks", async () => {
    for (const [who, path] of [
      ["edit", OWN],
      ["boss", "/reservations"],
    ] as const) {
      const of = { kind: "Pool", name: "open" };
      expect(await send(who, "POST", path, asked("10.77.0.9", of))).toEqual({
        code: 400,
        message: "spec.owner: kube-ipam's own records are of kind 'Pool'",
      });
    }
    expect((await send("edit", "DELETE", `${OWN}/10.77.0.9`)).code).toBe(404);
  }, 180_000);

  test("K122: the pool is found by space and address, also outside of its ranges", async () => {
    const refused = (pool: string) => ({
      code: 422,
      message: `namespace 'team-a' may not take addresses of pool '${pool}'`,
    });
    expect(await send("edit", "POST", OWN, asked("10.79.0.9", { space: "s2" }))).toEqual(
      refused("dupsecret"),
    );
    expect((await send("edit", "POST", OWN, asked("10.79.0.9", { space: "s1" }))).code).toBe(201);
    for (const address of ["10.78.0.50", "10.78.0.150"])
      expect(await send("edit", "POST", OWN, asked(address))).toEqual(refused("secret"));
    expect((await send("boss", "POST", "/reservations", asked("10.78.0.50"))).code).toBe(201);
    expect(await send("edit", "DELETE", `${OWN}/10.78.0.50`)).toEqual(refused("secret"));
  }, 180_000);

  test("K123: nothing outside of known subnets and spaces, nor what is never given out; a cluster's operator may", async () => {
    for (const [address, space, code] of [
      ["8.8.8.8", undefined, 422],
      ["10.77.0.1", undefined, 422],
      ["10.77.0.255", undefined, 422],
      ["10.188.0.0", undefined, 422],
      ["10.188.8.3", "s9", 422],
      ["10.188.8.3", "not-a-space/../x\u001b[31m", 400],
    ] as const) {
      const given = space === undefined ? {} : { space };
      expect([address, (await send("edit", "POST", OWN, asked(address, given))).code]).toEqual([
        address,
        code,
      ]);
    }
    expect((await send("boss", "POST", "/reservations", asked("8.8.8.8"))).code).toBe(201);
  }, 180_000);

  test("K126: an address of another team's pod is not available, and the answer names nobody", async () => {
    const address = addresses["b-any"] ?? "";
    expect(await send("edit", "POST", OWN, asked(address))).toEqual({
      code: 409,
      message: `address ${address} is not available to namespace 'team-a'`,
    });
  }, 180_000);

  test("K128: resources that are called as JavaScript's own words are absent", async () => {
    for (const name of ["constructor", "toString", "__proto__"]) {
      const { code } = await send("boss", "GET", `/namespaces/team-a/${name}`);
      expect([name, [400, 404].includes(code)]).toEqual([name, true]);
    }
  }, 180_000);

  test("no spelling of a path leads from one namespace into another", async () => {
    // Somebody who may do everything in team-a, whatever it is called.
    const all = { apiGroups: ["*"], resources: ["*"], verbs: ["*"] };
    const metadata = { name: "lord", namespace: "team-a" };
    const group = "rbac.authorization.k8s.io";
    await world.kubernetes.apply(
      { apiVersion: "v1", kind: "ServiceAccount", metadata },
      { apiVersion: `${group}/v1`, kind: "Role", metadata, rules: [all] },
      {
        apiVersion: `${group}/v1`,
        kind: "RoleBinding",
        metadata,
        roleRef: { apiGroup: group, kind: "Role", name: "lord" },
        subjects: [{ kind: "ServiceAccount", ...metadata }],
      },
    );
    const token = (await world.kubernetes.kubectl("-n", "team-a", "create", "token", "lord")).trim();
    const port = Number(new URL(world.kubernetes.server).port);
    const ask = (path: string) => rawRequest({ port }, path, [`Authorization: Bearer ${token}`]);
    const root = "/apis/ipam.kube-ipam.io/v1/namespaces";
    expect(firstLine(await ask(`${root}/team-a/addresses`))).toContain(" 200 ");
    for (const way of [
      "team-a/../team-b",
      "team-a/%2e%2e/team-b",
      "team-a%2f..%2fteam-b",
      "team-a/..%2fteam-b",
      "team-a/./../team-b",
      "team-a//../team-b",
    ]) {
      const answer = await ask(`${root}/${way}/addresses`);
      expect([way, firstLine(answer)]).toEqual([way, expect.not.stringContaining(" 200 ")]);
      expect(answer).not.toContain("AddressList");
    }
    for (const path of [`${root}/team-a/../../addresses`, `${root}/team-a/%2e%2e/%2e%2e/addresses`])
      expect([path, firstLine(await ask(path))]).toEqual([path, expect.not.stringContaining(" 200 ")]);
  }, 180_000);

  test("K70, K71: a release needs the right to it; in one namespace nobody forces one, in all an operator does", async () => {
    const address = addresses["a-any"] ?? "";
    const release = (who: string, ...args: string[]) => ipam(who, "release", address, ...args);
    for (const who of ["view", "edit"])
      expect((await release(who, "--force", "-n", "team-a")).stderr).toContain(
        'cannot create resource "releases"',
      );
    const refusedByForce = async () => {
      const { exitCode, stderr } = await release("admin", "--force", "-n", "team-a");
      expect([exitCode, stderr]).toEqual([
        1,
        expect.stringContaining(`cannot release address ${address} by force`),
      ]);
      expect(stderr).toContain("kubectl ipam release --force --all-namespaces");
      expect((await release("admin", "-n", "team-a")).stderr).toContain(
        "only that node can see whether the container has ended: stop that",
      );
      expect(await listed("boss", "-A")).toContain(address);
    };
    await refusedByForce();
    // The object is gone; the sandbox lives on its node.
    await world.kubernetes.kubectl("-n", "team-a", "delete", "pod", "a-any", "--force", "--grace-period=0");
    await refusedByForce();
    expect((await release("admin", "--force", "-A")).stderr).toContain('cannot create resource "releases"');
    const done = await release("boss", "--force", "-A");
    expect(done.stdout).toStartWith(`Released ${address}: interface eth0 of container`);
    expect(await listed("boss", "-A")).not.toContain(address);
    const ofOther = await ipam("admin", "release", addresses["b-any"] ?? "", "-n", "team-a");
    expect(ofOther.exitCode).toBe(3);
    const byBoss = await ipam("boss", "release", "--force", addresses["b-any"] ?? "", "-A");
    expect(byBoss.exitCode).toBe(0);
  }, 180_000);

  test("kubectl's own commands understand the API", async () => {
    expect(
      (await kubectl("boss", "api-resources", "--api-group=ipam.kube-ipam.io", "-o", "name")).stdout,
    ).toContain("addresses.ipam.kube-ipam.io");
    const table = await kubectl("view", "get", "addresses", "-n", "team-a");
    expect(table.stdout.split("\n")[0]).toMatch(/^ADDRESS +STATE +FOR +NODE +NETWORK +CONTAINER +INTERFACE$/);
    expect(table.stdout).toContain("10.188.7.7");
    const named = await kubectl(
      ...(["view", "get", "addresses", "-n", "team-a", "-o", "name"] as const),
      "--field-selector=metadata.name=10.188.7.7",
    );
    expect(new Set(named.stdout.trim().split("\n"))).toEqual(
      new Set(["address.ipam.kube-ipam.io/10.188.7.7"]),
    );
    expect((await kubectl("boss", "get", "addresses", "-A", "-l", "app=x")).stderr).toContain(
      "have no labels",
    );
    expect((await kubectl("boss", "get", "addresses", "-A", "--watch-only")).stderr).toContain(
      "cannot be watched",
    );
    const reservation = world.kubernetes.folder.file("reservation.json");
    const owner = { kind: "StatefulSet", namespace: "team-a", name: "x" };
    await Bun.write(
      reservation,
      JSON.stringify({
        apiVersion: "ipam.kube-ipam.io/v1",
        kind: "Reservation",
        metadata: { name: "10.188.8.9" },
        spec: { address: "10.188.8.9", owner, retain: "keep" },
      }),
    );
    const created = await kubectl("edit", "create", "-n", "team-a", "-f", reservation);
    expect([created.exitCode, created.stdout, created.stderr]).toEqual([
      0,
      "reservation.ipam.kube-ipam.io/10.188.8.9 created\n",
      "",
    ]);
    const ended = await kubectl(
      "edit",
      "delete",
      "-n",
      "team-a",
      "reservations",
      "10.188.8.9",
      "--wait=false",
    );
    expect([ended.exitCode, ended.stderr]).toEqual([0, ""]);
    expect((await kubectl("boss", "get", "--raw", "/apis/ipam.kube-ipam.io/v1/nonsense")).exitCode).not.toBe(
      0,
    );
  }, 180_000);

  test("without the API server's own certificate nobody is anybody", async () => {
    const path = "/apis/ipam.kube-ipam.io/v1/addresses";
    const { authority } = world.kubernetes;
    const stranger = await authority.issue({ name: "boss", organization: "system:masters" });
    expect(await direct(path)).toContain(" 401 ");
    // Signed by the very authority that the front proxy's certificate is signed by, under another name.
    expect(await direct(path, stranger)).toContain(" 401 ");
    expect(await direct(path, await authority.issue({ name: "front-proxy" }))).toContain(" 200 ");
  }, 180_000);

  test("K130: Kubernetes' own roles read, and change nothing unless somebody adds that", async () => {
    const { kubectl, tryKubectl } = world.kubernetes;
    const can = async (verb: string, resource: string) => {
      const who = "--as=system:serviceaccount:team-a:person-none";
      const asked = await tryKubectl(
        "auth",
        "can-i",
        verb,
        `${resource}.ipam.kube-ipam.io`,
        "-n",
        "team-b",
        who,
      );
      return asked.stdout.trim();
    };
    const becomes = (verb: string, resource: string) =>
      eventually(async () => ((await can(verb, resource)) === "yes" ? true : undefined), 60_000);
    const bind = (role: string) =>
      kubectl(
        ...(["-n", "team-b", "create", "rolebinding", role, `--clusterrole=${role}`] as const),
        "--serviceaccount=team-a:person-none",
      );
    expect(await can("list", "addresses")).toBe("no");
    await bind("admin");
    await becomes("list", "addresses");
    for (const [verb, resource] of [
      ["create", "reservations"],
      ["delete", "reservations"],
      ["create", "releases"],
    ] as const)
      expect([resource, await can(verb, resource)]).toEqual([resource, "no"]);
    const label = (role: string) =>
      kubectl(
        "label",
        "clusterrole",
        `kube-ipam-${role}`,
        `rbac.authorization.k8s.io/aggregate-to-${role}=true`,
      );
    await label("edit");
    await becomes("create", "reservations");
    expect(await can("create", "releases")).toBe("no");
    await label("admin");
    await becomes("create", "releases");
  }, 180_000);

  test("a namespace is deleted to its end while the API is served", async () => {
    // There is no kubelet that could end it.
    await world.kubernetes.kubectl("-n", "team-b", "delete", "pod", "b-any", "--force", "--grace-period=0");
    await world.kubernetes.kubectl("delete", "namespace", "team-b", "--timeout=150s");
  }, 180_000);

  /** The first line of the answer to one who talks to the controller itself, and says it speaks for the boss. */
  function direct(path: string, client?: CertificateFiles): Promise<string> {
    const shown = client && { cert: readFileSync(client.certFile), key: readFileSync(client.keyFile) };
    const headers = ["X-Remote-User: boss", "X-Remote-Group: system:masters"];
    return rawRequest({ port: controller.tlsPort, ...shown }, path, headers).then(firstLine);
  }

  test("without a controller the error says so", async () => {
    await controller.daemon.stop(10_000);
    const answer = await eventually(async () => {
      const finished = await ipam("boss", "list", "-A");
      return finished.exitCode === 0 ? undefined : finished;
    }, 60_000);
    expect(answer.stderr).toContain("kube-ipam's controller does not answer");
    await world.kubernetes.kubectl("delete", "apiservice", "v1.ipam.kube-ipam.io");
    const gone = await eventually(async () => {
      const finished = await ipam("boss", "list", "-A");
      return finished.stderr.includes("does not serve kube-ipam's API") ? finished : undefined;
    }, 60_000);
    expect(gone.exitCode).toBe(1);
  }, 180_000);
});

/** One GET over TLS, its path sent as it is written; clients of HTTP would tidy it up. */
function rawRequest(
  peer: { readonly port: number; readonly cert?: Buffer; readonly key?: Buffer },
  path: string,
  headers: readonly string[],
): Promise<string> {
  return new Promise((resolve, reject) => {
    let answer = "";
    const lines = [`GET ${path} HTTP/1.1`, "Host: x", ...headers, "Connection: close", "", ""];
    const socket = connect({ host: "127.0.0.1", rejectUnauthorized: false, ...peer }, () =>
      socket.write(lines.join("\r\n")),
    );
    socket.setTimeout(20_000, () => reject(new Error("no answer")));
    socket.on("data", (bytes) => (answer += bytes.toString()));
    socket.on("close", () => resolve(answer));
    socket.on("error", reject);
  });
}

function firstLine(answer: string): string {
  return answer.split("\r\n")[0] ?? "";
}
