// A headless Chromium, spoken to through chromedriver. Needs node 20, chromium and chromedriver; no packages.

import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const children = [];
const profiles = mkdtempSync(join(tmpdir(), 'hetl-chromium-'));

/** Starts a process and waits for a line of its output; gives its match. */
export function start(program, args, line, options = {}) {
  const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'inherit'], ...options });
  children.push(child);
  return new Promise((done, failed) => {
    let text = '';
    child.stdout.on('data', (part) => {
      text += part;
      const found = line.exec(text);
      if (found) done(found);
    });
    child.on('exit', () => failed(new Error(`${program} ended: ${text}`)));
  });
}

/** One browser with a fresh profile. */
export class Browser {
  static async open(width = 1280, height = 800) {
    const browser = new this();
    const [, port] = await start('chromedriver', ['--port=0'], /successfully on port (\d+)/);
    browser.driver = `http://127.0.0.1:${port}`;
    const args = ['--headless', '--no-sandbox', '--disable-gpu', '--disable-quic', '--no-first-run', '--disable-background-networking', '--disable-component-update', '--disable-sync', '--disable-dev-shm-usage', `--user-data-dir=${join(profiles, port)}`, `--window-size=${width},${height}`];
    const { sessionId } = await browser.call('POST', '/session', { capabilities: { alwaysMatch: { browserName: 'chrome', 'goog:chromeOptions': { args }, 'goog:loggingPrefs': { browser: 'ALL', performance: 'ALL' } } } });
    browser.driver += `/session/${sessionId}`;
    return browser;
  }

  async call(method, path, body) {
    const response = await fetch(this.driver + path, { method, body: body && JSON.stringify(body), headers: { 'Content-Type': 'application/json' } });
    const { value } = await response.json();
    if (value?.error) throw new Error(`${path}: ${value.message}`);
    return value;
  }

  go = (url) => this.call('POST', '/url', { url });
  run = (script, ...args) => this.call('POST', '/execute/sync', { script, args });
  text = (selector) => this.run('return document.querySelector(arguments[0])?.innerText ?? ""', selector);
  logs = (type) => this.call('POST', '/se/log', { type });
  devtools = (cmd, params) => this.call('POST', '/goog/cdp/execute', { cmd, params });

  /** Waits ten seconds for an expression to be true; says whether it was. */
  async waits(expression) {
    for (let tries = 0; tries < 200; tries++) {
      if (await this.run(`return Boolean(${expression})`)) return true;
      await new Promise((done) => setTimeout(done, 50));
    }
    return false;
  }

  async type(selector, text) {
    const element = Object.values(await this.call('POST', '/element', { using: 'css selector', value: selector }))[0];
    await this.call('POST', `/element/${element}/value`, { text });
  }

  async click(selector) {
    const element = Object.values(await this.call('POST', '/element', { using: 'css selector', value: selector }))[0];
    await this.call('POST', `/element/${element}/click`, {});
  }

  picture = async () => Buffer.from(await this.call('GET', '/screenshot'), 'base64');

  close = () => this.call('DELETE', '');
}

/** Ends every process and removes what they left. */
export function stop() {
  children.forEach((child) => child.kill());
  rmSync(profiles, { recursive: true, force: true, maxRetries: 5 });
}
