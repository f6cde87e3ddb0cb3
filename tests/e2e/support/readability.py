"""Whether the texts of a page can be read: their contrast, and whether they are within the page."""

from __future__ import annotations

from e2e.support.browser import Browser

READABLE = 4.5
"""The contrast that texts need: WCAG 2, success criterion 1.4.3."""

# Calls `each(node, element)` for the texts that are shown, without those that only readers of the page aloud get.
_TEXTS = """
    const shown = [];
    const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
    for (let node; (node = walker.nextNode());) {
        const element = node.parentElement;
        if (node.textContent.trim() && element.checkVisibility() && !element.closest(".unseen, script, thead"))
            shown.push([node, element]);
    }
"""


def faint_texts(session: Browser) -> list[str]:
    """Return the texts with too little contrast to what is behind them."""
    script = f"""
        const numbers = colour => colour.match(/[\\d.]+/g).map(Number);
        const behind = element => {{
            for (let e = element; e; e = e.parentElement) {{
                const colour = numbers(getComputedStyle(e).backgroundColor);
                if (colour.length === 3 || colour[3] > 0) return colour;
            }}
        }};
        {_TEXTS}
        return shown.map(([node, element]) =>
            [node.textContent.trim(), numbers(getComputedStyle(element).color), behind(element)]);
    """
    found = session.run(script)
    assert found, "the page has no text"
    return [f"{text}: {contrast(ink, paper):.2f}" for text, ink, paper in found if contrast(ink, paper) < READABLE]


def clipped_texts(session: Browser) -> list[str]:
    """Return the texts of which a part is beyond the page's edges, or cut by an element around them."""
    script = f"""
        {_TEXTS}
        const isOutside = (box, {{left, right}}) => box.left < left - 1 || box.right > right + 1;
        const clips = element => getComputedStyle(element).overflowX !== "visible";
        return shown.filter(([node, element]) => {{
            const range = document.createRange();
            range.selectNodeContents(node);
            const boxes = [...range.getClientRects()];
            const frames = [{{left: 0, right: innerWidth}}];
            for (let e = element; e; e = e.parentElement) if (clips(e)) frames.push(e.getBoundingClientRect());
            return boxes.some(box => frames.some(frame => isOutside(box, frame)));
        }}).map(([node]) => node.textContent.trim());
    """
    found: list[str] = session.run(script)
    return found


def contrast(first: list[float], second: list[float]) -> float:
    """Return the contrast of two colours by WCAG 2: from 1 to 21."""

    def luminance(colour: list[float]) -> float:
        linear = [c / 12.92 if c <= 0.03928 else ((c + 0.055) / 1.055) ** 2.4 for c in (v / 255 for v in colour)]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)
