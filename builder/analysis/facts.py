"""What one block makes of the shapes that arrive: computed once for each distinct question, whoever asks."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any

from builder.blocks import Block, Cost, Passing, Saved, block_class
from builder.errors import Problem
from builder.expressions import ExpressionError, names_in, resolve
from builder.graph import Node
from builder.shapes import TensorShape, elements
from builder.strides import Strides, contiguous
from builder.windows import Elementwise, Everything, Local, Sight, Window

#: Bytes of an fp32 number, which is what activations are counted in.
FLOAT_BYTES = 4
#: 4 TiB of fp32: beyond it a size is a slip of the finger.
MAX_ELEMENTS = 2**40
NO_COST = Cost()
NOTHING_SAVED = Saved()
NOTHING_PASSING = Passing()


@dataclass(frozen=True, slots=True)
class Sums:
    """Additive figures of a node or a graph; bytes are what autograd keeps beyond whole, shared tensors."""

    parameters: int = 0
    buffers: int = 0
    macs: int = 0
    extra: int = 0
    fixed: int = 0
    blocks: int = 0

    def plus(self, other: Sums) -> Sums:
        """With another's figures added."""
        return added(((self, 1), (other, 1)))


def added(parts: Iterable[tuple[Sums, int]]) -> Sums:
    """The sum of figures, each times its sign."""
    parameters = buffers = macs = extra = fixed = blocks = 0
    for part, sign in parts:
        parameters += sign * part.parameters
        buffers += sign * part.buffers
        macs += sign * part.macs
        extra += sign * part.extra
        fixed += sign * part.fixed
        blocks += sign * part.blocks
    return Sums(parameters, buffers, macs, extra, fixed, blocks)


NOTHING = Sums()


@dataclass(frozen=True, slots=True)
class Facts:
    """A block on given shapes; ``output`` is None where there is none, and ``problems`` says why.

    ``sums_with_grad`` counts what is kept for the backward pass, ``sums_without`` is for inputs that need none.
    """

    block: Block | None
    inputs: tuple[TensorShape, ...]
    output: TensorShape | None
    cost: Cost = NO_COST
    saved: Saved = NOTHING_SAVED
    sight: Sight | None = None
    problems: tuple[Problem, ...] = ()
    output_bytes: int = 0
    sums_with_grad: Sums = NOTHING
    sums_without: Sums = NOTHING
    passing: Passing = NOTHING_PASSING
    #: Shapes of the outputs behind the first.
    more: tuple[TensorShape, ...] = ()
    #: What most blocks with one input see: nothing is wrong, they see positions, have one output of their own, and what
    #: they keep, if anything, are input and output.
    plain: Local | None = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        keeps = self.saved
        keeping = keeps.view or keeps.rows or keeps.packed or keeps.inputs_with_grad or keeps.for_others
        special = self.problems or self.more or keeping
        seen = self.sight if isinstance(self.sight, Window | Elementwise | Everything) else None
        object.__setattr__(self, "plain", None if special or len(self.inputs) != 1 else seen)

    def sums(self, needs_grad: bool) -> Sums:
        """The block's figures, with or without a backward pass."""
        return self.sums_with_grad if needs_grad else self.sums_without


def view_of(facts: Facts, strides: Strides | None) -> Strides | None:
    """How a view of the first input is laid out, which lies so (None: one number after the other); None: a copy."""
    assert facts.block is not None
    return facts.block.strides(facts.inputs, contiguous(facts.inputs[0]) if strides is None else strides)


_memo: dict[tuple[int, tuple[TensorShape, ...]], Facts] = {}
_MEMO_LIMIT = 100_000


def facts_of(node: Node, env: Mapping[str, float], inputs: tuple[TensorShape, ...]) -> Facts:
    """The facts of a node whose parameters may be expressions of ``env`` and of ``in_channels``."""
    names = expression_names(node)
    if names:
        try:
            known = environment(env, inputs)
            resolved = {name: resolve(value, known) for name, value in node.parameters.items()}
        except ExpressionError as error:
            return Facts(None, inputs, None, problems=(expression_problem(error),))
        node = Node(node.id, node.name, node.block, resolved)
    key = (node.signature, inputs)
    found = _memo.get(key)
    if found is None:
        if len(_memo) >= _MEMO_LIMIT:
            _memo.clear()
        found = _memo[key] = _compute(node.block, node.parameters, inputs)
    return found


def environment(env: Mapping[str, float], inputs: tuple[TensorShape, ...]) -> Mapping[str, float]:
    """The names an expression at a node may use: the module's parameters and the channels that arrive."""
    if not (inputs and inputs[0]):
        return env
    known: dict[str, float] = dict(env)
    known["in_channels"] = inputs[0][0]
    return known


def expression_problem(error: ExpressionError) -> Problem:
    """A bad expression, as a finding."""
    return Problem(
        "bad-expression", "An expression must have a value here", str(error), "Correct the expression."
    )


_names: dict[int, frozenset[str]] = {}


def expression_names(node: Node) -> frozenset[str]:
    """The names that the node's parameters use in expressions (with "" for an unparsable one)."""
    found = _names.get(node.signature)
    if found is None:
        parts = [names_in(v) | ({""} if _has_expression(v) else set()) for v in node.parameters.values()]
        found = _names[node.signature] = frozenset().union(*parts)
    return found


def _has_expression(value: Any) -> bool:
    if isinstance(value, str):
        return value.startswith("=")
    return isinstance(value, list | tuple) and any(map(_has_expression, value))


def _compute(block_id: str, parameters: Mapping[str, Any], inputs: tuple[TensorShape, ...]) -> Facts:
    cls = block_class(block_id)
    assert cls is not None
    problems = cls.check(parameters)
    if problems:
        return Facts(None, inputs, None, problems=tuple(problems))
    block = cls.create(parameters)
    if wrong := block.accept(inputs):
        return Facts(block, inputs, None, problems=(wrong,))
    output = block.infer(inputs)
    if isinstance(output, Problem):
        return Facts(block, inputs, None, problems=(output,))
    cost, saved = block.cost(inputs), block.saved(inputs)
    for count, what in ((elements(output), "numbers in its output"), (cost.parameters, "parameters")):
        if count > MAX_ELEMENTS:
            return Facts(block, inputs, None, problems=(_too_large(block, count, what),))
    counted = cost.parameters, cost.buffers, cost.macs
    return Facts(
        block,
        inputs,
        output,
        cost,
        saved,
        block.sight(inputs),
        tuple(block.advise(inputs)),
        FLOAT_BYTES * elements(output),
        Sums(*counted, saved.extra, saved.fixed, 1),
        Sums(*counted, blocks=1),
        block.passing(inputs),
        block.more(inputs),
    )


def _too_large(block: Block, count: int, what: str) -> Problem:
    return Problem(
        "too-large",
        "A tensor must fit in some machine",
        f"this {block.title} has {count:,} {what} (at most {MAX_ELEMENTS:,} are drawn)",
        "Make the sizes smaller.",
    )


@cache
def default_block(block_id: str) -> Block | None:
    """The block with its default parameters: enough to name it where nothing can be computed."""
    cls = block_class(block_id)
    return cls.create({}) if cls else None
