import { loadPyodide } from "/vendor/pyodide/pyodide.mjs";

const pyodide = await loadPyodide();
await pyodide.loadPackage("micropip");
const { url } = await (await fetch("/wheel.json")).json();
await pyodide.pyimport("micropip").install(new URL(url, location.href).href);
const source = await (await fetch("first.py")).text();
await pyodide.runPythonAsync(`${source}\nmain()\n`);
