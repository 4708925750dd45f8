"""The look, free of Qt: colours of the dark and the light theme, the type scale, the faces that text is set in.

Colours are plain hex values, so that their contrast can be computed and a drawing written without a window.
"""

from __future__ import annotations

from dataclasses import dataclass

#: Type scale in pixels: the name of what is inspected, names, body, second lines, the smallest print.
TITLE, NAME, BODY, SMALL, TINY = 15, 13, 12, 11, 10

REGULAR, MEDIUM, SEMIBOLD = 400, 500, 600

#: Faces that text is set in, the first that is there.
SANS = ("Inter", "Segoe UI", "Roboto", "Helvetica Neue", "Arial")
#: Monospaced ones whose figures and brackets read well small.
MONOSPACED = (
    "JetBrains Mono", "Cascadia Mono", "Cascadia Code", "SF Mono", "Menlo", "Consolas",
    "DejaVu Sans Mono", "Noto Sans Mono", "Liberation Mono",
)  # fmt: skip

_CATEGORY_FIELDS = {
    "Convolution": "convolution",
    "Pooling": "pooling",
    "Normalisation": "normalisation",
    "Activation": "activation",
    "Merge": "merge",
    "Dense": "dense",
    "Regularisation": "dense",
    "Reshape": "reshape",
    "Input and output": "neutral",
    "Modules": "neutral",
}


@dataclass(frozen=True)
class Look:
    """One set of colours, each ``#rrggbb``.

    ``window``, ``panel``, ``raised``, ``hover`` and ``canvas`` are backgrounds, on any of which ``text`` and ``muted``
    are written; ``on_accent`` and ``on_ok`` are written on those two; ``border`` is that of nodes, on the canvas and in
    frames. Categories' colours are marks, never text.
    """

    name: str
    is_dark: bool
    window: str
    panel: str
    raised: str
    hover: str
    canvas: str
    grid: str
    hairline: str
    border: str
    wire: str
    text: str
    muted: str
    accent: str
    ok: str
    warning: str
    error: str
    on_accent: str
    on_ok: str
    convolution: str
    pooling: str
    normalisation: str
    activation: str
    merge: str
    dense: str
    reshape: str
    neutral: str

    def category(self, category: str) -> str:
        """The mark of a category of blocks; grey for one that is not known."""
        return str(getattr(self, _CATEGORY_FIELDS.get(category, "neutral")))

    def severity(self, severity: str) -> str:
        """What an error, a warning or advice is written in."""
        return {"error": self.error, "warning": self.warning}.get(str(severity), self.muted)

    @property
    def train(self) -> str:
        """The first line of a plot: training."""
        return self.convolution

    @property
    def validation(self) -> str:
        """The second line of a plot: validation."""
        return self.activation


DARK = Look(
    name="dark", is_dark=True,
    window="#15181d", panel="#1c2027", raised="#252a33", hover="#2c323d", canvas="#181b21", grid="#262b34",
    hairline="#323945", border="#4d5768", wire="#7d8796", text="#e8ebf0", muted="#9aa4b2",
    accent="#4aa3ff", ok="#3fb97f", warning="#f0b429", error="#ff6b6b", on_accent="#0d1117", on_ok="#0d1117",
    convolution="#4aa3ff", pooling="#b07cf7", normalisation="#35b8a6", activation="#f2a541",
    merge="#f26d85", dense="#8bc34a", reshape="#c0a080", neutral="#8a94a6",
)  # fmt: skip

LIGHT = Look(
    name="light", is_dark=False,
    window="#eef0f3", panel="#ffffff", raised="#f4f6f8", hover="#edf0f4", canvas="#fafbfc", grid="#e3e7ec",
    hairline="#d5dae1", border="#b2bbc7", wire="#8a94a3", text="#1b2027", muted="#5a6472",
    accent="#1769d2", ok="#18794c", warning="#8a5600", error="#c92a2a", on_accent="#ffffff", on_ok="#ffffff",
    convolution="#1769d2", pooling="#7b46c9", normalisation="#0f8072", activation="#b36b00",
    merge="#c2334f", dense="#4d7c0f", reshape="#7a6040", neutral="#6b7585",
)  # fmt: skip

LOOKS = {look.name: look for look in (DARK, LIGHT)}


def contrast(first: str, second: str) -> float:
    """The contrast ratio of two ``#rrggbb`` colours, 1 to 21. Source: WCAG 2.2, "contrast ratio"."""
    lighter, darker = sorted((_luminance(first), _luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(value: str) -> float:
    channels = (int(value[i : i + 2], 16) / 255 for i in (1, 3, 5))
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue
