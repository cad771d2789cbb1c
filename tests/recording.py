"""A recording as one animated SVG: frames that share the rows in which they agree. It plays wherever pictures are shown."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from html import escape

from app.tui.draw.svg import self_contained

LINE = 24.4
"""The height of a row in the toolkit's pictures."""
TOP = 41
LEFT = 9

_STYLE = re.compile(r"\.terminal-(r\d+) \{ ([^}]*?) ?\}")
_BOX = re.compile(r'<rect fill="([^"]+)" x="([\d.]+)" y="([\d.]+)" width="([\d.]+)" height="[\d.]+"[^>]*/>')
_TEXT = re.compile(r'<text class="terminal-(r\d+)" x="([\d.]+)" y="([\d.]+)" textLength="([\d.]+)"[^>]*>(.*?)</text>')
_SIZE = re.compile(r'viewBox="0 0 ([\d.]+) ([\d.]+)"')


@dataclass
class Recording:
    """Frames, each shown for some seconds with words above it."""

    styles: dict[str, str] = field(default_factory=dict)
    rows: dict[str, str] = field(default_factory=dict)
    frames: list[tuple[str, float, str]] = field(default_factory=list)
    size: tuple[float, float] = (0.0, 0.0)

    def add(self, svg: str, seconds: float, words: str) -> None:
        """The toolkit's picture of a moment."""
        svg = self_contained(svg)
        found = _SIZE.search(svg)
        assert found is not None
        self.size = (float(found[1]), float(found[2]))
        looks = dict(_STYLE.findall(svg))
        drawn: dict[int, str] = {}
        for colour, x, y, width in _BOX.findall(svg):
            row = round((float(y) - 1.5) / LINE)
            drawn[row] = drawn.get(row, "") + f'<rect fill="{colour}" x="{x}" y="1.5" width="{width}" height="24.7"/>'
        for name, x, y, length, text in _TEXT.findall(svg):
            row = round((float(y) - 20) / LINE)
            style = self.styles.setdefault(looks[name], f"s{len(self.styles)}")
            drawn[row] = (
                drawn.get(row, "") + f'<text class="{style}" x="{x}" y="20" textLength="{length}">{text}</text>'
            )
        shown = "".join(
            f'<use href="#{self.rows.setdefault(drawn[row], f"r{len(self.rows)}")}" y="{row * LINE:.1f}"/>'
            for row in sorted(drawn)
        )
        self.frames.append((shown, seconds, words))

    def svg(self) -> str:
        """All of it."""
        width, height = self.size
        whole = sum(seconds for _, seconds, _ in self.frames)
        at, css, body = 0.0, [], []
        for n, (shown, seconds, words) in enumerate(self.frames):
            first, last = at / whole * 100, (at + seconds) / whole * 100
            hidden = "0%{visibility:hidden}" if n else ""
            ends = f"{last:.3f}%{{visibility:hidden}}" if n + 1 < len(self.frames) else ""
            css.append(f"@keyframes k{n}{{{hidden}{first:.3f}%{{visibility:visible}}{ends}}}")
            still = "" if n else "visibility:visible;"  # where nothing moves, the first frame stands
            css.append(f"#f{n}{{{still}animation:k{n} {whole:g}s step-end infinite}}")
            title = f'<text class="title" x="{width / 2:g}" y="27">{escape(words)}</text>'
            body.append(f'<g id="f{n}" class="frame">{title}<g transform="translate({LEFT},{TOP})">{shown}</g></g>')
            at += seconds
        css += [f".{name}{{{look}}}" for look, name in self.styles.items()]
        rows = "".join(f'<g id="{name}">{drawn}</g>' for drawn, name in self.rows.items())
        return (
            f'<svg viewBox="0 0 {width:g} {height:g}" xmlns="http://www.w3.org/2000/svg">\n<style>\n'
            "text{font:20px Fira Code,Menlo,Consolas,DejaVu Sans Mono,monospace;white-space:pre}\n"
            ".title{font:bold 18px arial,sans-serif;fill:#c5c8c6;text-anchor:middle}\n.frame{visibility:hidden}\n"
            + "\n".join(css)
            + f'\n</style>\n<defs>{rows}</defs>\n<rect fill="#292929" stroke="#555" x="1" y="1" width="{width - 2:g}" '
            f'height="{height - 2:g}" rx="8"/>\n<rect fill="#0f131b" x="{LEFT}" y="{TOP}" width="{width - 2 * LEFT:g}" '
            f'height="{height - TOP - 9:g}"/>\n' + "\n".join(body) + "\n</svg>\n"
        )
