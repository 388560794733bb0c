// Boots Pyodide in a page, installs the wheel, and runs the page's Python: the files that the page names in
// <script type="text/x-python" src="...">, of which main() of the one marked data-main is called.
//
// <html data-stdlib="whole"> fetches the rest of the standard library, too, as soon as the page runs; else the first import
// of a module from there waits for it (stdlib_on_demand.py).
//
// What the page must have: #boot with #boot-stage, #boot-bytes, #boot-progress, in whose place it is said why Python did not
// start; and #status. <html data-boot> says how it stands: running, ready or failed.

const PYODIDE = "314.0.7"; // the one place of the pages that names it; web/package.json brings it
const RUNTIME = new URL("pyodide/", import.meta.url);
// What Pyodide fetches by itself, and what it imports: asked for here first, all at once.
const FETCHED = ["pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"];
const IMPORTED = ["pyodide.mjs", "pyodide.asm.mjs"];

const DOWNLOADING = "Downloading Python";

const element = (id) => document.getElementById(id);

class BootError extends Error {
  constructor(title, advice, cause) {
    super(title, { cause });
    this.advice = advice;
  }
}

class Progress {
  #files = new Map(); // URL: {total, loaded, whole}; a total of 0 is not known
  #sizes = {}; // of the runtime's files, by name
  #drawn = false;
  #awaited = 0; // answers whose head is not here yet
  #stage = "";

  stage(words) {
    this.#stage = words;
    element("boot-stage").textContent = words;
  }

  // A compressed answer tells its compressed length: what it holds is said by this list.
  know(sizes) {
    this.#sizes = sizes;
    for (const [url, file] of this.#files) {
      file.total ||= this.#size(url);
      if (file.whole) file.loaded = file.total;
    }
    this.#draw();
  }

  ask(url) {
    this.#awaited += 1;
    this.#files.set(url, { total: this.#size(url), loaded: 0, whole: false });
  }

  begin(url, total) {
    this.#awaited -= 1;
    this.#files.get(url).total ||= total;
    this.#draw();
  }

  loaded(url, octets) {
    this.#files.get(url).loaded += octets;
    this.#draw();
  }

  // What the browser imports comes in one piece.
  complete(url) {
    const file = this.#files.get(url);
    file.whole = true;
    file.loaded = file.total;
    this.begin(url, 0);
  }

  done() {
    element("boot-progress").value = 1;
  }

  #size(url) {
    return url.startsWith(RUNTIME.href) ? (this.#sizes[url.slice(RUNTIME.href.length)] ?? 0) : 0;
  }

  #draw() {
    if (this.#drawn) return;
    this.#drawn = true;
    requestAnimationFrame(() => {
      this.#drawn = false;
      this.#paint();
    });
  }

  #paint() {
    const files = [...this.#files.values()];
    const megabytes = (octets) => (octets / 1e6).toFixed(1);
    const sum = (of) => files.reduce((before, file) => before + of(file), 0);
    const loaded = sum((file) => file.loaded);
    const total = sum((file) => Math.max(file.total, file.loaded));
    if (Object.keys(this.#sizes).length) {
      element("boot-progress").value = loaded / total;
      element("boot-bytes").textContent = `${megabytes(loaded)} of ${megabytes(total)} MB`;
      if (loaded === total && !this.#awaited && this.#stage === DOWNLOADING) this.stage("Starting Python");
    } else {
      element("boot-progress").removeAttribute("value");
      element("boot-bytes").textContent = `${megabytes(loaded)} MB`;
    }
  }
}

// The answer of a URL, its bytes counted on a copy, so that Pyodide gets the browser's own answer (compiled while it comes).
async function get(url, progress, what) {
  let answer;
  progress.ask(url);
  try {
    answer = await fetch(url);
  } catch (error) {
    throw new BootError(`${what} did not arrive`, "Is the server still running? Start it with ./build.sh, then load the page again.", error);
  }
  if (!answer.ok) {
    throw new BootError(`The server has no ${what}`, `It answered ${answer.status} for ${answer.url}. Start it with ./build.sh, which brings all that the page needs.`);
  }
  progress.begin(url, answer.headers.has("Content-Encoding") ? 0 : Number(answer.headers.get("Content-Length")));
  count(answer.clone(), url, progress);
  return answer;
}

async function load(url, progress) {
  progress.ask(url);
  try {
    const module = await import(url);
    progress.complete(url);
    return module;
  } catch (error) {
    await get(url, progress, "Pyodide"); // says better what is missing
    throw new BootError("Pyodide did not load", "Load the page again; if it stays so, run ./build.sh anew.", error);
  }
}

async function count(copy, url, progress) {
  const reader = copy.body.getReader();
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) progress.loaded(url, chunk.value.length);
  } catch {
    // whoever reads the answer itself gets the same error
  }
}

// Runs `task` while Pyodide's own fetches of the started files are handed the answers that are on their way already, and
// its WebAssembly what is being compiled since its first octets came.
async function handing(started, compiled, task) {
  const { fetch } = globalThis;
  const { instantiateStreaming } = WebAssembly;
  globalThis.fetch = (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input, document.baseURI).href;
    const answer = started.get(url);
    started.delete(url);
    return answer ?? fetch.call(globalThis, input, init);
  };
  WebAssembly.instantiateStreaming = async (_, imports) => {
    const module = await compiled;
    return { module, instance: await WebAssembly.instantiate(module, imports) };
  };
  try {
    return await task();
  } finally {
    globalThis.fetch = fetch;
    WebAssembly.instantiateStreaming = instantiateStreaming;
  }
}

async function boot() {
  if (typeof WebAssembly !== "object") {
    throw new BootError("This browser has no WebAssembly", "Python runs on it. Use a current browser, or allow WebAssembly.");
  }
  const progress = new Progress();
  const sources = [...document.querySelectorAll('script[type="text/x-python"]')];
  progress.stage(DOWNLOADING);

  const of = (name) => new URL(name, RUNTIME).href;
  const octets = (answer) => answer.arrayBuffer();
  const started = new Map(FETCHED.map((name) => [of(name), get(of(name), progress, "Pyodide")]));
  const compiled = WebAssembly.compileStreaming(started.get(of("pyodide.asm.wasm")));
  const modules = IMPORTED.map((name) => load(of(name), progress));
  const list = new URL("wheel.json", import.meta.url).href;
  const wheel = get(list, progress, "wheel")
    .then((answer) => answer.json())
    .then(({ name, url }) => get(new URL(url, list).href, progress, name))
    .then(octets);
  const bytecode = get(of("bytecode.zip"), progress, "bytecode").then(octets);
  const files = Promise.all(
    sources.map(async ({ src }) => [src, await (await get(src, progress, "Python of the page")).text()]),
  );
  const sizes = get(of("sizes.json"), progress, "list of sizes")
    .then((answer) => answer.json())
    .then((found) => progress.know(found));
  const all = [...started.values(), compiled, ...modules, wheel, bytecode, files, sizes];
  for (const one of all) one.catch(() => {}); // the first failure is reported where it is awaited

  const [runtime] = await Promise.all(modules);
  if (runtime.version !== PYODIDE) {
    throw new BootError(`The server has Pyodide ${runtime.version}`, `This page is made for ${PYODIDE}: run ./build.sh, which brings it.`);
  }
  await Promise.all(started.values()); // their heads; the bodies are still coming
  const pyodide = await handing(started, compiled, () => runtime.loadPyodide({ indexURL: RUNTIME.href }));

  progress.stage("Installing the wheel");
  const site = pyodide.runPython("import sysconfig; sysconfig.get_path('purelib')");
  pyodide.unpackArchive(await wheel, "wheel", { extractDir: site });
  pyodide.unpackArchive(await bytecode, "zip", { extractDir: "/" });

  progress.stage("Starting the page");
  const home = pyodide.runPython("import os; os.getcwd()");
  const base = new URL(".", document.baseURI).href;
  for (const [src, text] of await files) {
    const path = `${home}/${src.slice(base.length)}`;
    pyodide.FS.mkdirTree(path.slice(0, path.lastIndexOf("/")));
    pyodide.FS.writeFile(path, text);
  }
  const main = sources.find((source) => "main" in source.dataset).src.slice(base.length, -".py".length).replaceAll("/", ".");
  const module = pyodide.pyimport(main);
  module.main();
  module.destroy();
  progress.done();
  return pyodide;
}

async function loadWholeLibrary(pyodide) {
  try {
    await pyodide.runPythonAsync("import stdlib_on_demand; await stdlib_on_demand.load()");
  } catch {
    // the import that needs it says why it is not there
  }
}

function fail(error) {
  console.error(error);
  document.documentElement.dataset.boot = "failed";
  const ours = error instanceof BootError;
  const cause = ours ? error.cause : error;
  const title = ours ? error.message : "Python did not start";
  const failed = document.createElement("div");
  failed.id = "boot-failed";
  failed.className = "say";
  failed.role = "alert";
  const add = (tag, text) => {
    const part = document.createElement(tag);
    part.textContent = text;
    failed.append(part);
    return part;
  };
  add("h3", title);
  add("p", error.advice ?? "Load the page again. If it stays so, this is a bug of the page: what Python says is below.");
  if (cause) add("pre", String(cause.message ?? cause));
  const again = add("button", "Load the page again");
  again.id = "boot-again";
  again.addEventListener("click", () => location.reload());
  element("boot").replaceWith(failed);
  element("status").textContent = title;
}

try {
  const pyodide = await boot();
  document.documentElement.dataset.boot = "ready";
  if (document.documentElement.dataset.stdlib === "whole") await loadWholeLibrary(pyodide);
} catch (error) {
  fail(error);
}
