// Drives the documentation site in headless Chromium, as a reader would: search, a model, a column back to its source, the
// graph, themes, a phone; and sees that nothing of the project runs and that nothing is asked of another host.
//
// usage: node drive.mjs HETL [FOLDER FOR SCREENSHOTS]. Needs node 20, chromium and chromedriver; no packages.

import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

import { Browser, start, stop } from './browser.mjs';

const [hetl, pictures] = process.argv.slice(2).map((path) => resolve(path));
const work = mkdtempSync(join(tmpdir(), 'hetl-site-'));
const project = join(work, 'shop');
let failures = 0;

function check(is, what) {
  console.log(`${is ? 'ok  ' : 'FAIL'} ${what}`);
  if (!is) failures++;
}

function run(...args) {
  return spawnSync(hetl, args, { cwd: project, encoding: 'utf8' });
}

/** A browser whose waiting is checked and whose pictures are kept. */
class Reader extends Browser {
  async until(expression, what) {
    const is = await this.waits(expression);
    check(is, is ? what : `${what} (waited for: ${expression})`);
  }

  async keep(name) {
    if (pictures) writeFileSync(join(pictures, `${name}.png`), await this.picture());
  }
}

/** Everything that the browser asked for, and everything that it complained about. */
async function checkQuiet(browser, allowed, where) {
  const complaints = (await browser.logs('browser')).filter(({ level }) => ['SEVERE', 'WARNING'].includes(level));
  check(complaints.length === 0, `${where}: no complaint in the console ${complaints.map(({ message }) => message).join('; ')}`);
  const asked = (await browser.logs('performance')).map(({ message }) => JSON.parse(message).message).filter(({ method }) => method === 'Network.requestWillBeSent').map(({ params }) => params.request.url);
  const strange = asked.filter((url) => !allowed.some((start) => url.startsWith(start)) && !/^(data|blob|chrome|about|devtools):/.test(url));
  check(strange.length === 0, `${where}: nothing is asked of others ${strange.join(' ')}`);
  check((await browser.run('return window.attacked === undefined')) === true, `${where}: nothing of the project ran`);
}

async function read(browser, base, link) {
  await browser.until("document.querySelector('main[data-ready]')", 'the first page is there');
  check((await browser.text('h1')).includes('shop'), 'the overview names the project');
  check((await browser.text('.cards')).includes('build'), 'the overview shows the last run');
  check((await browser.text('.failures')).includes('not_null'), 'the overview shows the failing test');
  await browser.keep('overview');

  await browser.type('#search', 'amount');
  await browser.until("[...document.querySelectorAll('#found li')].some((item) => item.innerText.includes('stg_orders') && item.innerText.includes('column amount'))", 'search finds a column');
  await browser.run("const input = document.getElementById('search'); input.value = 'custtot'; input.dispatchEvent(new Event('input'))");
  await browser.until("document.querySelector('#found li')?.innerText.includes('customer_totals')", 'search finds a name by some of its letters');
  await browser.keep('search');
  await browser.type('#search', '\uE007');
  await browser.until("document.querySelector('h1')?.innerText.includes('customer_totals')", 'Enter opens the model');
  check((await browser.run('return location.hash')).startsWith('#!/model/model.shop.customer_totals'), 'its address is one of dbt');
  check((await browser.text('.facts')).includes('dev_') || (await browser.text('.facts')).includes('customer_totals'), 'its facts are there');
  await browser.until("document.querySelectorAll('.graph.inline .box').length === 4", 'its neighbours are drawn');
  check((await browser.text('#code')).includes('sum(orders.amount)'), 'its code is there');
  await browser.keep('model');

  if (link) {
    await browser.run("[...document.querySelectorAll('button.column')].find((button) => button.innerText.trim() === 'total').click()");
    await browser.until("document.querySelector('tr.detail:not([hidden]) .links a')?.innerText.includes('stg_orders.amount')", 'a column names what it comes from');
    await browser.run("document.querySelector('tr.detail:not([hidden]) .links a').click()");
    await browser.until("document.querySelector('tr.chosen')?.innerText.includes('amount') && document.querySelector('h1').innerText.includes('stg_orders')", 'the link leads to that column');
    await browser.until("[...document.querySelectorAll('tr.detail:not([hidden]) .links a')].some((a) => a.innerText.includes('raw_orders.amount'))", 'which comes from the seed');
    await browser.run("document.querySelector('tr.detail:not([hidden]) a.button').click()");
    await browser.until("document.querySelectorAll('.stage .box').length >= 3 && document.querySelector('.stage').textContent.includes('total')", 'the graph shows the paths of the column');
    await browser.keep('column');
  }

  await browser.go(`${base}#!/graph?s=customer_totals`);
  await browser.until("document.querySelectorAll('.stage .box').length === 1", 'the graph begins with what is selected');
  await browser.run("const stage = document.querySelector('.stage'); stage.focus(); stage.dispatchEvent(new KeyboardEvent('keydown', { key: 'e', bubbles: true }))");
  await browser.until("document.querySelectorAll('.stage .box').length === 4", 'a key unfolds the neighbours');
  await browser.run("document.querySelector('.select input').value = '+nothing*'; document.querySelector('.select').requestSubmit()");
  await browser.until("document.querySelectorAll('.stage .box').length === 0 && document.querySelector('.empty')", 'a selection of nothing says so');
  await browser.run("document.querySelector('.select input').value = '+customer_totals,resource_type:seed stg_*'; document.querySelector('.select').requestSubmit()");
  await browser.until("document.querySelectorAll('.stage .box').length === 4", 'selections join and intersect');
  await browser.run("[...document.querySelectorAll('.segments button')].find((button) => button.innerText === 'Everything').click()");
  await browser.until("document.querySelectorAll('.stage .box').length === 6", 'the whole project is drawn');
  await browser.keep('graph');

  const colour = () => browser.run('return getComputedStyle(document.body).backgroundColor');
  const before = await colour();
  await browser.click('button.theme');
  check((await colour()) !== before, 'the theme changes');
  await browser.keep('dark');
  await browser.click('button.theme');

  for (const page of ['model/model.shop.stg_orders', 'model/model.shop.customer_totals', 'exposure/exposure.shop.revenue', 'columns', 'runs', 'coverage', 'search?q=tag:daily', 'columns/customer_id', 'seed/seed.shop.raw_orders', 'nothing/here']) {
    await browser.go(`${base}#!/${page}`);
    await browser.until("document.querySelector('main').innerText.length > 40", `${page} has a page`);
    for (const selector of ['script', 'iframe', 'svg [onload]', 'a[href^="javascript"]']) check((await browser.run('return document.querySelectorAll(arguments[0]).length', `main ${selector}`)) === 0, `${page}: no ${selector}`);
  }
  check((await browser.run("return [...document.querySelectorAll('main img')].filter((image) => !image.closest('.markdown')).length")) === 0, 'no image but those of descriptions');

  await browser.devtools('Emulation.setDeviceMetricsOverride', { width: 390, height: 800, deviceScaleFactor: 2, mobile: true });
  await browser.go(`${base}#!/model/model.shop.stg_orders`);
  await browser.until("document.querySelector('h1')?.innerText.includes('stg_orders')", 'a phone shows the model');
  check((await browser.run('return document.documentElement.scrollWidth')) <= 390, 'nothing is wider than the phone');
  await browser.click('button.menu');
  await browser.until("document.querySelector('.sidebar').getBoundingClientRect().left === 0", 'the tree slides in');
  await browser.keep('phone');
  await browser.devtools('Emulation.clearDeviceMetricsOverride', {});
}

async function main() {
  cpSync(join(dirname(fileURLToPath(import.meta.url)), 'shop'), project, { recursive: true });
  run('build');
  const generated = run('docs', 'generate', '--static');
  check(generated.status === 0, `docs generate ${generated.status === 0 ? '' : generated.stdout}`);
  const [, address] = await start(hetl, ['docs', 'serve', '--port', '0', '--no-browser'], /at (http:\S+)/, { cwd: project });
  const { lineage } = JSON.parse(readFileSync(join(project, 'target/site/core.json'), 'utf8'));

  const browser = await Reader.open();
  await browser.go(address);
  await read(browser, address, lineage);
  await checkQuiet(browser, [address], 'served');
  await browser.go(`${address}#!/runs`);
  await browser.until("document.querySelectorAll('main table')[0]?.rows.length === 2", 'one run is listed');
  run('test');
  await browser.until("document.querySelectorAll('main table')[0]?.rows.length === 3", 'a new run appears by itself');
  await browser.close();

  const alone = await Reader.open();
  const file = pathToFileURL(join(project, 'target/static_index.html')).href;
  await alone.go(file);
  await read(alone, file, lineage);
  await checkQuiet(alone, [file], 'one file');
  await alone.close();
}

try {
  await main();
} catch (error) {
  check(false, error.stack);
} finally {
  stop();
  rmSync(work, { recursive: true, force: true, maxRetries: 5 });
}
console.log(failures ? `${failures} failed` : 'all passed');
process.exit(failures ? 1 : 0);
