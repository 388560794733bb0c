// What Selenium can't tell of a page in WebKit: its console, what nobody caught, what the policy blocked. It comes before
// the page's own scripts (watched.py); a worker's lines go to the page.
{
  const page = "document" in globalThis;
  const channel = new BroadcastChannel("watched");
  const lines = [];
  const add = (line) => (page ? lines.push(line) : channel.postMessage(line));
  const said = (value) => (typeof value === "object" && value !== null && !(value instanceof Error) ? JSON.stringify(value) : String(value));

  globalThis.watched = lines;
  globalThis.violations = [];
  if (page) channel.onmessage = ({ data }) => lines.push(data);
  if (page) {
    // What the page's boot has said, one after the other.
    globalThis.stages = [];
    new MutationObserver(() => {
      const words = document.getElementById("boot-stage")?.textContent;
      if (words && words !== stages.at(-1)) stages.push(words);
    }).observe(document, { subtree: true, childList: true, characterData: true });
  }
  for (const type of ["debug", "info", "log", "warn", "error"]) {
    const usual = console[type];
    console[type] = (...values) => {
      add(`${type === "warn" ? "warning" : type}: ${values.map(said).join(" ")}`);
      usual.apply(console, values);
    };
  }
  globalThis.addEventListener("error", (event) => {
    // Capturing, so that a file that did not load is told too.
    const { target } = event;
    if (target && target !== globalThis) add(`error: ${target.localName} did not load ${target.src ?? target.href ?? ""}`);
    else add(`pageerror: ${event.error ?? event.message}`);
  }, true);
  globalThis.addEventListener("unhandledrejection", ({ reason }) => add(`pageerror: ${reason}`));
  globalThis.addEventListener("securitypolicyviolation", (event) => {
    violations.push(`${event.violatedDirective}: ${event.blockedURI} ${event.sourceFile ?? ""}`);
  });
}
