import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { createPrivateKey } from "node:crypto";
import { readFileSync, writeFileSync } from "node:fs";
import type { EtcdSettings } from "../../src/config/network-configuration.ts";
import type { StoreFailure } from "../../src/ipam/store-port.ts";
import { failureOf, getPod } from "../../src/kubernetes/testing/asking.ts";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { type CertificateFiles, type CertificateWish, makeAuthority } from "../kit/certificates.ts";
import { type EtcdCluster, startEtcd } from "../kit/etcd.ts";
import { ETCD_VERSIONS } from "../kit/etcd-binaries.ts";
import { atOnce } from "../kit/etcd-records.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";

const [version = "3.4"] = ETCD_VERSIONS;

/** "ok", or how a first read fails, without the endpoint. */
async function firstRead(settings: EtcdSettings): Promise<string> {
  const store = await openEtcdStore(settings);
  const end = await store.read({ refs: [{ kind: "meta" }] }, atOnce()).then(
    () => "ok",
    ({ kind, message }: StoreFailure) => `${kind}: ${message}`,
  );
  await store.close();
  return end.replace(/etcd refuses this node: https:\S+ /, "");
}

describe("etcd's certificates by an intermediate authority", () => {
  let cluster: EtcdCluster;
  beforeAll(async () => {
    cluster = await startEtcd({ version, tls: true, intermediate: true });
  });
  afterAll(() => cluster[Symbol.asyncDispose]());

  const text = (path: string) => readFileSync(path, "utf8");
  const root = () => text(cluster.root?.caFile ?? "");
  const below = () => text(cluster.authority?.caFile ?? "");
  const file = (name: string, content: string) => {
    const path = cluster.folder.file(name);
    writeFileSync(path, content);
    return path;
  };
  /** Two with the root's name and key, one of which is over, and one of another name. */
  const others = async () => {
    const stranger = await makeAuthority(cluster.folder.path, "stranger");
    const expired = await cluster.root?.again({ fromDay: -9, untilDay: -3 });
    return { stranger: text(stranger.caFile), expired: text(expired ?? "") };
  };

  const accepted: Record<string, () => Promise<string> | string> = {
    "the root": root,
    "the intermediate alone": below,
    "comments, CRLF, another authority and one twice": async () =>
      `# ours\r\n${(await others()).stranger}subject=x\r\n${root()}\n${root()}`.replace(/\r?\n/g, "\r\n"),
    "an expired one of the same name and key before the good one": async () =>
      `${(await others()).expired}\n${root()}`,
    "an expired one after the good one": async () => `${root()}\n${(await others()).expired}`,
    "a stranger's beside the intermediate": async () => `${(await others()).stranger}\n${below()}`,
  };
  for (const [name, bundle] of Object.entries(accepted))
    test(`K100: ${name} as authority is enough`, async () => {
      const trustedCaFile = file("bundle.pem", await bundle());
      expect(await firstRead(etcdSettings(cluster, { trustedCaFile }))).toBe("ok");
    });

  const refusedBundles: Record<string, [() => Promise<string> | string, string]> = {
    "an empty file": [() => "\n", "etcdTrustedCAFile FILE is empty"],
    "a key": [() => text(cluster.client?.keyFile ?? ""), "etcdTrustedCAFile FILE holds no certificate"],
    "what is no certificate inside": [
      () => "-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n",
      "etcdTrustedCAFile FILE holds no certificate that can be read",
    ],
    "one that cannot be read before a good one": [
      () => `-----BEGIN CERTIFICATE-----\nMIIB\n-----END CERTIFICATE-----\n${root()}`,
      "etcdTrustedCAFile FILE holds a certificate that cannot be read: number 1 of 2",
    ],
    "one with line ends of old": [
      () => root().replaceAll("\n", "\r"),
      "etcdTrustedCAFile FILE holds no certificate that can be read",
    ],
    "an expired one": [async () => (await others()).expired, "the authority in FILE expired on DAY ('ca')"],
    "an expired one beside a stranger's": [
      async () => `${(await others()).stranger}\n${(await others()).expired}`,
      "the authority in FILE expired on DAY ('ca')",
    ],
    "one of the future": [
      async () => text((await cluster.root?.again({ fromDay: 3, untilDay: 9 })) ?? ""),
      "the authority in FILE is not valid before DAY ('ca')",
    ],
    "one without CA:TRUE": [
      async () => text((await cluster.root?.again({ isAuthority: false })) ?? ""),
      "the authority in FILE is no authority: its certificate lacks CA:TRUE ('ca')",
    ],
  };
  for (const [name, [bundle, message]] of Object.entries(refusedBundles))
    test(`K101: ${name} as authority is named`, async () => {
      const trustedCaFile = file("bundle.pem", await bundle());
      const end = await firstRead(etcdSettings(cluster, { trustedCaFile }));
      const told = end.replaceAll(trustedCaFile, "FILE").replace(/\d{4}-\d\d-\d\d/, "DAY");
      expect(told).toBe(`refused: ${message}`);
    });

  test("K102: an empty, an encrypted and a foreign key are named, and so is a certificate for servers", async () => {
    const { certFile = "", keyFile = "" } = cluster.client ?? {};
    const plain = createPrivateKey(text(keyFile));
    const encrypted = (type: "pkcs8" | "sec1") =>
      String(plain.export({ type, format: "pem", cipher: "aes-256-cbc", passphrase: "x" }));
    const serving = await cluster.authority?.issue({ name: "root", purposes: ["serverAuth"] });
    const strange = await cluster.authority?.issue({ name: "root" });
    const enciphering = await cluster.authority?.issue({ name: "root", usages: ["keyEncipherment"] });
    const told: [Partial<EtcdSettings>, string][] = [
      [{ keyFile: file("key.pem", "") }, "etcdKeyFile KEY is empty"],
      [{ keyFile: file("pkcs8.pem", encrypted("pkcs8")) }, "etcdKeyFile KEY is encrypted"],
      [{ keyFile: file("sec1.pem", encrypted("sec1")) }, "etcdKeyFile KEY is encrypted"],
      [{ keyFile: file("no-key.pem", text(certFile)) }, "etcdKeyFile KEY holds no private key"],
      [{ keyFile: strange?.keyFile ?? "" }, "etcdKeyFile KEY does not belong to etcdCertFile CERT"],
      [
        { certFile: serving?.certFile ?? "", keyFile: serving?.keyFile ?? "" },
        "our certificate CERT is not for clients (its extended key usage lacks clientAuth)",
      ],
      [
        { certFile: enciphering?.certFile ?? "", keyFile: enciphering?.keyFile ?? "" },
        "etcdCertFile CERT may not be used to sign (its key usage lacks digitalSignature)",
      ],
    ];
    for (const [wrong, message] of told) {
      const settings = etcdSettings(cluster, wrong);
      const end = await firstRead(settings);
      const named = end.replace(settings.keyFile ?? "", "KEY").replace(settings.certFile ?? "", "CERT");
      expect(named).toBe(`refused: ${message}`);
    }
  });
});

const SERVERS = [
  [
    "for clients alone",
    { purposes: ["clientAuth"] },
    "is not for servers (its extended key usage lacks serverAuth)",
  ],
  [
    "for other hosts",
    { hosts: ["etcd-1", "etcd-1.example", "10.9.9.9"] },
    "is not for this host: it is for etcd-1, etcd-1.example, 10.9.9.9",
  ],
  ["without a name", { hosts: [] }, "is not for this host: it is for nothing but the common name server"],
  [
    "for encipherment alone",
    { usages: ["keyEncipherment"] },
    "may not be used to sign (its key usage lacks digitalSignature)",
  ],
  ["of the future", { fromDay: 2 }, "is not yet valid"],
] as const;
/** How asking for a pod ends, where etcd plays the API server. */
function firstQuestion({ folder, members, root, authority }: EtcdCluster, client?: CertificateFiles) {
  const kubeConfig = folder.file("kubeconfig");
  const server = members[0]?.endpoint ?? "";
  const cluster = { server, "certificate-authority": root?.caFile ?? authority?.caFile };
  const user = client && { "client-certificate": client.certFile, "client-key": client.keyFile };
  const document = {
    clusters: [{ name: "c", cluster }],
    users: [{ name: "u", user: user ?? { token: "t" } }],
    contexts: [{ name: "x", context: { cluster: "c", user: "u" } }],
    "current-context": "x",
  };
  writeFileSync(kubeConfig, JSON.stringify(document));
  return failureOf(getPod, kubeConfig);
}

test("K172: a handshake that an API server ends because of the client is 104, not tried again", async () => {
  await using cluster = await startEtcd({ version, tls: true });
  const issue = (wish: Partial<CertificateWish>) => cluster.authority?.issue({ name: "node", ...wish });
  const stranger = await (await makeAuthority(cluster.folder.path, "stranger")).issue({ name: "node" });
  for (const [client, message] of [
    [await issue({}), "did not answer as a Kubernetes API server does"],
    [undefined, "cannot be reached: the server wants a client certificate"],
    [stranger, "cannot be reached: the server refused our certificate client-certificate CERT"],
    [await issue({ fromDay: -9, untilDay: -2 }), "our certificate client-certificate CERT expired on "],
    [await issue({ purposes: ["serverAuth"] }), "certificate client-certificate CERT is not for clients"],
    [await issue({ usages: ["keyEncipherment"] }), "client-certificate CERT may not be used to sign"],
  ] as const) {
    const told = await firstQuestion(cluster, client);
    expect(told).toStartWith("104 ");
    expect(told.replaceAll(client?.certFile ?? "no file", "CERT")).toContain(message);
  }
});

test("K172: a certificate of the API server that may not sign is 104, not tried again", async () => {
  await using cluster = await startEtcd({ version, tls: true, server: { usages: ["keyEncipherment"] } });
  expect(await firstQuestion(cluster)).toMatch(
    /^104 .*: the server's certificate may not be used to sign \(its key usage lacks digitalSignature\)/,
  );
});

test("K171: the common name of etcd's certificate does not count", async () => {
  await using cluster = await startEtcd({ version, tls: true, server: { name: "localhost", hosts: [] } });
  const settings = etcdSettings(cluster);
  const endpoints = settings.endpoints.map((each) => each.replace("127.0.0.1", "localhost"));
  expect(await firstRead({ ...settings, endpoints })).toBe(
    "refused: the server's certificate is not for this host: it is for nothing but the common name localhost",
  );
});

for (const [name, server, message] of SERVERS)
  test(`K103: a server's certificate ${name} is refused at once, with what is wrong`, async () => {
    await using cluster = await startEtcd({ version, tls: true, server });
    expect(await firstRead(etcdSettings(cluster))).toBe(`refused: the server's certificate ${message}`);
  });

test("K104: a server's certificate on the curve P-521 is accepted", async () => {
  await using cluster = await startEtcd({ version, tls: true, server: { curve: "P-521" } });
  expect(await firstRead(etcdSettings(cluster))).toBe("ok");
});
