// The arms of the benchmark, in one page. Each can receive, publish and roundTrip, and answers in milliseconds.
import { boot } from "/pages/pyodide.mjs";
import { javascript } from "./arms.mjs";

// `server`: ws://HOST:PORT; `path`: of its STOMP; `headers`: of CONNECT, as JSON.
const given = new URLSearchParams(globalThis.location.search);
const server = {
  origin: given.get("server"),
  url: given.get("server") + given.get("path"),
  headers: JSON.parse(given.get("headers")),
};
const booted = await boot(globalThis.location.search);
booted.addModule("bench_client", await (await fetch("/bench/bench_client.py")).text());
const python = booted.pyodide.pyimport("bench_client");

const plain = async (promise) => {
  const value = await promise;
  return value?.toJs ? value.toJs() : value;
};

const ours = (way) => ({
  receive: (count, size, binary = false, subscriptions = 1, like = "") =>
    plain(python.receive(way, JSON.stringify({ count, size, binary, like }), subscriptions)),
  drain: (count, destination) => plain(python.drain(way, count, destination)),
  publish: (count, size, receipts = false) => plain(python.publish(count, size, receipts)),
  roundTrip: (count, gap) => plain(python.round_trip(way, count, gap)),
});

python.use(server.url, given.get("headers"));
globalThis.arms = {
  ...javascript(server),
  callback: ours("callback"),
  "async for": ours("async for"),
};

// What an arm answers, or null where a broker has cut it off and it waits for ever.
globalThis.within = (seconds, answer) =>
  Promise.race([answer, new Promise((resolve) => setTimeout(() => resolve(null), seconds * 1000))]);

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
