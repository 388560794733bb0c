// Starts Python in the page: Pyodide, the wheel, and chart.py.
import { loadPyodide } from "/pyodide/pyodide.mjs";

const pyodide = await loadPyodide();
const wheel = await (await fetch("/wheel.json")).json();
await pyodide.loadPackage(new URL(wheel.url, location.href).href);
const source = await (await fetch("chart.py")).text();
await pyodide.runPythonAsync(source, { filename: "chart.py" });
