/** The embedded store's database files below its folder, known by their first bytes. */
export async function storeFiles(folder: string): Promise<string[]> {
  const found: string[] = [];
  for await (const file of new Bun.Glob("**/*").scan({ cwd: folder, absolute: true })) {
    if ((await Bun.file(file).slice(0, 15).text()) === "SQLite format 3") found.push(file);
  }
  return found;
}
