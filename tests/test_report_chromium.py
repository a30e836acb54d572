"""The page in Chromium: both schemes, wide and narrow, by keyboard, on paper, and quiet all the while."""

import asyncio
import re
from collections.abc import Callable, Coroutine
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image

import chromium
from chromium import Tab
from novita_contract.report_html import page
from novita_contract.report_json import document
from report_samples import SAMPLES, every_verdict, live_over_budget, passing

#: Each text that is seen and has less contrast to its ground than 4.5 to 1: what it says, and how much.
CONTRASTS = """
(() => {
  const canvas = document.createElement('canvas'); canvas.width = canvas.height = 1;
  const context = canvas.getContext('2d', {willReadFrequently: true});
  const mixed = (colours) => {
    context.clearRect(0, 0, 1, 1);
    for (const colour of colours) { context.fillStyle = colour; context.fillRect(0, 0, 1, 1); }
    return [...context.getImageData(0, 0, 1, 1).data].slice(0, 3);
  };
  const light = (rgb) => rgb.map(v => v / 255).map(v => v <= .04045 ? v / 12.92 : ((v + .055) / 1.055) ** 2.4)
    .reduce((sum, v, at) => sum + v * [.2126, .7152, .0722][at], 0);
  const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  const found = []; let seen = 0;
  while (walker.nextNode()) {
    const element = walker.currentNode.parentElement;
    if (!walker.currentNode.data.trim() || !element.checkVisibility()) continue;
    const grounds = [];
    for (let at = element; at; at = at.parentElement) grounds.unshift(getComputedStyle(at).backgroundColor);
    const ground = mixed(['white', ...grounds]);
    const ink = mixed(['white', ...grounds, getComputedStyle(element).color]);
    const [high, low] = [light(ground), light(ink)].sort((a, b) => b - a);
    const contrast = (high + .05) / (low + .05);
    seen += 1;
    if (contrast < 4.5) found.push([walker.currentNode.data.trim().slice(0, 40), contrast]);
  }
  return {seen, found};
})()
"""
OPEN_ALL = "document.querySelectorAll('details').forEach(each => each.open = true)"
#: How far the page reaches to the right.
WIDTH = "document.documentElement.scrollWidth"


def in_tab(steps: Callable[[Tab], Coroutine[None, None, None]]) -> None:
    """Go through some steps in a tab of a new Chromium; the page must have kept quiet and to itself."""
    chromium.program()

    async def go() -> None:
        async with chromium.tab() as tab:
            await steps(tab)
            assert tab.messages == []
            assert [url for url in tab.asked if not url.startswith(("file:", "data:image/svg+xml"))] == []
            assert len({url for url in tab.asked if url.startswith("file:")}) <= len(SAMPLES) + 1

    asyncio.run(go())


def written(folder: Path, name: str, text: str) -> Path:
    path = folder / f"{name}.html"
    path.write_text(text, "utf-8")
    return path


@pytest.fixture
def full(tmp_path):
    """The page of a run in which everything happens that can, beside an earlier run."""
    earlier = document(replace(passing(), target="live"))
    return written(tmp_path, "full", page(every_verdict(), earlier))


def test_both_schemes_are_rendered_and_every_text_can_be_read(full, tmp_path):
    async def steps(tab):
        for dark in (False, True):
            await tab.open(full, 1280, dark)
            await tab.value(OPEN_ALL)
            told = await tab.value(CONTRASTS)
            assert told["seen"] > 500
            assert told["found"] == []
            picture = tmp_path / f"{dark}.png"
            await tab.screenshot(picture, whole=False)
            with Image.open(picture) as image:
                assert image.size == (1280, 900)
                corner = image.convert("L").getpixel((5, 890))
                assert len(image.convert("RGB").getcolors(1 << 20)) > 50
            assert (corner < 40) if dark else (corner > 220)

    in_tab(steps)


def test_no_page_is_wider_than_its_window(tmp_path):
    pages = {name: page(make(), document(passing())) for name, make in SAMPLES.items()}
    files = [written(tmp_path, name, text) for name, text in pages.items()]

    async def steps(tab):
        for file in files:
            for width in (1280, 700, 400):
                await tab.open(file, width)
                assert await tab.value(WIDTH) == width, file
                await tab.value(OPEN_ALL)
                assert await tab.value(WIDTH) == width, file

    in_tab(steps)


def test_hostile_texts_do_nothing(tmp_path):
    file = written(tmp_path, "hostile", page(SAMPLES["hostile"]()))

    async def steps(tab):
        await tab.open(file, 1280)
        assert await tab.value("document.title.includes('<script>')")
        assert await tab.value("document.scripts.length + document.images.length") == 0

    in_tab(steps)


def test_a_row_opens_by_keyboard_and_shows_its_evidence(full):
    async def press(tab, key):
        code = {"Tab": 9, "Enter": 13}[key]
        text = {"text": "\r"} if key == "Enter" else {}
        await tab.call("Input.dispatchKeyEvent", type="keyDown", key=key, windowsVirtualKeyCode=code, **text)
        await tab.call("Input.dispatchKeyEvent", type="keyUp", key=key, windowsVirtualKeyCode=code)

    async def steps(tab):
        await tab.open(full, 1280)
        for _ in range(60):
            await press(tab, "Tab")
            if await tab.value("document.activeElement.matches('.row summary')"):
                break
        row = "document.activeElement.parentElement"
        assert await tab.value("document.activeElement.matches('.row summary')")
        assert await tab.value("getComputedStyle(document.activeElement).outlineStyle") == "solid"
        assert not await tab.value(f"{row}.querySelector('.case').checkVisibility()")
        await press(tab, "Enter")
        assert await tab.value(f"{row}.open && {row}.querySelector('.case pre').checkVisibility()")

    in_tab(steps)


def test_the_choices_hide_what_is_not_asked_for(full):
    rows = "[...document.querySelectorAll('.row')]"
    shown = f"{rows}.filter(each => each.checkVisibility()).map(each => each.className)"

    async def steps(tab):
        await tab.open(full, 1280)
        everything = "document.querySelectorAll('.row').length"
        await tab.value("document.querySelectorAll('.operation').forEach(each => each.open = true)")
        assert len(await tab.value(shown)) == await tab.value(everything)
        await tab.open(full, 1280)
        await tab.value("document.querySelector('#show-odd').click()")
        odd = await tab.value(shown)
        assert 5 < len(odd) < await tab.value(everything)
        assert all("odd" in each for each in odd)
        await tab.value("document.querySelector('#show-differs').click()")
        differs = await tab.value(shown)
        assert 0 < len(differs) < len(odd)
        assert all("differs" in each for each in differs)

    in_tab(steps)


def test_paper_is_light_and_shows_what_deviates_with_its_evidence(full):
    async def steps(tab):
        await tab.open(full, 1280, dark=True)
        paper = await tab.pdf()
        assert paper.startswith(b"%PDF-")
        assert 3 <= len(re.findall(rb"/Type\s*/Page\b", paper)) <= 30
        await tab.call(
            "Emulation.setEmulatedMedia",
            media="print",
            features=[{"name": "prefers-color-scheme", "value": "dark"}],
        )
        assert await tab.value("getComputedStyle(document.body).color") == "rgb(23, 28, 35)"
        seen = "[...document.querySelectorAll('{}')].map(each => each.checkVisibility())"
        for place in (
            ".failure pre",
            ".failure .others pre",
            ".case.v-warn pre",
            ".case.v-contradiction pre",
        ):
            told = await tab.value(seen.format(place))
            assert told and all(told), place
        for place in (".case.v-pass pre", "nav", ".choices"):
            told = await tab.value(seen.format(place))
            assert told and not any(told), place

    in_tab(steps)


def test_a_run_that_was_cut_short_is_shown_too(tmp_path):
    file = written(tmp_path, "live", page(live_over_budget()))

    async def steps(tab):
        await tab.open(file, 400, dark=True)
        assert "interrupted" in await tab.value("document.querySelector('h1').innerText")
        assert (await tab.value(CONTRASTS))["found"] == []

    in_tab(steps)
