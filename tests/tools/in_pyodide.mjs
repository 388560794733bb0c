// Run a Python script in the very Python that will read what it makes: the Pyodide of a folder, in node.
// It sees the host's current folder, and nothing else of the host: all paths are relative to it.
//
//     node in_pyodide.mjs RUNTIME SCRIPT [ARGS...]
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [runtime, ...argv] = process.argv.slice(2);
const { loadPyodide } = await import(pathToFileURL(resolve(runtime, "pyodide.mjs")).href);
const pyodide = await loadPyodide({ indexURL: resolve(runtime) });
pyodide.mountNodeFS("/host", process.cwd());
pyodide.globals.set("argv", pyodide.toPy(argv));
try {
  pyodide.runPython(`
import os, runpy, sys
os.chdir("/host")
sys.argv[:] = argv
runpy.run_path(sys.argv[0], run_name="__main__")
`);
} catch (error) {
  console.error(error.message); // without the stack of a file that is one long line
  process.exitCode = 1;
}
