import { boot } from "./pyodide.mjs";
import { Calls } from "./calls.mjs";

globalThis.harness = new Calls(
  boot(globalThis.location.search).then((booted) => {
    globalThis.pyodide = booted.pyodide; // for page.evaluate
    return booted;
  }),
);
