import { loadPyodide } from "/pyodide/pyodide.mjs";

const [pyodide, wheel, prices] = await Promise.all([
  loadPyodide(),
  fetch("/wheel.json").then((answer) => answer.json()),
  fetch("prices.py").then((answer) => answer.text()),
]);
await pyodide.loadPackage(new URL(wheel.url, import.meta.url).href);
await pyodide.runPythonAsync(prices);
