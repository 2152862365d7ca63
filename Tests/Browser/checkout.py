"""Looks at the checkout in a real browser, as a customer would. Reads a plan (JSON) from standard input:

    {"program": "/usr/bin/chromium", "origin": "http://127.0.0.1:8080", "pictures": "/folder",
     "pages": {"name": "/checkout/token", …}, "live": "/checkout/token", "polling": "/checkout/token", "choosing": "/checkout/token"}

Prints what was wrong, a line each, and ends with 1; or prints nothing and ends with 0.
"""

import json
import sys

from chromium import Chromium, Failed

SCREENS = {"small": (320, 568, True), "phone": (390, 844, True), "desktop": (1280, 900, False)}

# Every text against the nearest opaque ground behind it: WCAG 2.2, 1.4.3 (4.5:1, and 3:1 for large text).
CONTRAST = """(() => {
  const parse = (text) => { const n = text.match(/[\\d.]+/g).map(Number); return n.length < 4 ? [...n, 1] : n; };
  const light = (c) => { const [r, g, b] = c.map((v) => { v /= 255;
    return v <= 0.04045 ? v / 12.92 : ((v + 0.055) / 1.055) ** 2.4; }); return 0.2126 * r + 0.7152 * g + 0.0722 * b; };
  const ground = (e) => { for (; e; e = e.parentElement) { const c = parse(getComputedStyle(e).backgroundColor);
    if (c[3] === 1) return c; } return [255, 255, 255, 1]; };
  const weak = [];
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (walker.nextNode()) {
    const e = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || e.closest('.unseen, noscript, [hidden]') || !e.getClientRects().length) continue;
    const style = getComputedStyle(e);
    const [a, b] = [light(parse(style.color)), light(ground(e))];
    const ratio = (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
    const size = parseFloat(style.fontSize);
    const isLarge = size >= 24 || size >= 18.66 && Number(style.fontWeight) >= 700;
    if (ratio < (isLarge ? 3 : 4.5)) weak.push(walker.currentNode.data.trim() + ' ' + ratio.toFixed(2));
  }
  return weak;
})()"""

# What can be pressed needs a name, a label, and room for a finger; nothing may stick out to the side.
FLAWS = """(() => {
  const flaws = [];
  if (document.documentElement.scrollWidth > innerWidth) flaws.push('wider than the screen');
  if (document.querySelectorAll('main').length !== 1) flaws.push('not one main');
  if (document.querySelectorAll('h1').length !== 1) flaws.push('not one h1');
  for (const e of document.querySelectorAll('a, button, select, summary')) {
    const box = e.getBoundingClientRect();
    if (!box.width || !e.checkVisibility()) continue;
    if (!e.textContent.trim() && !e.labels?.length) flaws.push('no name: ' + e.outerHTML.slice(0, 80));
    if (box.height < 24) flaws.push('small: ' + e.innerText);
  }
  for (const e of document.querySelectorAll('select, input:not([type=hidden]), progress'))
    if (!e.labels.length) flaws.push('no label: ' + e.outerHTML.slice(0, 80));
  const amount = document.querySelector('.amount');
  if (amount && amount.getBoundingClientRect().height > 1.5 * parseFloat(getComputedStyle(amount).lineHeight))
    flaws.push('the amount is broken');
  for (const part of document.querySelectorAll('.currency'))
    if (part.getClientRects().length > 1) flaws.push('the currency is broken');
  const price = document.querySelector('.price');
  if (price && price.getBoundingClientRect().height > 1.5 * parseFloat(getComputedStyle(price).lineHeight))
    flaws.push('the price is broken');
  const [wallet, code] = ['.wallet', '.code'].map((name) => document.querySelector(name)?.getBoundingClientRect().top);
  if (innerWidth < 480 && wallet > code) flaws.push('a phone cannot scan itself: the wallet comes first there');
  const ids = [...document.querySelectorAll('[id]')].map((e) => e.id);
  if (new Set(ids).size !== ids.length) flaws.push('an id occurs twice');
  return flaws;
})()"""


def expect(is_so, what):
    if not is_so:
        raise Failed(what)


def title(browser):
    return browser.ask("document.getElementById('state').textContent")


def see_every_state(browser, plan):
    """Each page on each screen in each scheme."""
    for name, path in plan["pages"].items():
        for screen, (width, height, is_phone) in SCREENS.items():
            for is_dark in (False, True):
                browser.look(width, height, is_dark, is_phone)
                browser.go(path)
                label = "%s-%s-%s" % (name, screen, "dark" if is_dark else "light")
                weak = browser.ask(CONTRAST)
                expect(not weak, "%s: too little contrast: %s" % (label, weak))
                flaws = browser.ask(FLAWS)
                expect(not flaws, "%s: %s" % (label, flaws))
                if plan.get("pictures"):
                    browser.shoot("%s/%s.png" % (plan["pictures"], label))
            # Letters twice as large: WCAG 2.2, 1.4.4 and 1.4.10.
            if not is_phone:
                continue
            wide = browser.ask("document.documentElement.style.fontSize = '200%', "
                               "document.documentElement.scrollWidth > innerWidth")
            expect(not wide, "%s-%s: wider than the screen with large letters" % (name, screen))


def pay_live(browser, plan):
    """Pays in the sandbox panel; the open page comes to its end without being loaded again."""
    browser.look(390, 844, False, True)
    browser.go(plan["live"])
    expect(title(browser) == "Waiting for payment", "it does not wait: " + title(browser))
    browser.until("document.getElementById('countdown').textContent.includes(':')", "the countdown runs")
    browser.ask("window.untouched = true")
    browser.click("button[formaction$='/sandbox/under']")
    browser.until("document.getElementById('state').textContent === 'A part was received'", "the first part is seen")
    browser.until("document.getElementById('played').textContent === 'Done: half of it.'", "what was played is said")
    browser.until("document.getElementById('amount').textContent === '0.125'", "the rest is asked for")
    browser.click("button[formaction$='/sandbox/exact']")
    browser.until("document.getElementById('amount') === null", "nothing more is asked for")
    browser.click("button[formaction$='/sandbox/mine']")
    browser.until("document.getElementById('state').textContent === 'Confirming'", "it is confirming")
    browser.until("document.getElementById('confirmations').value === 1", "one confirmation is counted")
    browser.click("button[formaction$='/sandbox/mine']")
    browser.until("document.getElementById('confirmations').value === 2", "two confirmations are counted")
    browser.click("button[formaction$='/sandbox/mine']")
    browser.until("document.getElementById('state').textContent === 'Complete'", "it is complete")
    expect(browser.ask("window.untouched"), "the page was loaded again")
    expect("Network.eventSourceMessageReceived" in browser.events, "no event was sent")
    expect(browser.ask("document.getElementById('announcement').textContent").startswith("Complete. "),
           "a screen reader is not told")
    expect(browser.ask("document.title").startswith("Complete "), "the title is old")
    expect(browser.ask("[...document.links].some((a) => a.href.startsWith('https://shop.example/thanks?order='))"),
           "there is no way back to the shop")


def pay_polling(browser, plan):
    """Without events the page asks by itself."""
    browser.call("Network.setBlockedURLs", urls=["*/events"])
    known = len(browser.complaints)
    browser.go(plan["polling"])
    browser.ask("window.untouched = true")
    browser.ask("fetch(document.querySelector(\"button[formaction$='/sandbox/exact']\").formAction, "
                "{method: 'POST', body: new URLSearchParams({blocks: '1'})}).then(() => true)")
    browser.until("document.getElementById('state').textContent !== 'Waiting for payment'", "the payment is seen")
    expect(browser.ask("window.untouched"), "the page was loaded again")
    # The browser says that it blocked what it was told to block; anything else is a complaint.
    browser.complaints[known:] = [text for text in browser.complaints[known:] if "ERR_BLOCKED_BY_CLIENT" not in text]
    browser.call("Network.setBlockedURLs", urls=[])


def press_in_vain(browser, plan):
    """Who presses a button that cannot work is told so, whatever comes back."""
    browser.go(plan["polling"])
    known = len(browser.complaints)
    browser.ask("window.realFetch = window.fetch")
    answers = {
        "Promise.reject(new TypeError('no connection'))": "does not answer",
        "Promise.resolve(new Response('<p>no</p>', {status: 403, headers: {'Content-Type': 'text/html'}}))": "did not work",
        "Promise.resolve(new Response('{\"detail\":\"Set aside.\"}', {status: 409,"
        " headers: {'Content-Type': 'application/problem+json'}}))": "Set aside.",
        "Promise.resolve(new Response('{', {status: 200, headers: {'Content-Type': 'application/json'}}))":
            "does not answer",
    }
    for answer, words in answers.items():
        browser.ask("window.fetch = (place, options) => options && options.method === 'POST' ? "
                    + answer + " : window.realFetch(place, options)")
        browser.click("button[formaction$='/sandbox/mine']")
        browser.until("document.getElementById('played').textContent.includes(%s)" % json.dumps(words),
                      "the person is told: " + words)
    browser.ask("window.fetch = window.realFetch")
    browser.complaints[known:] = []


def copy_by_keyboard(browser, plan):
    """Every button is reached with the keyboard, and copying copies the address whole."""
    browser.call("Browser.grantPermissions", origin=plan["origin"],
                 permissions=["clipboardReadWrite", "clipboardSanitizedWrite"])
    browser.go(next(iter(plan["pages"].values())) if "waiting" not in plan["pages"] else plan["pages"]["waiting"])
    browser.call("Page.bringToFront")
    for _ in range(40):
        browser.press("Tab", 9)
        if browser.ask("document.activeElement.dataset.from === 'address'"):
            break
    expect(browser.ask("document.activeElement.dataset.from === 'address'"), "the copy button is not reached")
    expect(browser.ask("getComputedStyle(document.activeElement).outlineStyle !== 'none'"), "the focus is not seen")
    browser.ask("document.activeElement.click()")
    browser.until("document.getElementById('announcement').textContent === 'The address was copied.'", "it is copied")
    address = browser.ask("document.getElementById('address').textContent")
    expect(browser.ask("navigator.clipboard.readText()") == address, "another text was copied")
    expect(not set(address) & set(" \n\t"), "the address has spaces in it")


def choose(browser, plan):
    """The form of a browser passes its own checks, and leads back to the page with an address."""
    browser.go(plan["choosing"])
    expect(title(browser) == "Choose how to pay", "nothing to choose")
    browser.events.clear()
    browser.click("button.choice")
    browser.wait_for_load()
    expect(title(browser) == "Waiting for payment", "the choice was not taken: " + title(browser))


def live_without_script(browser, plan):
    """Everything is there without the script, and the page loads itself again."""
    browser.call("Emulation.setScriptExecutionDisabled", value=True)
    browser.go(plan["pages"]["waiting"])
    root = browser.call("DOM.getDocument", depth=0)["root"]["nodeId"]
    page = browser.call("DOM.getOuterHTML", nodeId=root)["outerHTML"]
    for part in ('http-equiv="refresh"', 'id="amount"', 'id="address"', '<svg class="qr"', "Pay by", 'href="#sandbox"'):
        expect(part in page, "without the script there is no " + part)
    browser.call("Emulation.setScriptExecutionDisabled", value=False)


def main():
    plan = json.load(sys.stdin)
    browser = Chromium(plan["program"], plan["origin"])
    wrong = []
    try:
        for step in (see_every_state, pay_live, pay_polling, press_in_vain, copy_by_keyboard, choose, live_without_script):
            try:
                step(browser, plan)
            except Failed as failure:
                wrong.append("%s: %s" % (step.__name__, failure))
        wrong += browser.complaints
    finally:
        browser.close()
    for line in wrong:
        print(line)
    sys.exit(1 if wrong else 0)


main()
