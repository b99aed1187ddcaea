// Measures the documentation site of a project in headless Chromium: node benches/site.mjs HETL PROJECT [FOLDER FOR SCREENSHOTS]
//
// The project needs a target that `docs generate` can run on. Prints the time of `docs generate` (CPU, user and system; with and
// without compiling), the first usable page, searches as they are typed, a model, the whole graph, and the most memory that the page held.
// Needs node 20, chromium and chromedriver on Linux; no packages.

import { spawnSync } from 'node:child_process';
import { readFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';

import { Browser, start, stop } from '../tests/site/browser.mjs';

const [hetl, project, pictures] = process.argv.slice(2).map((path) => resolve(path));
const print = (what, value) => console.log(`${what.padEnd(48)} ${value}`);
const milliseconds = (value) => `${Math.round(value)} ms`;

function timed(...args) {
  const ticks = () => {
    const fields = readFileSync('/proc/self/stat', 'utf8').split(') ')[1].split(' ');
    return Number(fields[13]) + Number(fields[14]); // of children that ended, in hundredths of a second
  };
  const [before, began] = [ticks(), performance.now()];
  const { status, stdout } = spawnSync(hetl, args, { cwd: project, encoding: 'utf8' });
  if (status !== 0) throw new Error(stdout);
  return `${(ticks() - before) / 100} s CPU, ${((performance.now() - began) / 1000).toFixed(2)} s`;
}

/** The most resident memory, in MB, that a process of Chromium which shows a page had. */
function pageMemory() {
  const sizes = readdirSync('/proc').filter((name) => /^\d+$/.test(name)).map((id) => {
    try {
      if (!readFileSync(`/proc/${id}/cmdline`, 'utf8').includes('--type=renderer')) return 0;
      return Number(/VmHWM:\s+(\d+)/.exec(readFileSync(`/proc/${id}/status`, 'utf8'))?.[1] ?? 0) / 1024;
    } catch {
      return 0; // it ended meanwhile
    }
  });
  return Math.max(...sizes);
}

/** Does something in the page and gives the milliseconds until a condition holds there, looked at before each frame. */
const takes = (browser, action, condition) => browser.call('POST', '/execute/async', {
  script: `const done = arguments[0], began = performance.now();
    ${action};
    (function look() { if (${condition}) done(performance.now() - began); else requestAnimationFrame(look); })();`,
  args: [],
});

async function main() {
  print('docs generate', timed('docs', 'generate'));
  print('docs generate --no-compile', timed('docs', 'generate', '--no-compile'));
  const site = join(project, 'target/site');
  print('files of the site', `${(readdirSync(site).reduce((sum, name) => sum + statSync(join(site, name)).size, 0) / 1e6).toFixed(1)} MB`);
  const { unique_id: model, name } = Object.values(JSON.parse(readFileSync(join(project, 'target/manifest.json'), 'utf8')).nodes).find(({ resource_type: type }) => type === 'model');

  const [, address] = await start(hetl, ['docs', 'serve', '--port', '0', '--no-browser'], /at (http:\S+)/, { cwd: project });
  const browser = await Browser.open(1360, 860);
  const keep = async (picture) => pictures && writeFileSync(join(pictures, `${picture}.png`), await browser.picture());
  await browser.devtools('Page.addScriptToEvaluateOnNewDocument', { source: "new MutationObserver((_, watch) => { if (document.querySelector('main[data-ready]')) { window.usable = performance.now(); watch.disconnect(); } }).observe(document, { subtree: true, childList: true, attributes: true });" });
  for (const visit of ['first page usable', 'first page usable, again']) {
    await browser.go(address);
    await browser.waits('window.usable');
    print(visit, milliseconds(await browser.run('return window.usable')));
  }
  await keep('large-overview');

  for (let length = 1; length <= name.length; length += 3) {
    const typed = name.slice(0, length);
    const found = "document.querySelector('#found li') !== window.last";
    print(`search "${typed}"`, milliseconds(await takes(browser, `window.last = document.querySelector('#found li'); const input = document.getElementById('search'); input.focus(); input.value = ${JSON.stringify(typed)}; input.dispatchEvent(new Event('input', { bubbles: true }))`, found)));
  }
  await keep('large-search');
  print('a model', milliseconds(await takes(browser, `location.hash = '#!/model/${model}'`, `document.querySelector('h1')?.innerText.includes(${JSON.stringify(name)})`)));
  await browser.waits("document.querySelector('.graph.inline .box')");
  await keep('large-model');
  print('the whole graph', milliseconds(await takes(browser, "location.hash = '#!/graph?all=1'", "document.querySelector('.stage')")));
  await browser.run("[...document.querySelectorAll('.segments button')].find((button) => button.innerText === 'Everything').click()");
  await browser.waits("document.querySelector('.stage canvas')");
  await keep('large-graph');
  await browser.run("[...document.querySelectorAll('.segments button')].find((button) => button.innerText === 'Folders').click()");
  await browser.waits("document.querySelector('.stage .box')");
  await keep('large-folders');
  for (const page of ['columns', 'coverage', 'runs']) {
    print(`the page ${page}`, milliseconds(await takes(browser, `location.hash = '#!/${page}'`, `document.querySelector('h1')?.innerText.toLowerCase().startsWith('${page}')`)));
    await keep(`large-${page}`);
  }
  print('memory of the page, at most', `${Math.round(pageMemory())} MB`);
  await browser.close();
}

try {
  await main();
} finally {
  stop();
}
