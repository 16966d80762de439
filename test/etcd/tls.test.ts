import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, rmSync, writeFileSync } from "node:fs";
import type { EtcdSettings } from "../../src/config/network-configuration.ts";
import type { StoreFailure } from "../../src/ipam/store-port.ts";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import { makeAuthority } from "../kit/certificates.ts";
import { type EtcdCluster, startEtcd } from "../kit/etcd.ts";
import { ETCD_VERSIONS } from "../kit/etcd-binaries.ts";
import { atOnce } from "../kit/etcd-records.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";

/** What a first read ends with: "ok", or kind, message and remedy of its failure. */
async function firstRead(settings: EtcdSettings) {
  const store = await openEtcdStore(settings);
  const end = await store.read({ refs: [{ kind: "meta" }] }, atOnce()).then(
    () => ({ kind: "ok", message: "", remedy: "" }),
    ({ kind, message, remedy }: StoreFailure) => ({ kind, message, remedy }),
  );
  await store.close();
  return end;
}

describe.each(ETCD_VERSIONS)("certificates against etcd %s", (version) => {
  let cluster: EtcdCluster;

  beforeAll(async () => {
    cluster = await startEtcd({ version, tls: true });
  });

  afterAll(async () => {
    await cluster[Symbol.asyncDispose]();
  });

  const own = () => {
    const { authority, client, endpoints } = cluster;
    if (authority === undefined || client === undefined) throw new Error("a cluster without TLS");
    return { authority, client, endpoint: endpoints[0] ?? "" };
  };

  /** Fails fast and names everything: no certificate is ever tried in a loop. */
  async function expectRefused(settings: EtcdSettings, message: string, remedy: string) {
    expect(await firstRead(settings)).toEqual({ kind: "refused", message, remedy });
  }

  test("the right ones are taken, by IP address and by name", async () => {
    expect(await firstRead(etcdSettings(cluster))).toMatchObject({ kind: "ok" });
    const endpoints = [own().endpoint.replace("127.0.0.1", "localhost")];
    expect(await firstRead(etcdSettings(cluster, { endpoints }))).toMatchObject({ kind: "ok" });
    await using six = await startEtcd({ version, tls: true, host: "::1" });
    expect(await firstRead(etcdSettings(six))).toMatchObject({ kind: "ok" });
  });

  test("an endpoint without TLS beside one with TLS stands for itself", async () => {
    await using plain = await startEtcd({ version });
    await using nobody = await startEtcd({ version });
    await nobody.members[0]?.kill();
    const of = ({ endpoints: [endpoint = ""] }: EtcdCluster) => endpoint;
    for (const endpoints of [[of(plain)], [of(nobody), own().endpoint]])
      expect(await firstRead(etcdSettings(cluster, { endpoints }))).toMatchObject({ kind: "ok" });
  });

  test("an authority that did not sign the server's certificate", async () => {
    const { caFile } = await makeAuthority(cluster.folder.path, "stranger");
    await expectRefused(
      etcdSettings(cluster, { trustedCaFile: caFile }),
      `etcd refuses this node: ${own().endpoint}: the server's certificate was not signed by the authority in ${caFile}`,
      "put the authority that signed the servers' certificates into etcdTrustedCAFile",
    );
  });

  test("no authority at all", async () => {
    const { trustedCaFile: _, ...settings } = etcdSettings(cluster);
    await expectRefused(
      settings,
      `etcd refuses this node: ${own().endpoint}: this machine trusts no authority that signed the server's certificate`,
      "set etcdTrustedCAFile",
    );
  });

  test("a client certificate of another authority", async () => {
    const stranger = await makeAuthority(cluster.folder.path, "stranger");
    const { certFile, keyFile } = await stranger.issue({ name: "root" });
    const end = await firstRead(etcdSettings(cluster, { certFile, keyFile }));
    expect(end).toMatchObject({ kind: "refused" });
    expect(end.message).toContain(`${own().endpoint}: the server refused our certificate ${certFile}`);
  });

  test("an expired client certificate", async () => {
    const files = await own().authority.issue({ name: "root", fromDay: -5, untilDay: -1 });
    const yesterday = new Date(Date.now() - 24 * 3600 * 1000).toISOString().slice(0, 10);
    await expectRefused(
      etcdSettings(cluster, files),
      `etcd refuses this node: ${own().endpoint}: our certificate ${files.certFile} expired on ${yesterday}`,
      "renew it; kube-ipam reads the new one without a restart",
    );
  });

  test("a client certificate of the future", async () => {
    const files = await own().authority.issue({ name: "root", fromDay: 1, untilDay: 5 });
    const tomorrow = new Date(Date.now() + 24 * 3600 * 1000).toISOString().slice(0, 10);
    await expectRefused(
      etcdSettings(cluster, files),
      `etcd refuses this node: ${own().endpoint}: our certificate ${files.certFile} is not valid before ${tomorrow}`,
      "compare the clocks of the machines",
    );
  });

  test("no client certificate", async () => {
    const { certFile: _, keyFile: __, ...settings } = etcdSettings(cluster);
    await expectRefused(
      settings,
      `etcd refuses this node: ${own().endpoint}: the server wants a client certificate`,
      "set etcdCertFile and etcdKeyFile",
    );
  });

  test("a key that does not belong to the certificate", async () => {
    const { client, authority, endpoint } = own();
    const { keyFile } = await authority.issue({ name: "root" });
    await expectRefused(
      etcdSettings(cluster, { keyFile }),
      `etcd refuses this node: ${endpoint}: etcdKeyFile ${keyFile} does not belong to etcdCertFile ${client.certFile}`,
      "put a certificate and its own key there",
    );
  });

  test("files that are missing or no PEM", async () => {
    const nowhere = cluster.folder.file("nowhere.crt");
    await expectRefused(
      etcdSettings(cluster, { certFile: nowhere }),
      `etcd refuses this node: ${own().endpoint}: etcd's etcdCertFile ${nowhere} cannot be read: the file is missing`,
      "put the file there, or correct the configuration",
    );
    const garbage = cluster.folder.file("garbage.pem");
    writeFileSync(garbage, "garbage");
    const remedy = "expected PEM text; correct the file or the configuration";
    for (const [setting, text] of [
      ["trustedCaFile", `etcdTrustedCAFile ${garbage} holds no certificate`],
      ["certFile", `etcdCertFile ${garbage} holds no certificate`],
      ["keyFile", `etcdKeyFile ${garbage} holds no private key`],
    ] as const) {
      const settings = etcdSettings(cluster, { [setting]: garbage });
      await expectRefused(settings, `etcd refuses this node: ${own().endpoint}: ${text}`, remedy);
    }
  });

  test("http where etcd speaks https, and the reverse", async () => {
    const endpoints = [own().endpoint.replace("https", "http")];
    const end = await firstRead(etcdSettings(cluster, { endpoints, requestTimeoutMs: 300 }));
    expect(end).toMatchObject({
      kind: "unavailable",
      message: `etcd cannot be reached: ${endpoints[0]}: the server closed the connection at once (is it https, not http?)`,
    });
  });

  test("a server certificate that has expired, or is for another host", async () => {
    await using expired = await startEtcd({ version, tls: true, server: { fromDay: -6, untilDay: -1 } });
    await expectRefused(
      etcdSettings(expired),
      `etcd refuses this node: ${expired.endpoints[0]}: the server's certificate has expired`,
      "renew it on the server",
    );
    await using elsewhere = await startEtcd({ version, tls: true, server: { hosts: ["etcd.example"] } });
    await expectRefused(
      etcdSettings(elsewhere),
      `etcd refuses this node: ${elsewhere.endpoints[0]}: the server's certificate is not for this host: it is for etcd.example`,
      "use a name that is in the certificate, or add this one to it",
    );
  });

  test("rotated certificates are taken up by a store that stays open", async () => {
    const { authority, client } = own();
    const files = {
      certFile: cluster.folder.file("rotating.crt"),
      keyFile: cluster.folder.file("rotating.key"),
    };
    const expired = await authority.issue({ name: "root", fromDay: -5, untilDay: -1 });
    const install = (from: { certFile: string; keyFile: string }) => {
      copyFileSync(from.certFile, files.certFile);
      copyFileSync(from.keyFile, files.keyFile);
    };
    install(expired);
    const store = await openEtcdStore(etcdSettings(cluster, files));
    const read = () => store.read({}, { deadline: performance.now() + 4000 });
    expect(await read().catch((failure: StoreFailure) => failure.message)).toContain("expired on");
    install(client);
    expect((await read()).revision).toBeGreaterThan(0);
    rmSync(files.certFile);
    expect((await read()).revision).toBeGreaterThan(0);
    await store.close();
  });
});
