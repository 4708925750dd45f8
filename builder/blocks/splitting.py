"""One tensor parted into several."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from builder.blocks.base import Block, Formula, Preset, Saved, register
from builder.blocks.lowering import Apply, Lowering
from builder.blocks.parameters import MOST_PARTS, Integer, Sizes
from builder.errors import Problem
from builder.shapes import TensorShape, format_shape
from builder.windows import OF_CHANNELS, Sight


@register
class Split(Block):
    """The channels parted, each part an output of its own."""

    id = "split"
    title = "Split"
    category = "Reshape"
    description = (
        "Parts the channels, each part an output of its own: in equal parts, or in parts of given sizes. So that half "
        "of the channels take another way than the rest (ShuffleNet), or one convolution feeds several branches."
    )
    search = ("chunk", "channel split", "shufflenet", "part", "divide", "branch", "unbind")
    stem = "split"
    outputs = ("0", "1")
    presets = (Preset("Split in two", {"sections": 2}, ("halves",)),)

    sections = Integer(2, minimum=2, maximum=MOST_PARTS, label="Parts", help="How many equal parts.")
    sizes = Sizes(
        (), label="Sizes", help="Channels of each part, in place of equal parts; none: equal parts."
    )

    @classmethod
    def outputs_of(cls, parameters: Mapping[str, Any]) -> tuple[str, ...]:
        sizes, sections = parameters.get("sizes"), parameters.get("sections")
        if isinstance(sizes, list | tuple) and 2 <= len(sizes) <= MOST_PARTS:
            return tuple(map(str, range(len(sizes))))
        if isinstance(sections, int) and 2 <= sections <= MOST_PARTS:
            return tuple(map(str, range(sections)))
        return cls.outputs

    def _parts(self, channels: int) -> tuple[int, ...]:
        if self.sizes:
            return self.sizes
        return (channels // self.sections,) * int(self.sections)

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        channels, *rest = inputs[0]
        if self.sizes and sum(self.sizes) != channels:
            return Problem(
                "sizes-differ",
                "'sizes' must add up to the channels that arrive",
                f"{' + '.join(map(str, self.sizes))} = {int(sum(self.sizes)):,}, {int(channels):,} arrive",
                "Change a size, or part them equally.",
                fixes=("reset-parameter",),
            )
        if not self.sizes and channels % self.sections:
            return Problem(
                "sections-do-not-divide",
                "'sections' must divide the channels",
                f"{int(channels)} channels, {int(self.sections)} parts",
                "Choose a divisor of the channels, or give each part its size.",
                fixes=("nearest-groups",),
            )
        return (self._parts(channels)[0], *rest)

    def more(self, inputs: Sequence[TensorShape]) -> tuple[TensorShape, ...]:
        channels, *rest = inputs[0]
        return tuple((size, *rest) for size in self._parts(channels)[1:])

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        return Saved(view=True)

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        return OF_CHANNELS

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        channels, *rest = inputs[0]
        if self.sizes:
            text, numbers = "channels = sum of the sizes", f"{channels} = {' + '.join(map(str, self.sizes))}"
        else:
            text, numbers = "channels / parts", f"{channels} / {int(self.sections)}"
        parts = [format_shape((size, *rest)) for size in self._parts(channels)]
        shown = f"{len(parts)} of {parts[0]}" if len(set(parts)) == 1 else ", ".join(parts)
        return [Formula("Outputs", text, numbers, shown)]

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        if self.sizes:
            return Apply("torch.split", (tuple(map(int, self.sizes)),), {"dim": 1})
        return Apply("torch.chunk", (int(self.sections),), {"dim": 1})

    def summary(self) -> str:
        if self.sizes:
            return self.parameters()["sizes"].format(self.sizes)
        return f"in {int(self.sections)} parts"
