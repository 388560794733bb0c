// ticker.mjs, a worker: its timer is not throttled when the tab is hidden.
setInterval(() => postMessage(null), 5000);
