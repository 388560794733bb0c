// The page's side of the worker: the same interface as in main.mjs, each call a message there and back.
import { Calls } from "./calls.mjs";

const worker = new Worker(new URL("worker-boot.mjs", import.meta.url).href + globalThis.location.search, { type: "module" });
const waiting = new Map();
let last = 0;

function ask(method, ...args) {
  return new Promise((resolve, reject) => {
    waiting.set(++last, { resolve, reject });
    worker.postMessage({ id: last, method, args });
  });
}

worker.onmessage = ({ data }) => {
  const { resolve, reject } = waiting.get(data.id);
  waiting.delete(data.id);
  if (data.error === undefined) resolve(data.result);
  else reject(new Error(data.error));
};
worker.onerror = (event) => {
  for (const { reject } of waiting.values()) reject(new Error(event.message ?? "the worker failed to start"));
  waiting.clear();
};

globalThis.harness = new Calls(
  ask("ready").then(() => ({
    addModule: (...args) => ask("addModule", ...args),
    call: (...args) => ask("call", ...args),
    coverage: () => ask("coverage"),
  })),
);
