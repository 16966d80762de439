import { afterAll, expect, test } from "bun:test";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { loadCredentials } from "./credentials.ts";
import { accessIn } from "./kubeconfig.ts";
import { readListed } from "./kubeconfig-file.ts";
import { kubeConfigList } from "./kubeconfig-list.ts";

const root = mkdtempSync(join(tmpdir(), "kube-ipam-kubeconfigs-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const NAMES = ["a", "b", "c"];

/** What a file says: of a cluster its place in the list of files, so that the server tells where it was read. */
const file = fc.record({
  exists: fc.boolean(),
  clusters: fc.subarray(NAMES),
  users: fc.subarray(NAMES),
  contexts: fc.uniqueArray(
    fc.record({
      name: fc.constantFrom(...NAMES),
      cluster: fc.constantFrom(...NAMES),
      user: fc.constantFrom(...NAMES),
    }),
    { selector: ({ name }) => name, maxLength: 3 },
  ),
  current: fc.constantFrom("", ...NAMES),
});
type File = typeof file extends fc.Arbitrary<infer T> ? T : never;

function documentOf({ clusters, users, contexts, current }: File, index: number): object {
  return {
    clusters: clusters.map((name) => ({
      name,
      cluster: { server: `https://${name}${index}:6443`, "certificate-authority": "ca.crt" },
    })),
    users: users.map((name) => ({ name, user: { token: `${name}${index}` } })),
    contexts: contexts.map(({ name, cluster, user }) => ({ name, context: { cluster, user } })),
    "current-context": current,
  };
}

/** By kubectl's words: the first file to set a value or a key of a map wins. */
function expected(files: readonly File[], wanted: string | undefined) {
  const there = files.map((each, index) => ({ ...each, index })).filter(({ exists }) => exists);
  const name = wanted ?? there.find(({ current }) => current !== "")?.current;
  const context = there.flatMap(({ contexts }) => contexts).find((each) => each.name === name);
  const cluster = there.find(({ clusters }) => context && clusters.includes(context.cluster));
  const user = there.find(({ users }) => context && users.includes(context.user));
  if (context === undefined || cluster === undefined || user === undefined) return "refused";
  return {
    server: `https://${context.cluster}${cluster.index}:6443`,
    token: `${context.user}${user.index}`,
    authority: join(root, String(cluster.index), "ca.crt"),
  };
}

function actual(paths: readonly string[], wanted: string | undefined) {
  try {
    const { server, token, authority } = accessIn(readListed(paths), wanted);
    return {
      server,
      token: token && "text" in token && token.text,
      authority: authority && "path" in authority && authority.path,
    };
  } catch {
    return "refused";
  }
}

test("several kubeconfigs are read as kubectl reads them", () => {
  let read = 0;
  const wanted = fc.option(fc.constantFrom(...NAMES), { nil: undefined });
  fc.assert(
    fc.property(fc.array(file, { minLength: 1, maxLength: 4 }), wanted, (files, name) => {
      const paths = files.map((each, index) => {
        const folder = join(root, String(index));
        mkdirSync(folder, { recursive: true });
        const path = join(folder, "config");
        if (each.exists) writeFileSync(path, JSON.stringify(documentOf(each, index)));
        else rmSync(path, { force: true });
        return path;
      });
      const outcome = expected(files, name);
      if (outcome !== "refused") read += 1;
      expect(actual(paths, name)).toEqual(outcome);
    }),
    { numRuns: 300 },
  );
  expect(read).toBeGreaterThan(20);
});

test("$KUBECONFIG: empty names are passed over, each file counts once", () => {
  expect(kubeConfigList(":/a::/b:/a:")).toEqual(["/a", "/b"]);
  expect(kubeConfigList("")).toEqual([]);
  expect(kubeConfigList(":")).toEqual([]);
  expect(kubeConfigList("~/c")).toEqual(["~/c"]);
});

const refusal = (kubeConfigs: readonly string[]) => {
  try {
    loadCredentials({ kubeConfigs });
    return "none";
  } catch (error) {
    const { message, details } = error as { message: string; details: string };
    return `${message}; ${details}`;
  }
};

test("what is wrong with the list is told with its files", () => {
  const [none, empty, broken] = ["none", "empty", "broken"].map((name) => join(root, name));
  writeFileSync(empty ?? "", "");
  writeFileSync(broken ?? "", "- 1\n- 2\n");
  expect(refusal([none ?? ""])).toContain(`none of the files that $KUBECONFIG names is there: ${none}`);
  expect(refusal([empty ?? "", broken ?? ""])).toContain(`${broken}: it is a list`);
  const told = refusal([none ?? "", empty ?? ""]);
  expect(told).toStartWith(`the Kubernetes credentials in ${none}:${empty} cannot be used`);
  expect(told).toContain(`check them with 'KUBECONFIG=${none}:${empty} kubectl get pods'`);
  expect(refusal([root])).toContain("is not a regular file");
});
