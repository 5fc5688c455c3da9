// The package as it is edited: which file came from where, what is new, changed, moved or gone. No page in here.

export class Package {
  constructor(files) {
    this.reset(files);
  }

  // What the server has now; texts that were read or typed stay known by their path.
  reset(files, texts = new Map()) {
    this.entries = new Map(files.map(({ path, size }) => [path, { path, origin: path, size, saved: texts.get(path), text: texts.get(path) }]));
    this.removed = new Set();
  }

  get(path) {
    return this.entries.get(path);
  }

  paths() {
    return [...this.entries.keys()].sort();
  }

  loaded(path, text) {
    Object.assign(this.get(path), { saved: text, text });
  }

  write(path, text) {
    this.get(path).text = text;
  }

  create(path) {
    const problem = this.problem(path);
    if (problem) throw new Error(problem);
    const back = this.removed.delete(path); // deleted before: the same file with other content
    this.entries.set(path, { path, origin: back ? path : null, size: 0, saved: null, text: "" });
  }

  rename(from, to) {
    if (from === to) return;
    const problem = this.problem(to);
    if (problem) throw new Error(problem);
    const entry = this.get(from);
    this.entries.delete(from);
    this.entries.set(to, { ...entry, path: to });
  }

  remove(path) {
    const entry = this.get(path);
    this.entries.delete(path);
    if (entry.origin) this.removed.add(entry.origin);
  }

  problem(path) {
    if (!path) return "Give the file a name";
    if (path.startsWith("/") || path.endsWith("/") || path.includes("\\")) return "A path inside the package, such as lib/util.py";
    if (path.split("/").some((part) => part === "" || part === "." || part === "..")) return "A path inside the package, such as lib/util.py";
    if (this.entries.has(path)) return `${path} exists already`;
    const clash = this.paths().find((other) => other.startsWith(`${path}/`) || path.startsWith(`${other}/`));
    return clash ? `${clash} is in the way` : "";
  }

  // "new", "moved", "changed" or "": how the entry differs from what is deployed.
  state(path) {
    const entry = this.get(path);
    if (!entry) return "";
    if (entry.origin === null) return "new";
    if (entry.origin !== path) return "moved";
    return entry.text !== entry.saved ? "changed" : "";
  }

  changes() {
    const changed = this.paths().filter((path) => this.state(path));
    const files = changed.map((path) => {
      const { origin, text, saved } = this.get(path);
      return text !== undefined && text !== saved ? { path, origin, text } : { path, origin };
    });
    return { files, removed: [...this.removed] };
  }

  get count() {
    return this.paths().filter((path) => this.state(path)).length + this.removed.size;
  }
}
