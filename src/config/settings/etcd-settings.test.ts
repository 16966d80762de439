import { describe, expect, test } from "bun:test";
import { parseIpam, refusalOf } from "../testing/parse.ts";

const SUBNET = { subnet: "10.1.2.0/24" };
const etcd = (etcdConfig: unknown) => ({ ...SUBNET, etcdConfig });
const storeOf = (etcdConfig: unknown) => parseIpam(etcd(etcdConfig)).store;
const refusal = (etcdConfig: unknown) => refusalOf(() => parseIpam(etcd(etcdConfig)));

const FILES = {
  etcdCertFile: "/pki/etcd.pem",
  etcdKeyFile: "/pki/etcd-key.pem",
  etcdTrustedCAFileFile: "/pki/ca.pem",
};

test("without etcdConfig the store is embedded, in dataDir", () => {
  expect(parseIpam(SUBNET).store).toEqual({ kind: "embedded", dataDir: "/var/lib/kube-ipam" });
  expect(parseIpam({ ...SUBNET, dataDir: "/data" }).store).toEqual({ kind: "embedded", dataDir: "/data" });
});

test("the original's keys, with the defaults of the others", () => {
  expect(storeOf({ etcdURL: "https://192.168.1.50:2379,https://192.168.1.58:2379", ...FILES })).toEqual({
    kind: "etcd",
    endpoints: ["https://192.168.1.50:2379", "https://192.168.1.58:2379"],
    certFile: "/pki/etcd.pem",
    keyFile: "/pki/etcd-key.pem",
    trustedCaFile: "/pki/ca.pem",
    prefix: "/kube-ipam/v1",
    dialTimeoutMs: 1_500,
    requestTimeoutMs: 5_000,
  });
});

test("all of ours", () => {
  const keys = {
    username: "ipam",
    passwordFile: "/pki/password",
    prefix: "/site-a/",
    dialTimeout: "500ms",
    requestTimeout: 3,
  };
  expect(storeOf({ etcdURL: "http://etcd", ...keys })).toEqual({
    kind: "etcd",
    endpoints: ["http://etcd:2379"],
    username: "ipam",
    passwordFile: "/pki/password",
    passwordByNetwork: true,
    prefix: "/site-a",
    dialTimeoutMs: 500,
    requestTimeoutMs: 3_000,
  });
  expect(storeOf({ etcdURL: "http://etcd", username: "ipam", password: "geheim" })).toMatchObject({
    password: "geheim",
  });
});

test("etcdTrustedCAFile is a spelling of etcdTrustedCAFileFile", () => {
  const short = { etcdURL: "https://e", etcdTrustedCAFile: "/ca" };
  expect(storeOf(short)).toMatchObject({ trustedCaFile: "/ca" });
  expect(storeOf({ ...short, etcdTrustedCAFileFile: "/ca" })).toMatchObject({ trustedCaFile: "/ca" });
  expect(refusal({ ...short, etcdTrustedCAFileFile: "/other" }).message).toBe(
    'ipam.etcdConfig.etcdTrustedCAFile must be the same as ipam.etcdConfig.etcdTrustedCAFileFile ("/other"), or left out, got "/ca"',
  );
});

test("kubeConfig may stand inside etcdConfig", () => {
  const nested = { etcdURL: "http://e", kubeConfig: "/kube" };
  expect(parseIpam(etcd(nested)).kubernetes.kubeConfig).toBe("/kube");
  expect(parseIpam({ ...etcd(nested), kubeConfig: "/kube" }).kubernetes.kubeConfig).toBe("/kube");
  expect(refusalOf(() => parseIpam({ ...etcd(nested), kubeConfig: "/other" })).message).toBe(
    'ipam.etcdConfig.kubeConfig must be the same as ipam.kubeConfig ("/other"), or left out, got "/kube"',
  );
});

describe("etcdURL", () => {
  test.each([
    ["https://a,https://b", ["https://a:2379", "https://b:2379"]],
    [" https://a:1 , ,https://b:2 ,, ", ["https://a:1", "https://b:2"]],
    ["HTTPS://Etcd.Example.COM:4001/", ["https://etcd.example.com:4001"]],
    ["https://[2001:DB8:0::1]:2379,https://[::1]", ["https://[2001:db8::1]:2379", "https://[::1]:2379"]],
    ["https://a:443", ["https://a:443"]],
    ["https://a,https://A:2379/", ["https://a:2379"]],
  ])("%j", (etcdURL, endpoints) => {
    expect(storeOf({ etcdURL, ...FILES })).toMatchObject({ endpoints });
  });

  const list = 'a comma list of URLs such as "https://10.1.2.3:2379,https://[2001:db8::3]:2379"';
  test.each([
    "10.1.2.3:2379",
    "ftp://a",
    "https://",
    "https://a:0",
    "https://a:65536",
    "https://a/v3",
    "https://a?b",
    "https://10.1.2.300",
    "https://010.1.2.3",
    "https://2001:db8::1",
    "https://[fe80::1%eth0]",
    "https://-a",
    "https://a b",
    "https://a,https//b",
    "",
    " , ",
  ])("%j is refused", (etcdURL) => {
    expect(refusal({ etcdURL, ...FILES })).toEqual({
      code: 7,
      message: `ipam.etcdConfig.etcdURL must be ${list}, got ${JSON.stringify(etcdURL)}`,
      details: "",
    });
  });

  test("http beside https stands for itself, and certificates are for https", () => {
    const etcdURL = "http://a,https://b";
    expect(storeOf({ etcdURL, ...FILES })).toMatchObject({ endpoints: ["http://a:2379", "https://b:2379"] });
    expect(refusal({ etcdURL }).message).toContain("names no certificates");
  });

  test("a user name in a URL is refused, and no message repeats the password", () => {
    expect(refusal({ etcdURL: "http://ipam:geheim@a" }).message).toBe(
      `ipam.etcdConfig.etcdURL must be ${list} without user names (use the keys username and password), got "(not shown)"`,
    );
  });
});

describe("keys that do not fit each other", () => {
  test.each([
    [{}, "ipam.etcdConfig.etcdURL is missing", 'name the endpoints: "etcdURL": "https://10.1.2.3:2379"'],
    [
      { etcdURL: "https://a" },
      "ipam.etcdConfig.etcdURL is https, but ipam.etcdConfig names no certificates",
      "set etcdTrustedCAFileFile, and etcdCertFile with etcdKeyFile where etcd asks for client certificates",
    ],
    [
      { etcdURL: "http://a", ...FILES },
      "ipam.etcdConfig.etcdCertFile, etcdKeyFile, etcdTrustedCAFileFile has no effect, because ipam.etcdConfig.etcdURL is http",
      "write https:// in etcdURL, or remove the certificates",
    ],
    [
      { etcdURL: "https://a", etcdCertFile: "/c" },
      "ipam.etcdConfig.etcdCertFile is set, but ipam.etcdConfig.etcdKeyFile is not",
      "a certificate needs its key: set both",
    ],
    [
      { etcdURL: "https://a", etcdKeyFile: "/k", etcdTrustedCAFile: "/ca" },
      "ipam.etcdConfig.etcdKeyFile is set, but ipam.etcdConfig.etcdCertFile is not",
      "a certificate needs its key: set both",
    ],
    [
      { etcdURL: "http://a", username: "u", password: "geheim", passwordFile: "/p" },
      "ipam.etcdConfig has both password and passwordFile",
      "keep passwordFile: a file can be readable by root only",
    ],
    [
      { etcdURL: "http://a", username: "u" },
      "ipam.etcdConfig has a username, but no password",
      "set passwordFile",
    ],
    [
      { etcdURL: "http://a", passwordFile: "/p" },
      "ipam.etcdConfig has a password, but no username",
      "set username",
    ],
  ])("%j", (etcdConfig, message, details) => {
    expect(refusal(etcdConfig)).toEqual({ code: 7, message, details });
  });
});

describe("wrong values", () => {
  const time = 'a duration from 100ms to 30s, such as "500ms", "2s" or a number of seconds';
  test.each([
    ["etcdCertFile", "etcd.pem", "an absolute path", '"etcd.pem"'],
    ["etcdKeyFile", 5, "an absolute path", "5"],
    ["prefix", "kube-ipam", 'a key prefix such as "/kube-ipam/v1"', '"kube-ipam"'],
    ["prefix", "/", 'a key prefix such as "/kube-ipam/v1"', '"/"'],
    ["prefix", "/a//b", 'a key prefix such as "/kube-ipam/v1"', '"/a//b"'],
    ["dialTimeout", "soon", time, '"soon"'],
    ["dialTimeout", 0, time, "0"],
    ["requestTimeout", "31s", time, '"31s"'],
    ["username", "", "a non-empty string", '""'],
    ["password", 12345, "a non-empty string", "(not shown)"],
  ])("%s: %j", (key, value, expected, got) => {
    expect(refusal({ etcdURL: "http://a", [key]: value }).message).toBe(
      `ipam.etcdConfig.${key} must be ${expected}, got ${got}`,
    );
  });

  test("a password in the wrong place is not repeated either", () => {
    expect(refusal([{ password: "geheim" }]).message).toBe(
      'ipam.etcdConfig must be an object {…}, got [{"password":"(not shown)"}]',
    );
  });

  test("unknown keys are warned about", () => {
    expect(parseIpam(etcd({ etcdURL: "http://a", dialTimeouts: 2, debug: true })).warnings).toEqual([
      "ipam.etcdConfig.dialTimeouts is not known and is ignored: did you mean dialTimeout?",
      "ipam.etcdConfig.debug is not known and is ignored",
    ]);
  });
});
