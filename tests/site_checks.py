"""What every page of the site must be, as seen in a browser."""

import os

import pytest

from tools.browser import Browser, program

# Messages of scripts that are not ours, each harmless and named.
KNOWN_MESSAGES = (
    "Got invalid theme mode",  # pydata-sphinx-theme, before the reader has chosen light or dark
    "Cannot read properties of null (reading 'classList')",  # sphinx-book-theme, no margin to move
)

FORMULAS = """(() => {
  const all = [...document.querySelectorAll("article .math")];
  return {
    unset: all.filter((e) => !e.querySelector("mjx-container")).map((e) => e.textContent),
    // An unknown command is set as its own name, in red.
    failed: [...document.querySelectorAll("mjx-merror, mjx-mtext[style*='color: red']")].map(
      (e) => e.closest("mjx-container").textContent),
    empty: all.filter((e) => e.querySelector("mjx-container")
      && !e.querySelector("mjx-math").children.length).length,
  };
})()"""
IMAGES = """[...document.querySelectorAll("article img, article svg[role=img]")].map((e) => ({
  alt: e.getAttribute("alt") ?? e.getAttribute("aria-label") ?? "",
  source: (e.getAttribute("src") ?? "").split("/").pop(),
  shown: e.tagName === "svg" || (e.complete && e.naturalWidth > 0),
}))"""
IDENTIFIERS = """(() => {
  const all = [...document.querySelectorAll("article [id]")].map((e) => e.id);
  return [...new Set(all.filter((id, k) => all.indexOf(id) !== k))];
})()"""
ARTICLE = "document.querySelector('article')?.innerText ?? ''"
RAW_MARKUP = ("{ref}", "{prf:ref}", "{numref}", "{eq}", "{cite", "{glue", "{term}", ":::", "```{")


def browser_or_skip():
    """A browser; without one the test is skipped, but not in CI."""
    if program() is None:
        reason = "Chromium is missing. Debian and Ubuntu: sudo apt install chromium"
        if os.environ.get("CI"):
            pytest.fail(f"{reason} (CI does not skip)")
        pytest.skip(reason)
    return Browser()


def unknown(messages):
    return [text for text in messages if not any(name in text for name in KNOWN_MESSAGES)]


def complaints(browser: Browser, address: str) -> list[str]:
    """What is wrong with one page."""
    browser.resize(1280, 900)
    browser.open(address)
    found = [f"asks another host for {url}" for url in browser.strangers()]
    found += [f"says in the console: {text}" for text in unknown(browser.messages)]

    formulas = browser.evaluate(FORMULAS)
    found += [f"formula not set: {text}" for text in formulas["unset"]]
    found += [f"formula in error: {text}" for text in formulas["failed"]]
    if formulas["empty"]:
        found.append(f"{formulas['empty']} formulas are empty")

    for image in browser.evaluate(IMAGES):
        alt = image["alt"].strip()
        if not image["shown"]:
            found.append(f"image not shown: {image['source']}")
        if not alt or alt == image["source"] or alt.rsplit(".")[-1] in ("png", "svg", "jpg"):
            found.append(f"image without alternative text: {image['source']} ({alt!r})")

    found += [f"identifier twice: {name}" for name in browser.evaluate(IDENTIFIERS)]
    text = browser.evaluate(ARTICLE)
    found += [f"raw markup: {mark}" for mark in RAW_MARKUP if mark in text]
    headings = browser.evaluate("document.querySelectorAll('article h1').length")
    if text and headings != 1:
        found.append(f"{headings} titles, not one")

    browser.resize(390, 844, phone=True)
    width = browser.evaluate("document.documentElement.scrollWidth")
    if width > 390:
        found.append(f"on a phone the page is {width} pixels wide, not 390")
    return found


def slide_complaints(browser: Browser, address: str) -> list[str]:
    """What is wrong with one deck: a slide that does not fit, a formula that is not set."""
    browser.resize(1280, 720)
    browser.open(address)
    browser.wait_for("window.Reveal !== undefined && Reveal.isReady()")
    found = [f"asks another host for {url}" for url in browser.strangers()]
    found += [f"says in the console: {text}" for text in unknown(browser.messages)]
    formulas = browser.evaluate(FORMULAS.replace("article .math", ".slides .math"))
    found += [f"formula not set: {text}" for text in formulas["unset"] + formulas["failed"]]
    for number in range(browser.evaluate("Reveal.getTotalSlides()")):
        browser.evaluate(f"Reveal.slide({number})")
        title, width, height = browser.evaluate(OVERFLOW)
        if width > 1280 or height > 720:
            found.append(f"slide {number + 1} ({title}) takes {width} x {height}, not 1280 x 720")
        for image in browser.evaluate(IMAGES.replace("article", ".slides .present")):
            if not image["shown"] or not image["alt"].strip():
                found.append(f"slide {number + 1}: image {image['source']!r} missing or unnamed")
    return found


# The lowest and rightmost ink of a slide, above the line that names its page.
OVERFLOW = """(() => {
  const slide = Reveal.getCurrentSlide(), frame = slide.getBoundingClientRect();
  const scale = frame.width / 1280;
  const inner = [...slide.querySelectorAll(".frame *")].filter(
    (e) => !e.closest(".notes, .source, style, script") && e.offsetParent
      // Inside a formula stand parts of brackets that are longer than what is seen of them.
      && !e.parentElement.closest("mjx-container"));
  const boxes = inner.map((e) => e.getBoundingClientRect());
  const right = Math.max(0, ...boxes.map((b) => b.right - frame.left)) / scale;
  const bottom = Math.max(0, ...boxes.map((b) => b.bottom - frame.top)) / scale;
  const title = slide.querySelector("h1, h2")?.textContent ?? "";
  return [title, Math.max(slide.scrollWidth, Math.round(right)),
    Math.max(slide.scrollHeight, Math.round(bottom) + 34)];
})()"""
