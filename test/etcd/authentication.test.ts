import { afterAll, beforeAll, describe, expect, test } from "bun:test";
import { copyFileSync, writeFileSync } from "node:fs";
import type { EtcdSettings } from "../../src/config/network-configuration.ts";
import type { Change } from "../../src/ipam/store-port.ts";
import { openEtcdStore } from "../../src/store/etcd/open.ts";
import type { CertificateFiles } from "../kit/certificates.ts";
import { type EtcdCluster, startEtcd } from "../kit/etcd.ts";
import { ETCD_VERSIONS } from "../kit/etcd-binaries.ts";
import { allocationRef, atOnce, coolingPut, failureOf, take, within } from "../kit/etcd-records.ts";
import { etcdSettings } from "../kit/etcd-settings.ts";
import { createLimitedUser, enableAuthentication } from "../kit/etcd-users.ts";
import { tool } from "../kit/run.ts";

const PREFIX = "/kube-ipam/v1";
const GRANT = `give its role readwrite on the prefix ${PREFIX}/ (deploy/etcd/create-user.sh does)`;

describe.each(ETCD_VERSIONS)("authentication in etcd %s", (version) => {
  let cluster: EtcdCluster;
  let limited: CertificateFiles;
  let elsewhere: CertificateFiles;
  let reader: CertificateFiles;
  let taken = 0;

  beforeAll(async () => {
    cluster = await startEtcd({ version, tls: true, flags: ["--auth-token-ttl=1"] });
    const { authority } = cluster;
    if (authority === undefined) throw new Error("a cluster without TLS");
    await createLimitedUser(cluster, "limited", PREFIX);
    await createLimitedUser(cluster, "elsewhere", "/elsewhere");
    await createLimitedUser(cluster, "with-password", PREFIX, "first-word\n");
    await createLimitedUser(cluster, "with-password", PREFIX, "pass-word\n");
    await createLimitedUser(cluster, "with-password", PREFIX);
    await createLimitedUser(cluster, "unterminated", PREFIX, "pass-word");
    await cluster.ctl("role", "add", "reader");
    await cluster.ctl("role", "grant-permission", "reader", "--prefix=true", "read", `${PREFIX}/`);
    await cluster.ctl("user", "add", "reader", "--no-password");
    await cluster.ctl("user", "grant-role", "reader", "reader");
    await enableAuthentication(cluster);
    limited = await authority.issue({ name: "limited" });
    elsewhere = await authority.issue({ name: "elsewhere" });
    reader = await authority.issue({ name: "reader" });
  });

  afterAll(() => cluster[Symbol.asyncDispose]());

  const open = (changes: Partial<EtcdSettings>) => openEtcdStore(etcdSettings(cluster, changes));

  test("the shipped script makes a user that can do all that the store does, and can be run again", async () => {
    const files = await cluster.authority?.issue({ name: "limited" });
    const store = await open({ ...files });
    taken += 1;
    await store.commit(
      { ...take(taken, "a"), puts: [...take(taken, "a").puts, coolingPut(taken, 5)] },
      within(3000),
    );
    expect((await store.read({ refs: [{ kind: "meta" }] }, within(3000))).revision).toBeGreaterThan(0);
    for await (const entry of store.list({ kind: "allocation" }, within(3000)))
      expect(entry.ref.space).toBe("s");
    await store.requireWritable(within(3000));
    await store.close();
  });

  test("that user is kept out of other prefixes", async () => {
    const store = await open({ ...limited, prefix: "/kube-ipam/v2" });
    expect((await failureOf(store.read({}, within(3000)))).kind).toBe("refused");
    await store.close();
  });

  test("a role that lacks the prefix is refused at once, by endpoint, user and prefix", async () => {
    const store = await open(elsewhere);
    const refusal = {
      kind: "refused",
      message: `etcd at ${cluster.endpoints[0]} denies the user in the CN of ${elsewhere.certFile} the keys below ${PREFIX}/`,
      remedy: GRANT,
    };
    expect(await failureOf(store.read({}, atOnce()))).toEqual(refusal);
    expect(await failureOf(store.commit(take(999, "x"), atOnce()))).toEqual(refusal);
    await store.close();
  });

  test("a role that may only read can read, and is refused when it writes", async () => {
    const store = await open(reader);
    expect((await store.read({}, within(3000))).revision).toBeGreaterThan(0);
    expect((await failureOf(store.commit(take(999, "x"), within(3000)))).kind).toBe("refused");
    await store.close();
  });

  test("a watch that may not read is refused, not tried for ever", async () => {
    const store = await open(elsewhere);
    const { signal } = new AbortController();
    const changes = store.watch({ kind: "allocation", space: "s" }, 1, { signal })[Symbol.asyncIterator]();
    expect((await failureOf(changes.next())).kind).toBe("refused");
    await store.close();
  });

  test("a wrong password is refused, and the password is in no message", async () => {
    const store = await open({ username: "with-password", password: "hunter2" });
    const failure = await failureOf(store.read({}, within(3000)));
    expect(failure).toEqual({
      kind: "refused",
      message: `etcd at ${cluster.endpoints[0]} does not accept name and password of user "with-password"`,
      remedy: "correct username and password",
    });
    expect(JSON.stringify(failure)).not.toContain("hunter2");
    await store.close();
  });

  test("a password whose file ends without a newline is that password", async () => {
    const store = await open({ username: "unterminated", password: "pass-word" });
    expect((await store.read({}, within(3000))).revision).toBeGreaterThan(0);
    await store.close();
  });

  test("a password comes from a file too, which is named when it is missing", async () => {
    const passwordFile = cluster.folder.file("password");
    const store = await open({ username: "with-password", passwordFile });
    expect((await failureOf(store.read({}, within(3000)))).message).toBe(
      `etcd's passwordFile ${passwordFile} cannot be read: the file is missing`,
    );
    writeFileSync(passwordFile, "pass-word\n");
    expect((await store.read({}, within(3000))).revision).toBeGreaterThan(0);
    await store.close();
  });

  test("a passwordFile that is a pipe holds up nobody", async () => {
    const passwordFile = cluster.folder.file("pipe");
    await tool("mkfifo", passwordFile);
    const store = await open({ username: "with-password", passwordFile });
    expect(await failureOf(store.read({}, within(3000)))).toMatchObject({
      kind: "refused",
      message: `etcd's passwordFile ${passwordFile} cannot be read: '${passwordFile}' is not a regular file`,
    });
    await store.close();
  });

  test("a token that expired is renewed in the middle of reads, writes and watches", async () => {
    const store = await open({ username: "with-password", password: "pass-word" });
    const { revision } = await store.read({}, within(3000));
    const stop = new AbortController();
    const seen: Change<"allocation">[] = [];
    const watching = (async () => {
      for await (const change of store.watch({ kind: "allocation", space: "s" }, revision, stop))
        seen.push(change);
    })();
    for (let round = 0; round < 2; round += 1) {
      taken += 1;
      expect(await store.commit(take(taken, "token"), within(3000))).toMatchObject({ won: true });
      await Bun.sleep(2500);
      expect((await store.read({ refs: [allocationRef(taken)] }, within(3000))).revision).toBeGreaterThan(0);
      await Bun.sleep(2500);
    }
    stop.abort();
    await watching;
    expect(seen).toHaveLength(2);
    await store.close();
  }, 20_000);

  test("certificates of another user that replace the files are used from then on", async () => {
    const files = {
      certFile: cluster.folder.file("rotating.crt"),
      keyFile: cluster.folder.file("rotating.key"),
    };
    const install = (from: CertificateFiles) => {
      copyFileSync(from.certFile, files.certFile);
      copyFileSync(from.keyFile, files.keyFile);
    };
    install(limited);
    const store = await open(files);
    taken += 1;
    expect(await store.commit(take(taken, "before"), within(3000))).toMatchObject({ won: true });
    install(reader);
    await Bun.sleep(1100);
    expect((await failureOf(store.commit(take(999, "x"), within(3000)))).kind).toBe("refused");
    writeFileSync(files.keyFile, "half a file");
    await Bun.sleep(1100);
    expect((await store.read({}, within(3000))).revision).toBeGreaterThan(0);
    install(limited);
    await Bun.sleep(1100);
    taken += 1;
    expect(await store.commit(take(taken, "after"), within(3000))).toMatchObject({ won: true });
    await store.close();
  });

  test("no user at all, where authentication is on", async () => {
    await using plain = await startEtcd({ version });
    await plain.ctl("user", "add", "root:root");
    await plain.ctl("user", "grant-role", "root", "root");
    await plain.ctl("auth", "enable");
    const store = await openEtcdStore(etcdSettings(plain));
    expect(await failureOf(store.read({}, within(3000)))).toEqual({
      kind: "refused",
      message: `etcd at ${plain.endpoints[0]} wants a user: authentication is on, but the configuration names none`,
      remedy: "set username and passwordFile in etcdConfig, or use a client certificate whose CN is the user",
    });
    await store.close();
  });

  test("a user where authentication is off does no harm", async () => {
    await using plain = await startEtcd({ version });
    const store = await openEtcdStore(etcdSettings(plain, { username: "u", password: "p" }));
    expect((await store.read({}, within(3000))).revision).toBeGreaterThan(0);
    await store.close();
  });
});
