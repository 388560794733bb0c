// The arms of the benchmark, in one page. Each can receive, publish and roundTrip, and answers in milliseconds.
import { boot } from "/pages/pyodide.mjs";
import { bare, javascript } from "./arms.mjs";

const server = new URLSearchParams(globalThis.location.search).get("server");
const booted = await boot(globalThis.location.search);
booted.addModule("bench_client", await (await fetch("/bench/bench_client.py")).text());
const python = booted.pyodide.pyimport("bench_client");

const plain = async (promise) => {
  const value = await promise;
  return value?.toJs ? value.toJs() : value;
};

const ours = (way) => ({
  receive: (count, size, binary = false, subscriptions = 1) =>
    plain(python.receive(server, way, count, size, binary, subscriptions)),
  publish: (count, size, receipts = false) => plain(python.publish(server, count, size, receipts)),
  roundTrip: (count, gap) => plain(python.round_trip(server, way, count, gap)),
});

globalThis.arms = {
  bare: bare(server),
  ...javascript(server),
  callback: ours("callback"),
  "async for": ours("async for"),
};

// The longest task of the main thread while something runs, in milliseconds; 0 where none was above 50.
globalThis.longestTask = async (work) => {
  let longest = 0;
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) longest = Math.max(longest, entry.duration);
  });
  observer.observe({ type: "longtask", buffered: false });
  await work();
  await new Promise((resolve) => setTimeout(resolve, 100)); // entries come late
  observer.disconnect();
  return longest;
};

// The octets of the JavaScript heap and of Python's memory, after a collection.
globalThis.heap = () => {
  globalThis.gc?.();
  return {
    javascript: performance.memory.usedJSHeapSize,
    python: booted.pyodide._module.HEAP8.length,
    objects: python.count_objects(),
  };
};

document.documentElement.dataset.ready = "1";
