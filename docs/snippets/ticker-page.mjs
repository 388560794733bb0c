// In the page, beside the module that boots Python. The client takes each "online" event as a reason to look at once
// for what is due, and sends a beat.
const ticker = new Worker(new URL("ticker.mjs", import.meta.url), { type: "module" });
ticker.onmessage = () => dispatchEvent(new Event("online"));
