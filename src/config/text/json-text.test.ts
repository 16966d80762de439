import { describe, expect, test } from "bun:test";
import fc from "fast-check";
import { refusalOf } from "../testing/parse.ts";
import { findJsonFault } from "./json-fault.ts";
import { member, parseJsonObject } from "./json-text.ts";

const refusal = (text: string) => refusalOf(() => parseJsonObject(text, "the network configuration"));

test("the sample of kube-ipam's first README lacks a comma before etcdConfig", () => {
  const text = [
    "{",
    '    "cniVersion":"0.3.1",',
    '    "name": "kube-subnet",',
    '    "type": "macvlan",',
    '    "master": "eth0",',
    '    "ipam": {',
    '        "name": "kube-subnet",',
    '        "type": "kube-ipam",',
    '        "kubeConfig": "/etc/kubernetes/pki/kubectl.kubeconfig"',
    '        "etcdConfig": {',
    '            "etcdURL": "https://192.168.1.50:2379,https://192.168.1.58:2379",',
    '            "etcdCertFile": "/etc/kubernetes/pki/etcd.pem"',
    "        },",
    '        "subnet": "10.188.0.0/16"',
    "    }",
    "}",
  ].join("\n");
  expect(refusal(text)).toEqual({
    code: 6,
    message: `the network configuration is not valid JSON: line 10, column 9: expected ',' or '}' before "etcdConfig"`,
    details: "a comma is missing at the end of line 9, column 63",
  });
});

describe("names line, column, problem and remedy", () => {
  test.each([
    ["", "line 1, column 1: the text is empty", "put a JSON object there"],
    [" \n ", "line 2, column 2: the text is empty", "put a JSON object there"],
    ["{", "line 1, column 2: the text ends before '}'", "close every bracket"],
    [
      '{"a": 1',
      "line 1, column 8: the text ends before '}'",
      "close every bracket; the last entry ends in line 1",
    ],
    [
      '{"a": [1, 2',
      "line 1, column 12: the text ends before ']'",
      "close every bracket; the last entry ends in line 1",
    ],
    ['{"a": 1,}', "line 1, column 9: there is a comma before '}'", "remove the comma after the last entry"],
    ["[1,]", "line 1, column 4: there is a comma before ']'", "remove the comma after the last entry"],
    [
      '{\n"a": 1\n"b": 2}',
      `line 3, column 1: expected ',' or '}' before "b"`,
      "a comma is missing at the end of line 2, column 7",
    ],
    [
      '["a" "b"]',
      "line 1, column 6: expected ',' or ']'",
      "a comma is missing at the end of line 1, column 5",
    ],
    ["{a: 1}", 'line 1, column 2: expected a key in double quotes, or "}"', 'write every key as "key"'],
    ["{'a': 1}", "line 1, column 2: ''' is not a JSON quote", 'use the straight double quote "'],
    ['{"a": “b”}', "line 1, column 7: '“' is not a JSON quote", 'use the straight double quote "'],
    ['{"a": 1 // b\n}', "line 1, column 9: JSON has no comments", "remove the comment"],
    ["# a\n{}", "line 1, column 1: JSON has no comments", "remove the comment"],
    ['{"a" 1}', "line 1, column 6: expected ':' after the key", 'write "key": value'],
    [
      '{"a": True}',
      "line 1, column 7: expected a value",
      'a value is "text" in double quotes, a number, true, false, null, {…} or […]',
    ],
    [
      '{"a": 010}',
      "line 1, column 7: expected a value",
      'a value is "text" in double quotes, a number, true, false, null, {…} or […]',
    ],
    [
      '{"a": }',
      "line 1, column 7: expected a value",
      'a value is "text" in double quotes, a number, true, false, null, {…} or […]',
    ],
    ['{"a":', "line 1, column 6: the text ends where a value should be", "complete the entry"],
    [
      '{"a": "b\n"}',
      "line 1, column 7: the quote that opens here is not closed on its line",
      'put a " at the end of the text',
    ],
    [
      '{"a": "b',
      "line 1, column 7: the quote that opens here is not closed on its line",
      'put a " at the end of the text',
    ],
    ['{"a": "C:\\dir"}', "line 1, column 11: unknown escape after '\\'", "write \\\\ for a backslash"],
    [
      "{}}",
      "line 1, column 3: there is more text after the end of the object",
      "look for a brace that closes too early",
    ],
  ])("%j", (text, problem, remedy) => {
    expect(refusal(text)).toEqual({
      code: 6,
      message: `the network configuration is not valid JSON: ${problem}`,
      details: remedy,
    });
  });
});

test.each([
  ["[]", "a list"],
  ['"x"', "a string"],
  ["5", "a number"],
  ["null", "null"],
])("%s is JSON, but no object", (text, got) => {
  expect(refusal(text).message).toBe(`the network configuration must be a JSON object {…}, got ${got}`);
});

test("a byte order mark is left out", () => {
  expect(parseJsonObject('\uFEFF{"a":1}', "x")).toEqual({ a: 1 });
});

test("a member is an object's own, never what every object inherits", () => {
  const object = parseJsonObject('{"a": 1, "__proto__": {"b": 2}}', "x");
  expect(["a", "b", "constructor", "toString"].map((key) => member(object, key))).toEqual([
    1,
    undefined,
    undefined,
    undefined,
  ]);
  expect(member(object, "__proto__")).toEqual({ b: 2 });
});

test("no value is repeated: it may be a secret", () => {
  const { message, details } = refusal('{"password": "geheim" "b": "auch"}');
  expect(message + details).not.toMatch(/geheim|auch/);
});

test("nesting is bounded, though JSON.parse would take it", () => {
  const nested = `{"a": ${"[".repeat(50_000)}${"]".repeat(50_000)}}`;
  expect(refusal(nested)).toEqual({
    code: 6,
    message: "the network configuration is not valid JSON: line 1, column 207: the nesting is too deep",
    details: "use fewer levels",
  });
});

test("a long flat list is not deep", () => {
  const routes = Array.from({ length: 1_000 }, () => ({ dst: "10.0.0.0/8" }));
  expect(parseJsonObject(JSON.stringify({ routes }), "x")).toEqual({ routes });
});

test("finds a fault exactly where JSON.parse does", () => {
  const pieces = fc.constantFrom(
    "{",
    "}",
    "[",
    "]",
    '"a"',
    ":",
    ",",
    "1",
    "-0.5e3",
    "true",
    " ",
    "\n",
    '"\\u00e9"',
    "x",
    '"',
  );
  fc.assert(
    fc.property(fc.array(pieces, { maxLength: 12 }), (parts) => {
      const text = parts.join("");
      expect(findJsonFault(text) === undefined).toBe(isJson(text));
    }),
    { numRuns: 5_000 },
  );
});

test("takes all that JSON.stringify writes", () => {
  fc.assert(
    fc.property(fc.jsonValue(), fc.nat(4), (value, indent) => {
      expect(findJsonFault(JSON.stringify(value, undefined, indent))).toBeUndefined();
    }),
  );
});

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
