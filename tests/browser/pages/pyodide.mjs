// Boots Pyodide with what the harness (tests/support/harness.py) wants in it; used by the page and by the worker.
import { loadPyodide } from "/pyodide/pyodide.mjs";

// The query of the page: wheel (its path) and coverage (1: measure pystomp_web).
export async function boot(query) {
  const params = new URLSearchParams(query);
  const pyodide = await loadPyodide({ indexURL: "/pyodide/" });
  const failures = [];
  const options = { messageCallback: () => {}, errorCallback: (message) => failures.push(message) };
  const packages = [new URL(params.get("wheel"), globalThis.location.origin).href];
  if (params.get("coverage") === "1") packages.push("coverage");
  await pyodide.loadPackage(packages, options);
  if (failures.length) throw new Error(failures.join("\n"));
  const answer = await fetch("/pages/harness.py");
  pyodide.FS.writeFile("/home/pyodide/harness.py", await answer.text());
  const harness = pyodide.pyimport("harness");
  if (params.get("coverage") === "1") harness.start_coverage();

  return {
    // Puts Python source where `import` finds it.
    addModule: (name, source) => harness.add_module(name, source),
    // Resolves to JSON: {"result": ...} or {"error": traceback}.
    call: (module, name, args) => harness.call(module, name, args),
    // The data that coverage has gathered so far, in base64; empty if it isn't on.
    coverage: () => harness.coverage_data(),
    pyodide,
  };
}
