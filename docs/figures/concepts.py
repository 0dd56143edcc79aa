"""Draws docs/figures/concepts.svg: three nodes before, with and after ParaSet has made room, and the loop below.

The figures are those of examples/trainer.yaml in the README. Run by `make figures`; a test compares what is checked in.
"""

from dataclasses import dataclass
from pathlib import Path

HERE = Path(__file__).parent
CELL, GAP, PANEL, NODE = 13, 2, 300, 66
#: What holds a GPU or a core: LS work, a filler with a GPU, one on cores alone, nobody; "n": the LS pod that has come.
COLOURS = {"L": "#5b6b80", "n": "#c2410c", "g": "#0d9488", "c": "#5eead4", ".": "#ffffff"}
WORDS = {
    "L": "LS pods",
    "g": "fillers with a GPU",
    "c": "fillers on cores alone",
    ".": "free",
    "n": "an LS pod that has just come",
}


@dataclass(frozen=True)
class Panel:
    """One moment: GPUs and cores of the three nodes, and what is said below."""

    title: str
    nodes: tuple[tuple[str, str], ...]
    below: tuple[str, str]


A_LEFT, A_FULL, B_FULL = ("LL......", "L" * 14 + ".."), ("LLgg....", "L" * 14 + "gg"), ("L" * 8, "L" * 8 + "c" * 8)
PANELS = (
    Panel(
        "Free room lies in fragments",
        (A_LEFT, ("L" * 8, "L" * 8 + "." * 8), ("....", "." * 16)),
        ("GPUs without cores, cores without GPUs:", "no pod of one size fits all of it"),
    ),
    Panel(
        "A ParaSet takes their shape",
        (A_FULL, B_FULL, ("gggg", "gggg" + "c" * 12)),
        ("count, shape and size follow each node;", "four GPUs stay idle: no core is left there"),
    ),
    Panel(
        "LS work comes first",
        (A_FULL, B_FULL, ("nggg", "n" * 6 + "ggg" + "c" * 7)),
        ("one filler leaves node-c, one gives back", "5 cores in place: 1 GPU and 6 cores"),
    ),
)
TIP = (
    '<marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="7" markerHeight="7" orient="auto">'
    '<path d="M0 0 L8 4 L0 8 z" fill="#334155"/></marker>'
)
LOOP = ("watch the cluster", "freeze a snapshot", "plan: a pure function", "shrink and evict", "create and grow")


def draw() -> str:
    """The whole picture."""
    width, height = 3 * PANEL + 40, 452
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" font-family="sans-serif">',
        f'<rect width="{width}" height="{height}" fill="#ffffff"/>',
        *(text for index, panel in enumerate(PANELS) for text in draw_panel(panel, 20 + index * PANEL, 30)),
        *legend(20, 312),
        *loop(20, 360, width - 40),
        "</svg>",
    ]
    return "\n".join(parts) + "\n"


def draw_panel(panel: Panel, x: int, y: int) -> list[str]:
    """A moment at a place."""
    parts = [label(x, y, panel.title, size=15, weight="bold")]
    for index, (name, (gpus, cores)) in enumerate(zip("abc", panel.nodes, strict=True)):
        top = y + 16 + index * NODE
        parts.append(
            f'<rect x="{x}" y="{top}" width="{PANEL - 24}" height="{NODE - 8}" rx="6" fill="#f1f5f9" stroke="#cbd5e1"/>'
        )
        parts.append(label(x + 8, top + 15, f"node-{name}", size=11))
        parts += [label(x + 8, top + 33, "GPUs", size=10), label(x + 8, top + 50, "cores", size=10)]
        parts += cells(gpus, x + 42, top + 22) + cells(cores, x + 42, top + 39)
    bottom = y + 16 + 3 * NODE + 10
    return [*parts, *(label(x, bottom + 17 * line, text, colour="#334155") for line, text in enumerate(panel.below))]


def cells(holders: str, x: int, y: int) -> list[str]:
    """A box for each GPU or core, coloured by who holds it."""
    return [
        f'<rect x="{x + index * (CELL + 1)}" y="{y}" width="{CELL - GAP + 1}" height="{CELL}" rx="2" '
        f'fill="{COLOURS[who]}" stroke="#94a3b8" stroke-width="0.8"/>'
        for index, who in enumerate(holders)
    ]


def legend(x: int, y: int) -> list[str]:
    """What the colours mean."""
    parts: list[str] = []
    for who, words in WORDS.items():
        parts += cells(who, x, y - 11)
        parts.append(label(x + 20, y, words, size=12))
        x += 48 + 7 * len(words)
    return parts


def loop(x: int, y: int, width: int) -> list[str]:
    """What the operator does again and again, as boxes with arrows, and the way back below them."""
    step = width // len(LOOP)
    parts = [f"<defs>{TIP}</defs>"]
    for index, words in enumerate(LOOP):
        left, box = x + index * step, step - 28
        parts.append(f'<rect x="{left}" y="{y}" width="{box}" height="34" rx="6" fill="#ecfeff" stroke="#0d9488"/>')
        parts.append(label(left + box // 2, y + 21, words, size=11, anchor="middle"))
        if index + 1 < len(LOOP):
            parts.append(arrow(f"M{left + box + 3} {y + 17} H{left + step - 3}"))
    first, last = x + (step - 28) // 2, x + (len(LOOP) - 1) * step + (step - 28) // 2
    parts.append(arrow(f"M{last} {y + 36} V{y + 58} H{first} V{y + 38}"))
    middle = "what is seen next decides what is done next; LS pods that fit nowhere are answered at once"
    return [*parts, label((first + last) // 2, y + 75, middle, size=11, anchor="middle", colour="#334155")]


def arrow(path: str) -> str:
    """A line with a tip."""
    return f'<path d="{path}" fill="none" stroke="#334155" stroke-width="1.3" marker-end="url(#tip)"/>'


def label(
    x: int, y: int, text: str, size: int = 13, weight: str = "normal", anchor: str = "start", colour: str = "#0f172a"
) -> str:
    """A line of text."""
    return (
        f'<text x="{x}" y="{y}" font-size="{size}" font-weight="{weight}" text-anchor="{anchor}" '
        f'fill="{colour}">{text}</text>'
    )


if __name__ == "__main__":
    (HERE / "concepts.svg").write_text(draw(), encoding="utf-8")
