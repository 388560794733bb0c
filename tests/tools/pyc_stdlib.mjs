// Write Pyodide's standard library as compiled modules: a page boots in half the time, since it compiles nothing.
// It runs in node, in the very Python that will read it.
//
//     node pyc_stdlib.mjs RUNTIME OUT.zip
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { pathToFileURL } from "node:url";

const [runtime, out] = process.argv.slice(2).map((name) => resolve(name));
const { loadPyodide } = await import(pathToFileURL(`${runtime}/pyodide.mjs`).href);
const pyodide = await loadPyodide({ indexURL: runtime });

const zip = pyodide.runPython(`
import importlib._bootstrap_external as external, io, sys, zipfile

found = next(path for path in sys.path if path.endswith(".zip"))
answer = io.BytesIO()
with zipfile.ZipFile(found) as old, zipfile.ZipFile(answer, "w", zipfile.ZIP_DEFLATED) as new:
    for name in sorted(old.namelist()):
        data = old.read(name)
        if name.endswith(".py"):
            code = compile(data, f"{found}/{name}", "exec", dont_inherit=True)
            name, data = name + "c", external._code_to_timestamp_pyc(code)
        # A fixed date: the same input gives the same file.
        new.writestr(zipfile.ZipInfo(name), data, zipfile.ZIP_DEFLATED)
answer.getvalue()
`);
await writeFile(out, zip.toJs());
