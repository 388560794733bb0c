// What the harness on the host calls in the page: `globalThis.harness`.
export class Calls {
  #booted;
  #running = new Map();
  #last = 0;

  constructor(booted) {
    this.#booted = booted;
    booted.catch(() => {}); // it is reported to whoever waits for it
  }

  async ready() {
    await this.#booted;
  }

  // Starts a call and returns its number at once; `result` waits for it.
  start(modules, module, name, args) {
    const running = this.#call(modules, module, name, args);
    running.catch(() => {});
    this.#running.set(++this.#last, running);
    return this.#last;
  }

  // The call's JSON; null if it isn't there after so many milliseconds.
  async result(id, timeout) {
    let timer;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, timeout, null);
    });
    try {
      return await Promise.race([this.#running.get(id), late]);
    } finally {
      clearTimeout(timer);
    }
  }

  async coverage() {
    return (await this.#booted).coverage();
  }

  async #call(modules, module, name, args) {
    const booted = await this.#booted;
    for (const [moduleName, source] of modules) await booted.addModule(moduleName, source);
    return booted.call(module, name, args);
  }
}
