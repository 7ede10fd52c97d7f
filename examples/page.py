"""One self-contained page of text, tables and figures, and the files beside it."""

import base64
import html
from collections.abc import Sequence
from io import BytesIO
from pathlib import Path

_STYLE = """
body { font: 16px/1.55 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem; color: #1c2733 }
h1, h2 { font-weight: 600 } h2 { margin-top: 2.5rem; border-top: 1px solid #d7dee6; padding-top: 1.2rem }
table { border-collapse: collapse } td, th { padding: .25rem .9rem .25rem 0; text-align: left; vertical-align: top }
th { border-bottom: 1px solid #9aa8b6 } img { max-width: 100% }
pre { background: #f3f6f9; padding: .8rem; overflow-x: auto; font-size: 85% }
"""


class Page:
    """Collects what the sections of a tour show; each is printed as it comes, and :meth:`write` makes the page."""

    def __init__(self, folder: Path, title: str):
        self.folder = folder
        self.title = title
        self._parts: list[str] = []
        folder.mkdir(parents=True, exist_ok=True)

    def section(self, title: str) -> None:
        """Start a section."""
        print(f"\n== {title}")
        self._parts.append(f"<h2>{html.escape(title)}</h2>")

    def text(self, text: str) -> None:
        """Add a paragraph."""
        print(text)
        self._parts.append(f"<p>{html.escape(text)}</p>")

    def listing(self, text: str) -> None:
        """Add lines that keep their form."""
        print(text)
        self._parts.append(f"<pre>{html.escape(text)}</pre>")

    def table(self, rows: Sequence[Sequence[str]]) -> None:
        """Add a table; the first row is its head."""
        widths = [max(len(cell) for cell in column) for column in zip(*rows, strict=True)]
        for row in rows:
            print("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())
        lines = [
            "".join(f"<{tag}>{html.escape(cell)}</{tag}>" for cell in row)
            for row, tag in zip(rows, ["th", *["td"] * (len(rows) - 1)], strict=True)
        ]
        self._parts.append("<table>" + "".join(f"<tr>{line}</tr>" for line in lines) + "</table>")

    def figure(self, figure, name: str, caption: str) -> None:
        """Add a matplotlib figure, and write it as a picture of its own."""
        picture = BytesIO()
        figure.savefig(picture, format="png", dpi=150)
        (self.folder / f"{name}.png").write_bytes(picture.getvalue())
        data = base64.b64encode(picture.getvalue()).decode()
        self._parts.append(
            f'<figure><img src="data:image/png;base64,{data}" alt="{html.escape(caption)}">'
            f"<figcaption>{html.escape(caption)}</figcaption></figure>"
        )

    def write(self) -> Path:
        """Write the page and return its path."""
        path = self.folder / "index.html"
        head = f'<meta charset="utf-8"><title>{html.escape(self.title)}</title><style>{_STYLE}</style>'
        body = f"<h1>{html.escape(self.title)}</h1>" + "\n".join(self._parts)
        path.write_text(f"<!doctype html><html lang=en><head>{head}</head><body>{body}</body></html>", encoding="utf-8")
        return path
