// Boots Pyodide in a page, installs the wheel, and runs the page's Python: the files that the page names in
// <script type="text/x-python" src="...">, of which main() of the one marked data-main is called.
//
// What the page must have: #boot with #boot-stage, #boot-bytes, #boot-progress; #boot-failed with -title, -advice, -error;
// #boot-again. <html data-boot> says how it stands: running, ready or failed.

const PYODIDE = "314.0.7"; // the one place of the pages that names it; web/package.json brings it
const RUNTIME = new URL("/pyodide/", import.meta.url);
// What Pyodide fetches by itself: asked for here first, all at once, so that the bytes that are coming are known.
const RUNTIME_FILES = ["pyodide.asm.mjs", "pyodide.asm.wasm", "python_stdlib.zip", "pyodide-lock.json"];

const element = (id) => document.getElementById(id);

class BootError extends Error {
  constructor(title, advice, cause) {
    super(title, { cause });
    this.advice = advice;
  }
}

class Progress {
  #files = new Map(); // URL: {total, loaded}
  #drawn = false;
  #arrived = false;
  #awaited = 0; // answers whose head is not here yet

  stage(words) {
    this.#arrived = words !== "Downloading Python";
    element("boot-stage").textContent = words;
  }

  ask() {
    this.#awaited += 1;
  }

  add(url, total) {
    this.#awaited -= 1;
    this.#files.set(url, { total, loaded: 0 });
    this.#draw();
  }

  loaded(url, octets) {
    this.#files.get(url).loaded += octets;
    this.#draw();
  }

  done() {
    element("boot-progress").value = 1;
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
    const loaded = files.reduce((sum, file) => sum + file.loaded, 0);
    // A compressed answer tells its compressed length: then the whole is not known.
    if (files.every((file) => file.total > 0)) {
      const total = files.reduce((sum, file) => sum + file.total, 0);
      element("boot-progress").value = loaded / total;
      element("boot-bytes").textContent = `${megabytes(loaded)} of ${megabytes(total)} MB`;
      if (loaded === total && !this.#awaited && !this.#arrived) this.stage("Starting Python");
    } else {
      element("boot-progress").removeAttribute("value");
      element("boot-bytes").textContent = `${megabytes(loaded)} MB`;
    }
  }
}

// The answer of a URL, its bytes counted on a copy, so that Pyodide gets the browser's own answer (compiled while it comes).
async function get(url, progress, what) {
  let answer;
  progress.ask();
  try {
    answer = await fetch(url);
  } catch (error) {
    throw new BootError(`${what} did not arrive`, "Is the server still running? Start it with ./build.sh, then load the page again.", error);
  }
  if (!answer.ok) {
    throw new BootError(`The server has no ${what}`, `It answered ${answer.status} for ${answer.url}. Start it with ./build.sh, which brings all that the page needs.`);
  }
  const encoded = answer.headers.has("Content-Encoding");
  progress.add(url, encoded ? 0 : Number(answer.headers.get("Content-Length")));
  count(answer.clone(), url, progress);
  return answer;
}

async function count(copy, url, progress) {
  const reader = copy.body.getReader();
  try {
    for (let chunk = await reader.read(); !chunk.done; chunk = await reader.read()) progress.loaded(url, chunk.value.length);
  } catch {
    // whoever reads the answer itself gets the same error
  }
}

// Runs `task` while Pyodide's own fetches of the started files are handed the answers that are on their way already.
async function handing(started, task) {
  const before = globalThis.fetch;
  globalThis.fetch = (input, init) => {
    const url = new URL(input instanceof Request ? input.url : input, document.baseURI).href;
    const answer = started.get(url);
    started.delete(url);
    return answer ?? before.call(globalThis, input, init);
  };
  try {
    return await task();
  } finally {
    globalThis.fetch = before;
  }
}

async function boot() {
  if (typeof WebAssembly !== "object") {
    throw new BootError("This browser has no WebAssembly", "Python runs on it. Use a current browser, or allow WebAssembly.");
  }
  const progress = new Progress();
  const sources = [...document.querySelectorAll('script[type="text/x-python"]')];
  progress.stage("Downloading Python");

  const started = new Map();
  for (const name of RUNTIME_FILES) {
    const url = new URL(name, RUNTIME).href;
    started.set(url, get(url, progress, "Pyodide"));
  }
  const wheel = get(new URL("/wheel.json", import.meta.url).href, progress, "wheel")
    .then((answer) => answer.json())
    .then(({ name, url }) => get(new URL(url, import.meta.url).href, progress, name))
    .then((answer) => answer.arrayBuffer());
  const files = Promise.all(
    sources.map(async ({ src }) => [src, await (await get(src, progress, "Python of the page")).text()]),
  );
  const all = [...started.values(), wheel, files];
  for (const one of all) one.catch(() => {}); // the first failure is reported where it is awaited

  let runtime;
  try {
    runtime = await import(new URL("pyodide.mjs", RUNTIME).href);
  } catch (error) {
    await Promise.all(all); // says better what is missing
    throw new BootError("Pyodide did not load", "Load the page again; if it stays so, run ./build.sh anew.", error);
  }
  if (runtime.version !== PYODIDE) {
    throw new BootError(`The server has Pyodide ${runtime.version}`, `This page is made for ${PYODIDE}: run ./build.sh, which brings it.`);
  }
  await Promise.all(started.values()); // their heads; the bodies are still coming
  const pyodide = await handing(started, () => runtime.loadPyodide({ indexURL: RUNTIME.href }));

  progress.stage("Installing the wheel");
  const site = pyodide.runPython("import sysconfig; sysconfig.get_path('purelib')");
  pyodide.unpackArchive(await wheel, "wheel", { extractDir: site });

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
}

function fail(error) {
  console.error(error);
  document.documentElement.dataset.boot = "failed";
  element("boot").hidden = true;
  element("boot-failed").hidden = false;
  element("boot-failed-title").textContent = error instanceof BootError ? error.message : "Python did not start";
  element("boot-failed-advice").textContent = error.advice ?? "Load the page again. If it stays so, this is a bug of the page: what Python says is below.";
  const cause = error instanceof BootError ? error.cause : error;
  element("boot-failed-error").textContent = cause ? String(cause.message ?? cause) : "";
  element("boot-failed-error").hidden = !cause;
  element("status").textContent = element("boot-failed-title").textContent;
  element("boot-again").addEventListener("click", () => location.reload());
}

try {
  await boot();
  document.documentElement.dataset.boot = "ready";
} catch (error) {
  fail(error);
}
