import { expect, test } from "bun:test";
import type { HttpBindings } from "@hono/node-server";
import { Hono } from "hono";
import { CAPS } from "../../address/caps.ts";
import { calledBy } from "../../ipam/testing/called-by.ts";
import { add, createWorld, named, network } from "../../ipam/testing/world.ts";
import { ROOT } from "../../operator/wire.ts";
import type { ControllerContext } from "../context/context.ts";
import { mountOperatorsApi } from "./routes.ts";

const LAN = network("lan", [{ subnet: "10.1.2.0/24", first: "10.1.2.10", last: "10.1.2.100" }]);
const TEAM_A = `${ROOT}/namespaces/team-a`;

/** The API, asked by the front proxy for a user; what the controller logs. */
async function api(user = "ann") {
  const made = createWorld();
  const ports = { ...made.ports(made.node("n1")), clusterNames: calledBy("here") };
  await add(ports, "c0", {
    network: LAN,
    pod: { namespace: "team-b", name: "secret-pod" },
    wish: named("10.1.2.90"),
  });
  const lines: [string, Record<string, unknown>][] = [];
  const app = new Hono<{ Bindings: HttpBindings }>();
  mountOperatorsApi(app, {
    ports,
    frontProxy: { userOf: () => user },
    configuration: { addressSpace: "default", coolingSeconds: 60, requireInit: false },
    pools: { all: [], inForce: [] },
    metrics: { operatorRequests: { inc: () => undefined } },
    log: (_level: string, message: string, fields: Record<string, unknown>) => lines.push([message, fields]),
  } as unknown as ControllerContext);
  const ask = async (method: string, path: string, body?: unknown) => {
    const incoming = { socket: {}, url: path };
    const init = {
      method,
      ...(body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) }),
    };
    const response = await app.request(path, init, { incoming } as HttpBindings);
    const text = await response.text();
    return { code: response.status, body: JSON.parse(text), warnings: response.headers.get("Warning"), text };
  };
  const reserve = (change: object = {}, owner: object = {}, query = "") =>
    ask("POST", `${TEAM_A}/reservations${query}`, {
      spec: {
        address: "10.1.2.20",
        owner: { kind: "Pod", namespace: "team-a", name: "x", ...owner },
        retain: "keep",
        ...change,
      },
    });
  const table = async (query: string) => {
    const headers = { Accept: "application/json;as=Table;v=v1;g=meta.k8s.io" };
    const incoming = { socket: {}, url: TEAM_A } as HttpBindings["incoming"];
    const answer = await app.request(`${TEAM_A}/addresses?${query}`, { headers }, {
      incoming,
    } as HttpBindings);
    return JSON.parse(await answer.text());
  };
  return { ask, reserve, table, lines, store: made.store };
}

test("K126: whoever else has an address, the answer is the same 409", async () => {
  const { ask, reserve } = await api();
  const all = (address: string, owner: object, evenIfHeld = false) =>
    ask("POST", `${ROOT}/reservations`, { spec: { address, owner, retain: "keep", evenIfHeld } });
  const note = { kind: "Note", namespace: "", name: "the hidden printer" };
  await all("10.1.2.21", note);
  await all("10.1.2.22", { kind: "StatefulSet", namespace: "team-b", name: "hidden" });
  await all("10.1.2.32-10.1.2.63", note);
  for (const address of ["10.1.2.90", "10.1.2.21", "10.1.2.22", "10.1.2.40"]) {
    const { code, body } = await reserve({ address });
    expect([code, body.message, body.details.causes]).toEqual([
      409,
      `address ${address} is not available to namespace 'team-a'`,
      [
        {
          reason: "addressHeld",
          message: "choose another address, or ask whoever operates the addresses of this cluster",
        },
      ],
    ]);
    expect((await ask("GET", `${TEAM_A}/addresses/${address}`)).code).toBe(404);
    expect((await ask("DELETE", `${TEAM_A}/reservations/${address}`)).code).toBe(404);
  }
  expect((await ask("GET", `${TEAM_A}/addresses/10.1.2.99`)).code).toBe(404);
  expect((await ask("DELETE", `${TEAM_A}/reservations/10.1.2.99`)).code).toBe(404);
});

test("K126: what the own namespace has is named", async () => {
  const { reserve } = await api();
  expect((await reserve()).code).toBe(201);
  const { body, code } = await reserve({}, { name: "y" });
  expect([code, body.message]).toEqual([409, "address 10.1.2.20 is reserved for Pod team-a/x"]);
});

test("K127: each change is one line of the log: who, what, which address, for whom, and what came of it", async () => {
  const { ask, reserve, lines } = await api("eve\u001b[31m\nroot");
  await reserve();
  await reserve({ address: "10.1.2.90" });
  await reserve({ address: "nonsense".repeat(100) });
  await ask("DELETE", `${TEAM_A}/reservations/10.1.2.20`);
  await ask("POST", `${ROOT}/releases`, { spec: { address: "10.1.2.90", force: true } });
  await ask("GET", `${TEAM_A}/addresses`);
  const of = { user: "eve\\u001b[31m\\u000aroot" };
  const about = { address: "10.1.2.20", space: "default", owner: "Pod team-a/x" };
  const posted = { ...of, verb: "create", path: `${TEAM_A}/reservations`, namespace: "team-a" };
  expect(lines.map(([, fields]) => fields)).toEqual([
    { ...posted, ...about, result: "reserved", status: "201" },
    { ...posted, ...about, address: "10.1.2.90", result: "addressHeld", status: "409" },
    { ...posted, status: "400" },
    {
      ...of,
      verb: "delete",
      path: `${TEAM_A}/reservations/10.1.2.20`,
      namespace: "team-a",
      ...about,
      result: "ended",
      status: "200",
    },
    {
      ...of,
      verb: "create",
      path: `${ROOT}/releases`,
      address: "10.1.2.90",
      space: "default",
      owner: "pod team-b/secret-pod on node n1",
      result: "released 1 by force",
      status: "201",
    },
  ]);
});

test("K128: names that JavaScript's objects have by themselves are resources and kinds like others", async () => {
  const { ask, reserve } = await api();
  for (const name of ["constructor", "toString", "hasOwnProperty", "valueOf"]) {
    for (const method of ["GET", "POST", "DELETE"]) {
      const { body, code } = await ask(method, `${TEAM_A}/${name}`);
      expect([name, code, body.kind, body.reason]).toEqual([name, 404, "Status", "NotFound"]);
    }
    expect((await reserve({ address: name })).code).toBe(400);
    expect((await reserve({}, { kind: name })).code).toBe(400);
    expect((await reserve({ space: "s1", retain: name })).code).toBe(400);
    expect((await ask("GET", `${TEAM_A}/addresses/${name}`)).code).toBe(400);
  }
  const { body, code } = await ask("GET", `${TEAM_A}/__proto__`);
  expect([code, body.kind]).toEqual([400, "Status"]);
});

test("K129: what a body may hold is bounded, and told", async () => {
  const { ask, reserve, lines } = await api();
  const long = (length: number) => "a".repeat(length);
  for (const [change, owner, words] of [
    [{}, { kind: `K${long(63)}` }, "spec.owner: the kind"],
    [{}, { kind: "pod" }, "spec.owner: the kind"],
    [{}, { kind: "Pool" }, "spec.owner: kube-ipam's own records are of kind 'Pool'"],
    [{}, { kind: "Recovery" }, "spec.owner: kube-ipam's own records are of kind 'Recovery'"],
    [{}, { name: long(254) }, "spec.owner: the name"],
    [{}, { name: "x\u001b[31m" }, "spec.owner: the name"],
    [{}, { namespace: long(64) }, "spec.owner: the namespace"],
    [{}, { kind: "Note" }, "spec.owner: a remark belongs to no namespace"],
    [{ note: long(CAPS.note + 1) }, {}, "spec.note: it is longer than 1024 characters"],
    [{ note: "\u001b[31m" }, {}, "spec.note: it has control characters"],
    [{ space: "not-a-space/../x\u001b[31m" }, {}, "spec.space: "],
    [{ space: long(254) }, {}, "spec.space: "],
    [{ retain: -1 }, {}, "spec.retain: "],
    [{ address: long(254) }, {}, "spec.address: "],
  ] as const) {
    const { body, code } = await reserve(change, owner);
    expect([code, body.message]).toEqual([400, expect.stringContaining(words)]);
  }
  expect((await reserve({ note: long(CAPS.note) })).code).toBe(201);
  const deep = await ask("POST", `${TEAM_A}/reservations`, "[".repeat(1_000_000));
  expect(deep.code).toBe(400);
  for (const path of ["addresses?space=a/b", "addresses/10.1.2.20?space=a/b"])
    expect((await ask("GET", `${TEAM_A}/${path}`)).code).toBe(400);
  expect((await ask("DELETE", `${TEAM_A}/reservations/10.1.2.20?space=a/b`)).code).toBe(400);
  for (const [, fields] of lines)
    for (const value of Object.values(fields)) expect(String(value).length).toBeLessThan(300);
});

test("K129: fields that a body should not have are warned about, or refused, as the caller asks", async () => {
  const { reserve } = await api();
  const more = { adress: "10.1.2.21", '\u00e9"': 1 };
  const warned = await reserve(more, { uid: "u" });
  expect(warned.code).toBe(201);
  expect(warned.warnings).toBe(
    `299 - "unknown field 'spec.owner.uid'", 299 - "unknown field 'spec.adress'", 299 - "unknown field 'spec.??'"`,
  );
  const strict = await reserve(more, {}, "?fieldValidation=Strict");
  expect([strict.code, strict.body.message]).toEqual([
    400,
    expect.stringContaining("unknown field 'spec.adress'"),
  ]);
  expect((await reserve(more, {}, "?fieldValidation=Ignore")).warnings).toBeNull();
});

test("K129: a change that is only to be tried is refused, not made", async () => {
  const { ask, reserve } = await api();
  expect((await reserve({}, {}, "?dryRun=All")).code).toBe(400);
  expect((await ask("GET", `${TEAM_A}/addresses/10.1.2.20`)).code).toBe(404);
  await reserve();
  const path = `${TEAM_A}/reservations/10.1.2.20`;
  expect((await ask("DELETE", `${path}?dryRun=All`)).code).toBe(400);
  expect((await ask("DELETE", path, { kind: "DeleteOptions", dryRun: ["All"] })).code).toBe(400);
  expect((await ask("DELETE", path, { preconditions: { uid: "u" } })).code).toBe(400);
  expect((await ask("DELETE", path, { propagationPolicy: "Background" })).code).toBe(200);
});

test("K120: over a cap the answer is 403, with the error's own name", async () => {
  const { reserve } = await api();
  for (let index = 0; index < CAPS.reservationsOfNamespace; index++)
    expect((await reserve({ address: `10.1.2.${110 + index}` }, { name: `x${index}` })).code).toBe(201);
  const { body, code } = await reserve({ address: "10.1.2.200" });
  expect([code, body.reason, body.details.causes[0].reason]).toEqual([403, "Forbidden", "noFreeAddress"]);
});

test("K123: the namespaces of requests and owners are one", async () => {
  const { reserve } = await api();
  for (const owner of [{ namespace: "team-b" }, { kind: "Note", namespace: "", name: "a printer" }]) {
    const { body, code } = await reserve({}, owner);
    expect([code, body.message]).toEqual([
      403,
      "with rights in one namespace you cannot reserve for anything but the namespace's own pods and workloads",
    ]);
  }
  expect((await reserve({ address: "10.1.2.20-10.1.2.29" })).code).toBe(403);
  expect((await reserve({ evenIfHeld: true })).code).toBe(403);
});

test("K211: a list comes page by page, each item once, whatever the limit; and what it asks for is narrowed", async () => {
  const { ask, reserve } = await api();
  const texts = ["10.1.2.20", "10.1.2.21", "10.1.2.22", "10.1.2.23", "10.1.2.24"];
  for (const address of texts) await reserve({ address });
  const listed = async (query: string) => {
    const { body, code } = await ask("GET", `${TEAM_A}/addresses?${query}`);
    expect(code).toBe(200);
    const names: string[] = body.items.map((item: { metadata: { name: string } }) => item.metadata.name);
    return { names, next: body.metadata.continue as string | undefined };
  };
  for (const limit of [1, 2, 3, 5, 9]) {
    const seen: string[] = [];
    let token = "";
    do {
      const { names, next } = await listed(`limit=${limit}&continue=${token}`);
      expect(names.length).toBeLessThanOrEqual(limit);
      seen.push(...names);
      token = next ?? "";
    } while (token !== "");
    expect(seen).toEqual(texts);
  }
  expect((await listed("")).names).toEqual(texts);
  expect((await listed("limit=0")).names).toEqual(texts);
  expect((await listed("limit=9223372036854775807")).names).toEqual(texts);
  expect((await listed("address=10.1.2.22-10.1.2.23")).names).toEqual(["10.1.2.22", "10.1.2.23"]);
  expect((await listed("state=allocated")).names).toEqual([]);
  expect((await listed("fieldSelector=metadata.name%3D10.1.2.24&limit=1")).names).toEqual(["10.1.2.24"]);
  for (const wrong of ["limit=x", "continue=x", "state=x", "address=x", "limit=-1", "continue=e30"])
    expect((await ask("GET", `${TEAM_A}/addresses?${wrong}`)).code).toBe(400);
});

test("K211: a table comes page by page, too", async () => {
  const { reserve, table } = await api();
  for (const address of ["10.1.2.20", "10.1.2.21"]) await reserve({ address });
  const first = await table("limit=1");
  expect([first.kind, first.rows.length, first.columnDefinitions.length > 0]).toEqual(["Table", 1, true]);
  const second = await table(`limit=1&continue=${first.metadata.continue}`);
  expect([second.rows[0].cells[0], second.metadata]).toEqual(["10.1.2.21", {}]);
});
