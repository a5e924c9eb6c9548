// Checks reports in a browser, as people and machines use them: `node check.mjs FILE.html…`, or tests/report/run.
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import path from "node:path";
import { pathToFileURL } from "node:url";

// tests/report/run puts the packages there, outside the sources.
const packages = createRequire(new URL("../../target/report/package.json", import.meta.url));
const { chromium } = packages("playwright-core");
const axe = await readFile(packages.resolve("axe-core/axe.min.js"), "utf8");

// Characters that a report must show as \u{…}: controls, bidirectional marks, invisible ones. Line ends come from the template.
const hidden = /[\0-\x09\x0b-\x1f\x7f-\x9f\xad\u061c\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/u;

const browser = await chromium.launch({
  executablePath: process.env.CHROMIUM ?? "/usr/bin/chromium",
  args: [
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
  ],
});

let passed = 0;
let failed = 0;

async function check(name, body) {
  try {
    await body();
    passed += 1;
  } catch (error) {
    failed += 1;
    console.error(`FAILED: ${name}\n${error.message}\n`);
  }
}

/** Opens a report and runs `body`. The report must cause no message, no dialog and no request. */
async function opened(file, options, body) {
  const url = pathToFileURL(file).href;
  const context = await browser.newContext({ viewport: { width: 1280, height: 900 }, ...options });
  try {
    const page = await context.newPage();
    const noise = [];
    page.on("console", (message) => noise.push(`console: ${message.text()}`));
    page.on("pageerror", (error) => noise.push(`error: ${error.message}`));
    page.on("request", (request) => request.url() === url || noise.push(`request: ${request.url()}`));
    page.on("dialog", (dialog) => {
      noise.push(`dialog: ${dialog.message()}`);
      return dialog.dismiss();
    });
    await page.goto(url);
    await body(page);
    assert.deepEqual(noise, [], "a report says nothing to the console, asks nothing and loads nothing");
  } finally {
    await context.close();
  }
}

/** Presses Tab until the focus matches `selector`, as a person without a mouse would. */
async function tabTo(page, selector) {
  for (let presses = 0; presses < 2000; presses += 1) {
    if (await page.evaluate((it) => document.activeElement?.matches(it), selector)) return;
    await page.keyboard.press("Tab");
  }
  assert.fail(`the Tab key does not reach ${selector}`);
}

const shownRows = (page) =>
  page.$$eval("#fleet tbody tr", (rows) =>
    rows
      .filter((row) => row.checkVisibility())
      .map((row) => ({
        state: row.dataset.state,
        text: row.textContent.toLowerCase(),
        keys: [...row.cells].map((cell) => cell.dataset.rank ?? cell.textContent.trim()),
      })),
  );

const openAll = (page) =>
  page.$$eval("details", (all) => {
    for (const it of all) it.open = true;
  });

async function examine(file) {
  const source = await readFile(file, "utf8");
  const about = (name) => `${path.basename(file)}: ${name}`;

  await check(about("it is there without a script"), () =>
    opened(file, { javaScriptEnabled: false }, async (page) => {
      const rows = page.locator("#fleet tbody tr");
      const count = await rows.count();
      assert.ok(count > 0, "the table has servers");
      for (const part of [".tile", "details.server", ".server .body"]) {
        assert.equal(await page.locator(part).count(), count, `there is one ${part} for each row of the table`);
      }
      assert.ok(await rows.first().isVisible(), "the table is visible");
      for (const part of ["#controls", "#all"]) {
        assert.ok(!(await page.locator(part).isVisible()), `${part} needs the script, and is hidden without it`);
      }
      assert.equal(await page.locator("#fleet button").count(), 0, "headings are no buttons without the script");
      await page.emulateMedia({ media: "print" });
      assert.ok(await page.locator(".server .body").first().isVisible(), "paper shows the sections without the script");
    }),
  );

  await check(about("a tile leads into its section, with and without a script"), async () => {
    for (const javaScriptEnabled of [true, false]) {
      await opened(file, { javaScriptEnabled }, async (page) => {
        const tile = page.locator(".tile").first();
        const target = await tile.getAttribute("href");
        await tile.focus();
        await page.keyboard.press("Enter");
        assert.ok(await page.locator(`${target}`).isVisible(), `${target} is open, script: ${javaScriptEnabled}`);
      });
    }
  });

  await check(about("colour says nothing alone"), () =>
    opened(file, {}, async (page) => {
      for (const tile of await page.locator(".tile").all()) {
        const sign = await tile.locator(".sign").textContent();
        assert.ok(sign.trim().length > 0, "a tile has a sign");
        const kind = (await tile.getAttribute("class")).split(" is-")[1];
        const phrase = await page.locator(`.states .is-${kind}`).textContent();
        const name = await tile.textContent();
        assert.ok(name.endsWith(`, ${phrase.trim().replace(/^\S+\s+\S+\s+/, "")}`), `a tile says its state: ${name}`);
      }
    }),
  );

  await check(about("the keyboard finds servers by text"), () =>
    opened(file, {}, async (page) => {
      const all = await shownRows(page);
      const wanted = all[all.length - 1].keys[0].toLowerCase();
      await tabTo(page, "#text");
      await page.keyboard.insertText(wanted);
      const found = await shownRows(page);
      assert.ok(found.length > 0 && found.length <= all.length, "something is found");
      const words = wanted.split(/\s+/);
      for (const { text } of found) assert.ok(words.every((word) => text.includes(word)), `${text} has ${wanted}`);
      const said = await page.locator("[role=status]").textContent();
      assert.match(said, new RegExp(`^${found.length} of ${all.length} server`), "the count is announced");
      await page.keyboard.insertText("no server is called so");
      assert.equal((await shownRows(page)).length, 0, "what matches nothing shows nothing");
      await tabTo(page, "#everything");
      await page.keyboard.press("Enter");
      assert.equal((await shownRows(page)).length, all.length, "everything is shown again");
    }),
  );

  await check(about("the keyboard finds servers by state"), () =>
    opened(file, {}, async (page) => {
      const all = await shownRows(page);
      for (const box of await page.locator("#controls input[type=checkbox]").all()) {
        const state = await box.getAttribute("value");
        await tabTo(page, `input[value="${state}"]`);
        await page.keyboard.press("Space");
        const expected = all.filter((row) => row.state === state).length;
        const found = await shownRows(page);
        assert.equal(found.length, expected, `${state}: as many as there are`);
        assert.ok(found.every((row) => row.state === state), `${state}: and no others`);
        await page.keyboard.press("Space");
      }
      assert.equal((await shownRows(page)).length, all.length, "no choice is every state");
    }),
  );

  await check(about("the keyboard sorts by each column, both ways"), () =>
    opened(file, {}, async (page) => {
      const natural = new Intl.Collator("en", { numeric: true });
      const compare = (a, b) => {
        const numbers = Number(a) - Number(b);
        return Number.isNaN(numbers) ? natural.compare(a, b) : numbers;
      };
      const before = (await shownRows(page)).map((row) => row.text).sort();
      const columns = await page.locator("#fleet thead th").count();
      for (let column = 0; column < columns; column += 1) {
        const heading = `#fleet thead th:nth-child(${column + 1})`;
        await tabTo(page, `${heading} button`);
        for (const [direction, sign] of [["ascending", 1], ["descending", -1]]) {
          await page.keyboard.press("Enter");
          assert.equal(await page.locator(heading).getAttribute("aria-sort"), direction);
          assert.equal(await page.locator("#fleet [aria-sort]").count(), 1, "one column is sorted");
          const rows = await shownRows(page);
          const keys = rows.map((row) => row.keys[column]);
          const full = keys.filter((key) => key !== "");
          assert.deepEqual(keys.slice(0, full.length), full, "what has no value is last");
          for (let at = 1; at < full.length; at += 1) {
            const [one, next] = [full[at - 1], full[at]];
            assert.ok(compare(one, next) * sign <= 0, `column ${column + 1}, ${direction}: ${one}, then ${next}`);
          }
          assert.deepEqual(rows.map((row) => row.text).sort(), before, "no row is lost");
          assert.match(await page.locator("[role=status]").textContent(), new RegExp(`${direction}$`));
        }
      }
    }),
  );

  for (const colorScheme of ["light", "dark"]) {
    for (const width of [360, 1280]) {
      await check(about(`everybody can use it: ${colorScheme}, ${width} px`), () =>
        opened(file, { colorScheme, viewport: { width, height: 900 } }, async (page) => {
          await openAll(page);
          await page.evaluate(axe);
          const { violations, passes } = await page.evaluate(() => globalThis.axe.run(document));
          assert.ok(passes.length > 20, "axe-core looked at the page");
          const said = violations.map((it) => `${it.id}: ${it.help}\n    ${it.nodes.map((node) => node.html).join("\n    ")}`);
          assert.deepEqual(said, [], "axe-core has no complaint");
        }),
      );
    }
  }

  for (const width of [360, 768, 1280, 2560]) {
    await check(about(`it does not scroll sideways at ${width} px`), () =>
      opened(file, { viewport: { width, height: 800 } }, async (page) => {
        await openAll(page);
        const wide = await page.evaluate(() => document.documentElement.scrollWidth);
        assert.ok(wide <= width, `the page is ${wide} px wide`);
        const stuck = await page.$$eval(".scroll, .diff", (all) =>
          all.filter((it) => it.scrollWidth > it.clientWidth && it.tabIndex !== 0).map((it) => it.ariaLabel),
        );
        assert.deepEqual(stuck, [], "what scrolls can be reached by the keyboard");
        const unnamed = await page.$$eval(".scroll, .diff", (all) => all.filter((it) => !it.ariaLabel).length);
        assert.equal(unnamed, 0, "what scrolls has a name");
      }),
    );
  }

  await check(about("paper shows everything and no controls"), () =>
    opened(file, {}, async (page) => {
      const rows = (await shownRows(page)).length;
      await tabTo(page, "#text");
      await page.keyboard.insertText("no server is called so");
      await page.emulateMedia({ media: "print" });
      assert.equal((await shownRows(page)).length, rows, "paper shows all servers, whatever was looked for");
      const folded = await page.$$eval("details", (all) => all.filter((it) => !it.open).length);
      const unseen = await page.$$eval("details > :not(summary)", (all) =>
        all.filter((it) => !it.checkVisibility({ contentVisibilityAuto: true }) || it.getBoundingClientRect().height === 0).length,
      );
      assert.equal(unseen, 0, `the ${folded} folded parts are shown`);
      for (const part of ["form", "nav", "#all", ".skip"]) {
        assert.ok(!(await page.locator(part).isVisible()), `${part} is not for paper`);
      }
      const sheet = await page.pdf({ format: "A4" });
      assert.ok(sheet.length > 10_000, "it prints");
      await page.emulateMedia({ media: "screen" });
      const after = await page.$$eval("details", (all) => all.filter((it) => !it.open).length);
      assert.equal(after, folded, "after printing everything is as it was");
    }),
  );

  await check(about("what servers say is text"), () =>
    opened(file, {}, async (page) => {
      const found = await page.evaluate(() => ({
        scripts: document.scripts.length,
        foreign: [...document.querySelectorAll("img, iframe, object, embed, link, base, audio, video, textarea, svg svg[onload]")].map((it) => it.outerHTML),
        acting: [...document.querySelectorAll("*")].flatMap((it) => it.getAttributeNames()).filter((name) => name.startsWith("on") || name === "style"),
        links: [...document.links].map((it) => it.getAttribute("href")).filter((href) => !href.startsWith("#")),
        text: document.documentElement.textContent,
      }));
      assert.equal(found.scripts, 1, "there is one script");
      assert.deepEqual(found.foreign, [], "there is no element that loads something");
      assert.deepEqual(found.acting, [], "there is no attribute that acts");
      assert.deepEqual(found.links, [], "links stay on the page");
      assert.doesNotMatch(found.text, hidden, "nothing is hidden in the text");
      assert.doesNotMatch(source, hidden, "nothing is hidden in the file");
      if (file.includes("hostile")) {
        for (const text of ["<script>alert(1)</script>", "<img src=x onerror=alert(2)>", "\\u{1b}[31mred", "fe01\\u{202e}"]) {
          assert.ok(found.text.includes(text), `${text} is shown as it is`);
        }
      }
    }),
  );

  await check(about("no other script can run"), async () => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(pathToFileURL(file).href);
    const ran = await page.evaluate(() => {
      const script = document.createElement("script");
      script.textContent = "globalThis.ran = true";
      document.body.append(script);
      document.body.insertAdjacentHTML("beforeend", '<p id="tinted" style="color: rgb(1, 2, 3)">');
      return [globalThis.ran ?? false, getComputedStyle(document.getElementById("tinted")).color === "rgb(1, 2, 3)"];
    });
    await context.close();
    assert.deepEqual(ran, [false, false], "the policy lets in neither a script nor a style");
  });

  await check(about("nothing moves"), () =>
    opened(file, { reducedMotion: "reduce" }, async (page) => {
      await openAll(page);
      assert.equal(await page.evaluate(() => document.getAnimations().length), 0, "there is no animation");
      assert.equal(await page.evaluate(() => getComputedStyle(document.documentElement).scrollBehavior), "auto");
    }),
  );
}

const files = process.argv.slice(2);
if (files.length === 0) {
  console.error("expected the reports to look at: node check.mjs FILE.html…");
  failed += 1;
}
for (const file of files) await examine(path.resolve(file));
await browser.close();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed === 0 ? 0 : 1;
