import { loadPyodide } from "/pyodide/pyodide.mjs";

const pyodide = await loadPyodide({ indexURL: "/pyodide/" });
const wheel = await (await fetch("/wheel.json")).json();
await pyodide.loadPackage(new URL(wheel.url, location.href).href);
const source = await (await fetch(new URL("work.py", import.meta.url))).text();
await pyodide.runPythonAsync(source, { filename: "work.py" });
