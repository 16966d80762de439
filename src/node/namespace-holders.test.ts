import { afterEach, describe, expect, test } from "bun:test";
import fs from "node:fs";
import { withoutRealRoot } from "../../test/kit/machine.ts";
import { isNamespaceHeld } from "./namespace-holders.ts";
import { mountNamespace, removeNamespace, run } from "./test-kit/mounted-namespace.ts";
import { useScratch } from "./test-kit/scratch.ts";

const scratch = useScratch();
const HOLDERS = Bun.fileURLToPath(new URL("./namespace-holders.ts", import.meta.url));
const inFirstNamespaces =
  run("readlink", "/proc/self/ns/pid") === "pid:[4026531836]" &&
  run("readlink", "/proc/self/ns/user") === "user:[4026531837]";
const reason = withoutRealRoot() ?? (inFirstNamespaces ? undefined : "not in the kernel's first namespaces");

describe.skipIf(reason !== undefined)(
  `what holds a network namespace${reason === undefined ? "" : ` (skipped: ${reason})`}`,
  () => {
    const children: Bun.Subprocess[] = [];
    afterEach(async () => {
      for (const child of children.splice(0)) {
        child.kill("SIGKILL");
        await child.exited;
      }
    });

    function inodeAt(path: string): string {
      return String(fs.statSync(path).ino);
    }

    /** A process that runs until the test ends; returns once it has said that it runs. */
    async function keep(...command: string[]): Promise<Bun.Subprocess> {
      const child = Bun.spawn([...command], { stdout: "pipe", stdin: "ignore" });
      children.push(child);
      await child.stdout.getReader().read();
      return child;
    }
    const SLEEP = ["sh", "-c", "echo; exec sleep 60"];

    function made(): { path: string; inode: string } {
      const path = `${scratch()}/a`;
      mountNamespace(path);
      return { path, inode: inodeAt(path) };
    }

    /** What a process of its own says. */
    function judged(inode: string, ...within: string[]): string {
      const script = `import { isNamespaceHeld } from "${HOLDERS}"; process.stdout.write(String(isNamespaceHeld("${inode}")))`;
      return run(...within, process.execPath, "-e", script);
    }

    /**
     * The number of a namespace that is gone, and known to be. Where other programs make namespaces meanwhile,
     * theirs may get the number, or processes keep coming: then it takes another one.
     */
    function gone(): string {
      for (let tries = 0; tries < 8; tries++) {
        const { path, inode } = made();
        expect(judged(inode)).toBe("true");
        removeNamespace(path);
        if (judged(inode) === "false") return inode;
      }
      throw new Error("expected one of eight namespaces to be known as gone");
    }

    test("a mount, until it is removed", () => {
      expect(gone()).toMatch(/^\d+$/);
    });

    test("a mount in another process's mount namespace alone", async () => {
      const { path, inode } = made();
      await keep("unshare", "--mount", "--propagation", "private", ...SLEEP);
      // Removing the file would unmount it everywhere.
      run("umount", path);
      expect(judged(inode)).toBe("true");
    });

    test("a mount below another one, which no path leads to", () => {
      const base = scratch();
      fs.mkdirSync(`${base}/netns`);
      mountNamespace(`${base}/netns/a`);
      const inode = inodeAt(`${base}/netns/a`);
      run("mount", "-t", "tmpfs", "none", `${base}/netns`);
      expect(judged(inode)).toBe("true");
      run("umount", `${base}/netns`);
      removeNamespace(`${base}/netns/a`);
    });

    test("a process in it, whose mount is gone", async () => {
      const { path, inode } = made();
      await keep("nsenter", `--net=${path}`, ...SLEEP);
      removeNamespace(path);
      expect(judged(inode)).toBe("true");
    });

    test("an open file, and nothing else", async () => {
      const { path, inode } = made();
      await keep("sh", "-c", `exec 5<${path}; echo; exec sleep 60`);
      run("umount", "-l", path);
      expect(judged(inode)).toBe("true");
    });

    test("whoever does not see all processes does not know", () => {
      const inode = gone();
      expect(judged(inode, "unshare", "--pid", "--fork", "--mount-proc")).toBe("undefined");
      expect(judged(inode, "unshare", "--pid", "--fork")).toBe("undefined");
      expect(judged(inode, "setpriv", "--bounding-set=-sys_ptrace", "--inh-caps=-all")).toBe("undefined");
      expect(judged(inode, "unshare", "--user", "--map-root-user")).toBe("undefined");
    });
  },
);

test("where /proc cannot be read, nobody knows", () => {
  expect(isNamespaceHeld("1", scratch())).toBeUndefined();
});
