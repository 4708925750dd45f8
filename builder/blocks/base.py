"""The contract of a block: one declaration gives palette, form, checks, shapes, cost, field, words and code."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar

from builder.blocks.lowering import Lowering
from builder.blocks.parameters import Parameter, declared
from builder.errors import Problem
from builder.shapes import AXIS_NAMES, TensorShape, dimensions, format_shape
from builder.strides import Strides
from builder.windows import ELEMENTWISE, Sight


@dataclass(frozen=True, slots=True)
class Preset:
    """A block with some parameters set, offered under a name of its own ("Conv 1×1")."""

    title: str
    parameters: Mapping[str, Any]
    search: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Cost:
    """Learnable scalars, buffer elements, and multiply-accumulates for one sample.

    ``tensors``: how many tensors the learnable scalars are in; ``counters``: how many of the buffer elements are
    64-bit integers, whatever the precision of the rest.
    """

    parameters: int = 0
    buffers: int = 0
    macs: int = 0
    tensors: int = 0
    counters: int = 0


@dataclass(frozen=True, slots=True)
class KeptFor:
    """What is kept only where one of the inputs ``needing`` needs a gradient.

    The input ``kept``, whole, or (None) ``extra`` bytes for each sample of something between.
    """

    needing: tuple[int, ...]
    kept: int | None
    extra: int = 0


@dataclass(frozen=True, slots=True)
class Saved:
    """What autograd keeps of a block for the backward pass, in fp32 training.

    ``inputs``: indices of inputs kept whole; ``output``: whether the output is kept; ``extra`` and ``fixed``:
    further bytes for each sample and for each batch; ``view``: the output shares the storage of input 0, unless
    ``Block.strides`` says that it is copied;
    ``inputs_with_grad``: as ``inputs``, but only where the input itself needs a gradient; ``for_others``: what is
    kept only where certain inputs need one (a product keeps each factor for the others); ``rows``: input 0 is kept
    as a matrix of rows along its last axis, which is a copy where it does not lie so; ``packed``: the same where it
    does not lie one number after the other; ``rigid`` and ``rigid_fixed``: how much of ``extra`` and ``fixed`` stays
    as it is at any precision (indices, masks).
    """

    inputs: tuple[int, ...] = ()
    output: bool = False
    extra: int = 0
    fixed: int = 0
    view: bool = False
    inputs_with_grad: tuple[int, ...] = ()
    for_others: tuple[KeptFor, ...] = ()
    rows: bool = False
    packed: bool = False
    rigid: int = 0
    rigid_fixed: int = 0


@dataclass(frozen=True, slots=True)
class Passing:
    """What is alive while a block predicts (evaluation mode, no gradients), beside its inputs and its output.

    ``view``, ``rows`` and ``packed``: as those of ``Saved``; ``working``: bytes for each sample in fp32, at the fullest
    moment; ``rigid``: the same for what stays as it is at any precision (indices); ``fixed``: bytes for each batch.
    """

    view: bool = False
    rows: bool = False
    packed: bool = False
    working: int = 0
    rigid: int = 0
    fixed: int = 0


@dataclass(frozen=True, slots=True)
class Formula:
    """One line of explanation: the formula, the same with the numbers put in, and the result."""

    title: str
    text: str
    numbers: str = ""
    result: str = ""


@dataclass(frozen=True, slots=True)
class Port:
    """An input or output: its name and what it is for."""

    name: str
    help: str = ""


class Block:
    """One kind of block; an instance is a node's parameters, checked and converted.

    Subclasses declare class attributes and parameters, and override ``infer`` and ``lower``, and where they
    have something to say ``cost``, ``saved``, ``passing``, ``sight``, ``explain`` and ``summary``. All methods take the
    shapes that arrive, one for each connected input, already accepted by ``accept``.
    """

    id: ClassVar[str]
    title: ClassVar[str]
    category: ClassVar[str]
    description: ClassVar[str]
    search: ClassVar[tuple[str, ...]] = ()
    presets: ClassVar[tuple[Preset, ...]] = ()
    #: In the order of the alphabet, which is the order of ``forward``'s arguments.
    inputs: ClassVar[tuple[str, ...]] = ("x",)
    outputs: ClassVar[tuple[str, ...]] = ("y",)
    #: Any number of inputs, at least the two in ``inputs``, named "0", "1", "2", …
    variadic: ClassVar[bool] = False
    #: Lengths of input shapes it takes: 1 is (N,), 2 (C, L), 3 (C, H, W), 4 (C, D, H, W).
    ranks: ClassVar[tuple[int, ...]] = (1, 2, 3, 4)
    #: What people are told to do about a wrong rank, and the fixes for it.
    rank_way_out: ClassVar[str] = ""
    rank_fixes: ClassVar[tuple[str, ...]] = ()
    #: Whether "· 2-D" belongs in the title, because the dimension comes from the tensor.
    dimensional: ClassVar[bool] = False
    #: Whether a node may stand for several of it in a row.
    repeatable: ClassVar[bool] = True
    #: The stem of the names of new nodes.
    stem: ClassVar[str] = ""

    def __init__(self, values: Mapping[str, Any]) -> None:
        self.values = values

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        cls._declared = declared(cls)

    _declared: ClassVar[Mapping[str, Parameter[Any]]] = {}

    @classmethod
    def outputs_of(cls, parameters: Mapping[str, Any]) -> tuple[str, ...]:  # noqa: ARG003 - some look at them
        """Names of the outputs with these parameters, as a document holds them: expressions have no value here."""
        return cls.outputs

    @classmethod
    def ranks_of(cls, parameters: Mapping[str, Any]) -> tuple[int, ...]:  # noqa: ARG003 - some look at them
        """The ``ranks`` with these parameters, as a document holds them."""
        return cls.ranks

    @classmethod
    def parameters(cls) -> Mapping[str, Parameter[Any]]:
        """The declared parameters by name."""
        return cls._declared

    @classmethod
    def check(cls, given: Mapping[str, Any]) -> list[Problem]:
        """What is wrong with parameters (expressions already resolved), apart from the shapes that arrive."""
        problems = []
        for name, value in given.items():
            parameter = cls._declared.get(name)
            if parameter is None:
                known = ", ".join(cls._declared) or "none"
                problems.append(
                    Problem(
                        "unknown-parameter",
                        f"{cls.title} has no parameter '{name}'",
                        f"it has {known}",
                        "Remove it or correct the name.",
                        fixes=("remove-parameter",),
                        port=None,
                    )
                )
            elif wrong := parameter.check(value):
                problems.append(Problem("bad-parameter", f"'{name}' {wrong}", fixes=("reset-parameter",)))
        return problems

    @classmethod
    def create(cls, given: Mapping[str, Any]) -> Block:
        """A block from parameters that ``check`` found no fault with."""
        values = {name: parameter.default for name, parameter in cls._declared.items()}
        values.update({name: cls._declared[name].convert(value) for name, value in given.items()})
        return cls(values)

    # what a subclass says -----------------------------------------------------------------------------------

    def accept(self, inputs: Sequence[TensorShape]) -> Problem | None:
        """Whether tensors of these ranks may arrive at all."""
        ranks = self.ranks_of(self.values)
        for shape in inputs:
            if len(shape) not in ranks:
                wanted = " or ".join(RANK_WORDS[rank] for rank in ranks)
                return Problem(
                    "wrong-rank",
                    f"{self.title} takes {wanted}",
                    f"{format_shape(shape)} arrives, {RANK_WORDS.get(len(shape), f'{len(shape)} axes')}",
                    self.rank_way_out,
                    fixes=self.rank_fixes,
                )
        return None

    def infer(self, inputs: Sequence[TensorShape]) -> TensorShape | Problem:
        """The output's shape, or why there is none."""
        raise NotImplementedError

    def more(self, inputs: Sequence[TensorShape]) -> tuple[TensorShape, ...]:
        """The shapes of the outputs behind the first; they all are views of input 0."""
        return ()

    def cost(self, inputs: Sequence[TensorShape]) -> Cost:
        """Parameters, buffers and MACs."""
        return Cost()

    def saved(self, inputs: Sequence[TensorShape]) -> Saved:
        """What the backward pass needs."""
        return Saved()

    def strides(self, inputs: Sequence[TensorShape], strides: Strides) -> Strides | None:
        """How a view of an input that lies so is laid out; None where there is none and the output is a copy.

        Asked only of blocks that give views.
        """
        return strides

    def passing(self, inputs: Sequence[TensorShape]) -> Passing:
        """What prediction needs for a moment."""
        return Passing(view=self.saved(inputs).view)

    def sight(self, inputs: Sequence[TensorShape]) -> Sight:
        """What one output position sees of the inputs."""
        return ELEMENTWISE

    def advise(self, inputs: Sequence[TensorShape]) -> list[Problem]:
        """Warnings and advice for a block that works."""
        return []

    def explain(self, inputs: Sequence[TensorShape]) -> list[Formula]:
        """Formulas with the numbers put in."""
        return []

    def lower(self, inputs: Sequence[TensorShape]) -> Lowering:
        """What it becomes in PyTorch, as data."""
        raise NotImplementedError

    def summary(self) -> str:
        """The second line on the node: what it is, in a few numbers."""
        return self.title

    def summary_on(self, dims: int) -> str:
        """The summary for a tensor of so many spatial axes: a kernel is ``7`` on one, ``3×3×3`` on three."""
        return self.summary()

    # helpers for subclasses ---------------------------------------------------------------------------------

    def axes(self, name: str, dims: int) -> tuple[int, ...]:
        """A per-axis parameter spread over the spatial axes; ``check_axes`` must have passed."""
        value = self.values[name]
        return value if isinstance(value, tuple) else (value,) * dims

    def kernel_words(self, dims: int) -> str:
        """The kernel's size along each axis: ``3×3``."""
        return "×".join(map(str, self.axes("kernel_size", dims)))

    def check_axes(self, dims: int, *names: str) -> Problem | None:
        """Whether parameters given for each axis have as many numbers as the tensor has axes."""
        for name in names:
            value = self.values[name]
            if isinstance(value, tuple) and len(value) != dims:
                shown = self._declared[name].format(value)
                return Problem(
                    "axes-differ",
                    f"'{name}' needs one number, or one for each spatial axis",
                    f"{shown} has {len(value)}, the tensor has {dims} ({', '.join(AXIS_NAMES[dims])})",
                    "Give a single number, or as many as there are axes.",
                    fixes=("reset-parameter",),
                )
        return None

    def check_all_or_none(self, dims: int, name: str) -> Problem | None:
        """Whether sizes of which 0 says that there is none are there for every axis, or for no axis."""
        sizes = self.axes(name, dims)
        if all(sizes) or not any(sizes):
            return None
        return Problem(
            "size-incomplete",
            f"'{name}' is given for all axes or for none",
            f"{self._declared[name].format(self.values[name])} leaves some at 0",
            "Give every axis its size, or leave them all at 0.",
            fixes=("reset-parameter",),
        )


#: Spatial axes of an image, which is what is meant as long as nothing arrives.
IMAGE_DIMS = 2

RANK_WORDS = {
    1: "a vector (N)",
    2: "a sequence (C×L)",
    3: "an image (C×H×W)",
    4: "a volume (C×D×H×W)",
}


def class_for(name: str, dims: int) -> str:
    """``torch.nn.Conv`` for two dimensions is ``torch.nn.Conv2d``."""
    return f"torch.nn.{name}{dims}d"


def shape_dims(inputs: Sequence[TensorShape]) -> int:
    """Spatial dimensions of the first input."""
    return dimensions(inputs[0])


@dataclass(slots=True)
class Registry:
    """Blocks by id; adding a block is decorating its class with ``register``."""

    blocks: dict[str, type[Block]] = field(default_factory=dict)

    def register(self, cls: type[Block]) -> type[Block]:
        """Add a block; its id must be new."""
        if cls.id in self.blocks:
            raise ValueError(f"block id {cls.id!r} is taken")
        self.blocks[cls.id] = cls
        return cls


_registry = Registry()
register = _registry.register
REGISTRY: Mapping[str, type[Block]] = _registry.blocks
