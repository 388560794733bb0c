// The worker's side: Pyodide, and answers to the page's calls. Calls run at the same time, as they do in the page.
import { boot } from "./pyodide.mjs";

const booted = boot(globalThis.location.search);

globalThis.onmessage = async ({ data: { id, method, args } }) => {
  try {
    const api = await booted;
    globalThis.postMessage({ id, result: method === "ready" ? null : await api[method](...args) });
  } catch (error) {
    globalThis.postMessage({ id, error: String(error.stack ?? error) });
  }
};
