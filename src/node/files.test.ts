import { expect, test } from "bun:test";
import fs from "node:fs";
import {
  createFile,
  type FolderKey,
  fileError,
  filesOf,
  readIfThere,
  removeFile,
  replaceFile,
} from "./files.ts";
import { openSpareFiles } from "./spare-files.ts";
import { modeOf, useScratch } from "./test-kit/scratch.ts";
import { thrown } from "./test-kit/thrown.ts";

const scratch = useScratch();

test("a file and its folder are made for root alone", () => {
  const base = scratch();
  replaceFile(`${base}/run/journal/a.json`, "text", "runDir");
  expect(readIfThere(`${base}/run/journal/a.json`, "runDir")).toBe("text");
  expect(["run", "run/journal", "run/journal/a.json"].map((path) => modeOf(`${base}/${path}`))).toEqual([
    "700",
    "700",
    "600",
  ]);
});

test("a borrowed file's new folder is made too", () => {
  const [base, folder] = [scratch(), scratch()];
  const spares = openSpareFiles(folder);
  fs.writeFileSync(`${base}/old`, "");
  spares.take(`${base}/old`);
  replaceFile(`${base}/run/journal/a.json`, "text", "runDir", { spares });
  expect([readIfThere(`${base}/run/journal/a.json`, "runDir"), modeOf(`${base}/run/journal`)]).toEqual([
    "text",
    "700",
  ]);
});

test("parents further up are made as an installer makes them", () => {
  const base = scratch();
  replaceFile(`${base}/var/lib/kube-ipam/kept/a.json`, "", "dataDir", { durable: true });
  expect([modeOf(`${base}/var`), modeOf(`${base}/var/lib`), modeOf(`${base}/var/lib/kube-ipam`)]).toEqual([
    "755",
    "755",
    "700",
  ]);
});

test("replacing leaves nothing but the new text", () => {
  const base = scratch();
  for (const text of ["a long first text", "short"])
    replaceFile(`${base}/a.json`, text, "dataDir", { durable: true });
  expect(fs.readdirSync(base)).toEqual(["a.json"]);
  expect(readIfThere(`${base}/a.json`, "dataDir")).toBe("short");
});

test("a replacement that fails keeps the old and leaves nothing behind", () => {
  const base = scratch();
  fs.mkdirSync(`${base}/a.json/full`, { recursive: true });
  expect(thrown(() => replaceFile(`${base}/a.json`, "text", "runDir"))).toEqual({
    name: "io",
    message: `cannot write '${base}/a.json': it is a folder (EISDIR)`,
    details: "remove that folder",
  });
  expect(fs.readdirSync(base)).toEqual(["a.json"]);
});

test("a file is made where there is none, and what is there already is left alone", () => {
  const base = scratch();
  expect(createFile(`${base}/run/journal/a.json`, "first", "runDir")).toBe(true);
  expect(createFile(`${base}/run/journal/a.json`, "second", "runDir")).toBe(false);
  expect(readIfThere(`${base}/run/journal/a.json`, "runDir")).toBe("first");
  expect([modeOf(`${base}/run/journal`), modeOf(`${base}/run/journal/a.json`)]).toEqual(["700", "600"]);
  expect(thrown(() => createFile(`${base}/run/journal/a.json/b`, "", "runDir"))).toMatchObject({
    name: "io",
  });
});

test("what is not there reads as undefined, removes quietly and lists as nothing", () => {
  const base = scratch();
  expect(readIfThere(`${base}/none/a`, "runDir")).toBeUndefined();
  removeFile(`${base}/none/a`, "runDir");
  expect(filesOf(`${base}/none`, ".json", "runDir")).toEqual([]);
});

test("a listing removes what a killed process left half-written, once it is old", () => {
  const base = scratch();
  const longAgo = new Date(Date.now() - 2 * 3_600_000);
  for (const name of ["a.json", "old.json.1.tmp", "new.json.2.tmp"]) fs.writeFileSync(`${base}/${name}`, "");
  fs.utimesSync(`${base}/a.json`, longAgo, longAgo);
  fs.utimesSync(`${base}/old.json.1.tmp`, longAgo, longAgo);
  expect(filesOf(base, ".json", "runDir")).toEqual(["a.json"]);
  expect(fs.readdirSync(base).sort()).toEqual(["a.json", "new.json.2.tmp"]);
});

test("an error names path, reason and way out", () => {
  const base = scratch();
  fs.writeFileSync(`${base}/file`, "");
  expect(thrown(() => replaceFile(`${base}/file/journal/a.json`, "", "runDir"))).toEqual({
    name: "io",
    message: `cannot write '${base}/file/journal/a.json': a part of the path is a file (ENOTDIR)`,
    details: "remove that file, or set 'runDir' to a folder",
  });
  const odd = fileError("read", "/x", "dataDir", Object.assign(new Error("odd"), { code: "EBADMSG" }));
  expect([odd.message, odd.details]).toEqual([
    "cannot read '/x': the system refused it (EBADMSG)",
    "look at the file system below dataDir",
  ]);
});

test("no error says 'not found' or 'no such file', which runtimes take for a DEL's success", () => {
  for (const code of ["ENOENT", "ENOTDIR", "EACCES", "EROFS", "ENOSPC", "EIO", "EWHATEVER"]) {
    const error = fileError("write", "/x", "runDir", Object.assign(new Error(), { code }));
    expect(`${error.message} ${error.details}`).not.toMatch(/not found|no such file/i);
  }
});

test("a full or read-only dataDir is the store's trouble, anything else is not", () => {
  const codeOfError = (code: string, key: FolderKey) =>
    fileError("write", "/x", key, Object.assign(new Error("x"), { code })).code;
  for (const code of ["ENOSPC", "EDQUOT", "EROFS"]) {
    expect(codeOfError(code, "dataDir")).toBe(106);
    expect(codeOfError(code, "runDir")).toBe(5);
  }
  expect(codeOfError("EACCES", "dataDir")).toBe(5);
});
