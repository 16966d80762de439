import { afterEach, describe, expect, test } from "bun:test";
import fs from "node:fs";
import { withoutRealRoot } from "../../test/kit/machine.ts";
import type { NamespaceId } from "../ipam/records.ts";
import { identifyNamespace, lookAtNamespace } from "./namespaces.ts";
import { mountNamespace, removeNamespace, run } from "./test-kit/mounted-namespace.ts";
import { useScratch } from "./test-kit/scratch.ts";

const scratch = useScratch();
const JUDGE = Bun.fileURLToPath(new URL("./test-kit/namespace-judge.ts", import.meta.url));

function identified(path: string): NamespaceId {
  const namespace = identifyNamespace(path);
  if (namespace === undefined) throw new Error(`nothing is at ${path}`);
  return namespace;
}

function numberOf(link: string): string | undefined {
  const { exitCode, stdout } = Bun.spawnSync(["readlink", `/proc/${link}`]);
  return exitCode === 0 ? stdout.toString().trim() : undefined;
}

const stateOf = lookAtNamespace;

/** What is certain only for the host itself: in CI's containers these tests run elsewhere. */
const inHostView = ["mnt:[4026531832]", numberOf("1/ns/mnt")].includes(numberOf("self/ns/mnt"));
const goneOnTheHost = inHostView ? "gone" : "unknown";

describe("without a mount", () => {
  test("nothing is at a path that does not exist", () => {
    const base = scratch();
    fs.writeFileSync(`${base}/file`, "");
    fs.symlinkSync(`${base}/none`, `${base}/dangling`);
    for (const path of ["", "none", `${base}/none`, `${base}/none/x`, `${base}/file/x`, `${base}/dangling`]) {
      expect(identifyNamespace(path)).toBeUndefined();
    }
  });

  test("a /proc path, a link to one and a plain file have no identity, and stay unknown for ever", () => {
    const base = scratch();
    const path = `/proc/${process.pid}/ns/net`;
    fs.symlinkSync(path, `${base}/link`);
    fs.writeFileSync(`${base}/file`, "");
    for (const seen of [path, "/proc/self/ns/net", `${base}/link`, `${base}/file`, base]) {
      expect(identified(seen)).toEqual({
        path: seen,
        mountNamespace: expect.stringMatching(/^\d+$/),
      });
      expect(stateOf(identified(seen))).toBe("unknown");
    }
    const ended = identified(`${base}/file`);
    fs.unlinkSync(`${base}/file`);
    expect(stateOf(ended)).toBe("unknown");
  });

  test("a record that does not tell the folder is unknown", () => {
    expect(stateOf({ path: "/run/netns/x", device: "4", inode: "5" })).toBe("unknown");
  });

  test("a path that is none is unknown", () => {
    for (const path of ["", "relative", "/", "/run/netns/..", "/run/netns/."]) {
      expect(stateOf({ path, device: "4", inode: "5", folder: "1:2", mountNamespace: "3" })).toBe("unknown");
    }
  });
});

const reason = withoutRealRoot();
describe.skipIf(reason !== undefined)(
  `with real namespaces${reason === undefined ? "" : ` (skipped: ${reason})`}`,
  () => {
    const mounted: string[] = [];
    afterEach(() => {
      for (const path of mounted.splice(0)) Bun.spawnSync(["umount", "-l", path], { stderr: "ignore" });
    });

    function mountedAt(path: string): NamespaceId {
      mounted.push(path);
      mountNamespace(path);
      return identified(path);
    }

    /** What a process of its own mount namespace says, after it has run `prepare` there. */
    function judgedInside(namespace: NamespaceId, prepare: string, ...options: string[]): string {
      const script = `${prepare}\nexec "$0" "$@"`;
      const judge = [process.execPath, JUDGE, JSON.stringify(namespace)];
      return run("unshare", "-m", ...options, "sh", "-ec", script, ...judge);
    }

    test("a mounted one is identified by device, inode and folder", () => {
      const base = scratch();
      const path = `${base}/a`;
      const seen = mountedAt(path);
      const folder = fs.statSync(base);
      expect(seen).toEqual({
        path,
        device: String(fs.statSync("/proc/self/ns/net").dev),
        inode: run("nsenter", `--net=${path}`, "stat", "-Lc%i", "/proc/self/ns/net"),
        folder: `${folder.dev}:${folder.ino}`,
        mountNamespace: run("readlink", "/proc/self/ns/mnt").replace(/\D/g, ""),
      });
      expect(stateOf(seen)).toBe("present");
    });

    test("it is gone when the runtime has removed it, while its neighbours live and when none is left", () => {
      const base = scratch();
      const [a, b] = [mountedAt(`${base}/a`), mountedAt(`${base}/b`)];
      removeNamespace(a.path);
      expect([stateOf(a), stateOf(b)]).toEqual(["gone", "present"]);
      removeNamespace(b.path);
      expect([stateOf(a), stateOf(b)]).toEqual(["gone", "gone"]);
      expect(identifyNamespace(a.path)).toBeUndefined();
    });

    test("unmounted with its file left: gone in the host's mount namespace only", () => {
      const seen = mountedAt(`${scratch()}/a`);
      run("umount", seen.path);
      expect(stateOf(seen)).toBe(goneOnTheHost);
      expect(identifyNamespace(seen.path)).toEqual({
        path: seen.path,
        mountNamespace: expect.any(String),
      });
    });

    test("unmounted, but seen in another mount namespace when it was recorded: unknown", () => {
      const seen = mountedAt(`${scratch()}/a`);
      run("umount", seen.path);
      const { mountNamespace: _, ...unplaced } = seen;
      expect([stateOf(unplaced), stateOf({ ...unplaced, mountNamespace: "1" })]).toEqual([
        "unknown",
        "unknown",
      ]);
    });

    test("another pod's namespace under the same name: gone in the host's mount namespace only", () => {
      const first = mountedAt(`${scratch()}/a`);
      run("ip", "netns", "attach", `ki${process.pid}`, String(process.pid));
      run("ip", "netns", "del", `ki${process.pid}`);
      run("umount", first.path);
      const blocker = mountedAt(`${scratch()}/keeps-a-freed-inode-busy`);
      run("unshare", `--net=${first.path}`, "true");
      const second = identified(first.path);
      expect(blocker.inode).not.toBe(second.inode);
      const reused = second.inode === first.inode;
      expect([stateOf(first), stateOf(second)]).toEqual([reused ? "present" : goneOnTheHost, "present"]);
    });

    test("reached through a linked folder, as /var/run, it is the same", () => {
      const base = scratch();
      fs.mkdirSync(`${base}/run`);
      fs.symlinkSync(`${base}/run`, `${base}/var-run`);
      const seen = mountedAt(`${base}/run/a`);
      const linked = identified(`${base}/var-run/a`);
      expect(linked).toEqual({ ...seen, path: `${base}/var-run/a` });
      removeNamespace(seen.path);
      expect([stateOf(seen), stateOf(linked)]).toEqual(["gone", "gone"]);
    });

    test("a link to a mounted one has no identity", () => {
      const base = scratch();
      mountedAt(`${base}/a`);
      fs.symlinkSync(`${base}/a`, `${base}/link`);
      expect(identified(`${base}/link`).inode).toBeUndefined();
    });

    test("a folder that is missing, another one, or out of sight is unknown", () => {
      const base = scratch();
      fs.mkdirSync(`${base}/netns`);
      const seen = mountedAt(`${base}/netns/a`);
      run("mount", "-t", "tmpfs", "none", `${base}/netns`);
      mounted.push(`${base}/netns`);
      expect(stateOf(seen)).toBe("unknown");
      run("umount", `${base}/netns`);
      expect(stateOf(seen)).toBe("present");
      removeNamespace(seen.path);
      fs.renameSync(`${base}/netns`, `${base}/old`);
      expect(stateOf(seen)).toBe("unknown");
      fs.mkdirSync(`${base}/netns`);
      expect(stateOf(seen)).toBe("unknown");
    });

    test("seen from another mount namespace it is present", () => {
      const seen = mountedAt(`${scratch()}/a`);
      expect(judgedInside(seen, "")).toBe("present");
      expect(judgedInside(seen, "", "-pf", "--mount-proc")).toBe("present");
    });

    test("a mount namespace in which it was unmounted does not know, whatever it has for neighbours", () => {
      const base = scratch();
      const [seen] = [mountedAt(`${base}/a`), mountedAt(`${base}/b`)];
      expect(judgedInside(seen, `umount ${seen.path}`)).toBe("unknown");
      expect(judgedInside(seen, `umount ${seen.path}`, "-pf", "--mount-proc")).toBe("unknown");
      expect(judgedInside(seen, `umount ${base}/a ${base}/b`)).toBe("unknown");
      expect(stateOf(seen)).toBe("present");
    });

    test("a folder without propagation does not know the host's new namespaces", () => {
      const base = scratch();
      fs.mkdirSync(`${base}/netns`);
      run("mount", "--bind", `${base}/netns`, `${base}/netns`);
      mounted.push(`${base}/netns`);
      const seen = mountedAt(`${base}/netns/a`);
      expect(judgedInside(seen, `umount -l ${base}/netns`)).toBe("unknown");
      expect(judgedInside(seen, `mount -t tmpfs none ${base}/netns`)).toBe("unknown");
      expect(judgedInside(seen, `mount -t tmpfs none ${base}/netns; touch ${seen.path}`)).toBe("unknown");
    });

    test("a mount namespace whose number the recorder's had before it died does not know", () => {
      const seen = mountedAt(`${scratch()}/a`);
      const inside = `umount ${seen.path}; set -- "$1" "$(echo "$2" | sed "s/\\"mountNamespace\\":\\"[0-9]*/\\"mountNamespace\\":\\"$(readlink /proc/self/ns/mnt | tr -dc 0-9)/")"`;
      expect(judgedInside(seen, inside)).toBe("unknown");
    });

    test("what the host removed is gone from everywhere, copies that a container had inherited too", async () => {
      const base = scratch();
      const seen = mountedAt(`${base}/a`);
      const go = `${base}/go`;
      run("mkfifo", go);
      const judge = [process.execPath, JUDGE, JSON.stringify(seen)];
      const inside = Bun.spawn(
        ["unshare", "-m", "sh", "-ec", `touch ${base}/ready; cat ${go}; exec "$0" "$@"`, ...judge],
        {
          stderr: "ignore",
        },
      );
      while (!fs.existsSync(`${base}/ready`)) await Bun.sleep(2);
      removeNamespace(seen.path);
      fs.writeFileSync(go, "");
      expect(await new Response(inside.stdout).text()).toBe("gone");
    });

    test("in a chroot the path leads elsewhere: unknown", () => {
      const base = scratch();
      fs.mkdirSync(`${base}/netns`);
      const seen = mountedAt(`${base}/netns/a`);
      removeNamespace(seen.path);
      const root = `${base}/root`;
      const prepare = [
        `mkdir -p ${root}`,
        `mount --rbind / ${root}`,
        `mount -t tmpfs none ${root}${base}`,
        `mkdir ${root}${base}/netns`,
        `set -- "$0" "$@"; set -- chroot ${root} "$@"; exec "$@"`,
      ];
      expect(judgedInside(seen, prepare.join("\n"))).toBe("unknown");
    });
  },
);
