// Playwright connects to the address that GetLink gives, and drives the page that the session's tasks work in.
import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { chromium } from 'playwright-core';
import { serveSite } from '../../examples/site/serve.mjs';
import { startServer } from '../../scripts/lib/server.mjs';

let site;
let server;
before(async () => {
  [site, server] = await Promise.all([serveSite(), startServer()]);
});
after(async () => {
  await Promise.all([site?.close(), server?.stop()]);
});

/** One call of the AgentBay wire; resolves with its `Data`. */
async function call(action, fields = {}) {
  const query = new URLSearchParams({ Action: action, Format: 'json', Version: '2025-05-06' });
  const body = new URLSearchParams({ Authorization: 'Bearer any', ...fields });
  const response = await fetch(`${server.url}/?${query}`, { method: 'POST', body });
  const envelope = await response.json();
  assert.equal(envelope.Success, true, JSON.stringify(envelope));
  return envelope.Data;
}

/** A tool of a session; resolves with its text. */
async function tool(session, name, args) {
  const data = await call('CallMcpTool', { SessionId: session, Name: name, Args: JSON.stringify(args) });
  assert.equal(data.isError, false, JSON.stringify(data));
  return data.content[0].text;
}

/** Runs a task in a session and resolves with its product. */
async function task(session, prompt) {
  const { task_id } = JSON.parse(await tool(session, 'flux_execute_task', { task: prompt }));
  for (;;) {
    const status = JSON.parse(await tool(session, 'flux_get_task_status', { task_id }));
    if (status.status !== 'running') {
      assert.equal(status.status, 'finished', JSON.stringify(status));
      return status.product;
    }
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

/** Runs `work` with a new session and Playwright connected to its link. */
async function linked(work) {
  const { SessionId: session } = await call('CreateMcpSession', { ImageId: 'browser_latest' });
  const { Url: address } = await call('GetLink', { SessionId: session });
  const browser = await chromium.connectOverCDP(address);
  try {
    await work({ session, address, browser });
  } finally {
    await browser.close();
    await call('DeleteSessionAsync', { SessionId: session });
  }
}

test('playwright sees the page that a task opened, and the next task sees what playwright did', async () => {
  await linked(async ({ session, browser }) => {
    await task(session, `Open ${site.url}/shipping`);
    const [context] = browser.contexts();
    assert.equal(browser.contexts().length, 1);
    const [page] = context.pages();
    assert.equal(context.pages().length, 1);
    assert.equal(new URL(page.url()).pathname, '/shipping');
    assert.match(await page.locator('h1').textContent(), /Shipping/);

    await page.goto(`${site.url}/`);
    assert.match(
      await task(session, 'Extract the main heading'),
      new RegExp(await page.locator('h1').textContent()),
    );
  });
});

test('playwright clicks, fills, evaluates, photographs and opens a page of its own', async () => {
  await linked(async ({ session, browser }) => {
    const [context] = browser.contexts();
    const [page] = context.pages();
    await page.goto(site.url);
    await page.setContent(
      '<input><button onclick="document.title = document.querySelector(`input`).value">Go</button>',
    );
    await page.fill('input', 'Grüße');
    await page.getByRole('button').click();
    assert.equal(await page.title(), 'Grüße');
    assert.equal(await page.evaluate(() => 6 * 7), 42);
    assert.equal((await page.screenshot()).subarray(1, 4).toString(), 'PNG');

    const second = await context.newPage();
    await second.goto(`${site.url}/shipping`);
    assert.match(await second.title(), /Shipping/);
    assert.equal(await page.title(), 'Grüße');
    await second.close();
    assert.equal(context.pages().length, 1);
    // Closed for the client only: the session's tasks go on in it.
    await page.close();
    assert.match(await task(session, `Open ${site.url}/shipping and extract the main heading`), /Shipping/);
  });
});

test('a link is to one session', async () => {
  await linked(async ({ browser, address }) => {
    await linked(async ({ browser: other }) => {
      assert.equal(other.contexts()[0].pages().length, 1);
      await other.contexts()[0].addCookies([{ name: 'of', value: 'other', url: site.url }]);
      assert.deepEqual(await browser.contexts()[0].cookies(), []);
    });
    await assert.rejects(browser.newContext(), /one browser context/);
    await assert.rejects(browser.contexts()[0].pages()[0].goto('file:///etc/passwd'), /only http, https/);
    await assert.rejects(chromium.connectOverCDP(`${address}x`), /404/);
  });
});

test('the connection ends with the session', async () => {
  const { SessionId: session } = await call('CreateMcpSession', { ImageId: 'browser_latest' });
  const { Url: address } = await call('GetLink', { SessionId: session });
  assert.equal((await call('GetLink', { SessionId: session })).Url, address, 'the same as long as it lives');
  const browser = await chromium.connectOverCDP(address);
  const gone = new Promise((resolve) => browser.once('disconnected', resolve));
  await call('DeleteSessionAsync', { SessionId: session });
  await gone;
  await assert.rejects(chromium.connectOverCDP(address), /404/);
});
