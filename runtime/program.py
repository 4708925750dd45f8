"""A network as a program of its own: its source, how pictures are prepared, and a ``main`` that says what it finds."""

from __future__ import annotations

import ast
from typing import TYPE_CHECKING, Any

from builder.analysis import Analysis, analyze
from builder.document import Document
from builder.errors import Problem
from runtime.codegen import generate
from runtime.data.preparation import Preparation

if TYPE_CHECKING:
    from runtime.training.tasks import Regression, Task


def python_program(
    document: Document, preparation: Preparation, weights_name: str, task: Task | None = None
) -> str | list[Problem]:
    """The generated source with a ``__main__`` that loads the weights and tells what the first output says.

    Where the ``task`` is to tell values (K,), it tells them in their unit. Else an output (K,) names a picture's
    likeliest classes; one (K, …) the share of the places that each class has, where it is the likeliest; of any other,
    which is no choice between classes, it tells the shapes.
    """
    analysis = analyze(document)
    source = generate(document, analysis=analysis)
    if isinstance(source, list):
        return source
    from runtime.training.tasks import Regression, heads_of

    head, body = _split_imports(source.text)
    imports = _merged_imports(head)
    head_of_answer = heads_of(document)[0]
    about, answer = _answer(analysis, from_probabilities=head_of_answer.from_probabilities)
    facts = _facts(preparation, weights_name, named="CLASSES" in answer)
    if isinstance(task, Regression) and analysis.output_shapes[0] == (len(task.mean),):
        several = len(analysis.output_shapes) > 1
        about = "Tell the values of a picture."
        answer = _VALUES.replace("outputs = model(", "outputs, *_ = model(") if several else _VALUES
        facts = f"{_facts(preparation, weights_name, named=False)}\n{_unit(task)}"
    program = _PROGRAM.replace("Network()", f"{source.class_name}()").replace("ABOUT", about)
    program = program.replace("BILINEAR", preparation.interpolation.upper()).replace("ANSWER\n", answer)
    if preparation.crop < 1:
        program = program.replace("scale = min(", "scale = CROP * min(")
    return f"{imports}\n\n{facts}\n\n\n{body.strip()}\n\n\n{program}"


def _answer(analysis: Analysis, *, from_probabilities: bool) -> tuple[str, str]:
    """What a program for these outputs is for, and the lines in which it tells what the first of them says."""
    first, *others = analysis.output_shapes
    several = bool(others)
    if first is None or first[0] == 1:  # no choice between classes
        return "Run the network on pictures.", _SHAPES if several else _SHAPE
    if len(first) > 1:
        about, answer = "Say how much of a picture is what.", _PLACES
    else:
        about, answer = "Say what is in a picture.", _CLASSES
    answer = answer.replace("PROBABILITIES", "outputs" if from_probabilities else "outputs.softmax(dim=1)")
    return about, answer.replace("outputs = model(", "outputs, *_ = model(") if several else answer


def _facts(preparation: Preparation, weights_name: str, *, named: bool) -> str:
    """What the program knows of pictures and, where they are ``named``, of classes, as constants."""
    known = preparation.data
    classes = f"The classes of {_comment(known)}" if known else "The classes by number"
    lines = [
        f"#: {classes}, in the order of the outputs.",
        f"CLASSES = {_literal(preparation.classes)}",
    ]
    lines = [
        *(lines if named else ()),
        "#: Of the training pictures, per channel, on a scale of 0…1."
        if known
        else "#: Taken off and divided by, per channel, on a scale of 0…1.",
        f"MEAN = {_literal(preparation.mean)}",
        f"STD = {_literal(preparation.std)}",
        "#: Height and width of what the network looks at.",
        f"SIZE = {(preparation.height, preparation.width)}",
    ]
    if preparation.crop < 1:
        lines += ["#: Share of a picture's shorter side that is looked at.", f"CROP = {preparation.crop}"]
    return "\n".join(
        [
            *lines,
            f"MODE = {_literal('L' if preparation.channels == 1 else 'RGB')}",
            f"SHAPE = {tuple(preparation.shape)}",
            f"WEIGHTS = {_literal(weights_name)}",
        ]
    )


def _unit(task: Regression) -> str:
    """The names of values and the unit they are told in, as constants."""
    from runtime.training.tasks.classes import named

    return "\n".join(
        [
            "#: What is told, and its mean and deviation in training: the network tells how many deviations it is off.",
            f"VALUES = {_literal(named(task.names, len(task.mean)))}",
            f"VALUE_MEAN = {_literal(task.mean)}",
            f"VALUE_STD = {_literal(task.std)}",
        ]
    )


def _split_imports(text: str) -> tuple[str, str]:
    """The source up to its last import, and the rest."""
    tree = ast.parse(text)
    last = 0
    for statement in tree.body:
        docstring = isinstance(statement, ast.Expr) and isinstance(statement.value, ast.Constant)
        if not docstring and not isinstance(statement, ast.Import | ast.ImportFrom):
            break
        last = statement.end_lineno or last
    lines = text.splitlines()
    return "\n".join(lines[:last]), "\n".join(lines[last:])


def _merged_imports(head: str) -> str:
    """The imports of the source and of the program, each once, sorted as ruff sorts them."""
    tree = ast.parse(head + "\n" + _IMPORTS)
    docstring = ast.get_docstring(ast.parse(head), clean=False)
    lines = {ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)}
    groups: list[list[str]] = [[], [], []]
    for line in sorted(lines, key=lambda line: (line.startswith("from "), line)):
        package = line.split()[1].split(".")[0]
        groups[0 if package == "__future__" else 1 if package in _STANDARD else 2].append(line)
    body = "\n\n".join("\n".join(group) for group in groups if group)
    return f'"""{docstring}"""\n\n{body}' if docstring else body


def _literal(value: Any) -> str:
    """A value as a formatter would write it; what is not printable is escaped, so a name is never code."""
    if isinstance(value, tuple):
        items = [_literal(item) for item in value]
        one_line = f"({', '.join(items)}{',' if len(items) == 1 else ''})"
        return (
            one_line if len(one_line) <= _LINE else "(\n" + "".join(f"    {item},\n" for item in items) + ")"
        )
    text = repr(value)
    if not text.startswith("'"):
        return text
    return '"' + text[1:-1].replace("\\'", "'").replace('"', '\\"') + '"'


def _comment(text: str) -> str:
    """Text that stays within a comment."""
    printable = "".join(sign if sign.isprintable() else " " for sign in text)
    return " ".join(printable.split()) or "the data"


#: What is left of 88 columns behind the longest name of a constant.
_LINE = 88 - len("CLASSES = ")

_STANDARD = frozenset({"argparse", "collections", "functools", "math", "pathlib", "sys", "typing"})

_IMPORTS = """\
from __future__ import annotations
import argparse
from pathlib import Path
import torch
from PIL import Image, ImageOps
"""

_PROGRAM = '''\
def load_weights(model: torch.nn.Module, path: Path) -> None:
    """Load a state_dict from .safetensors, or from a .pt file beside it."""
    if path.suffix == ".safetensors" and path.exists():
        from safetensors.torch import load_file

        state = load_file(path)
    else:
        path = path.with_suffix(".pt")
        state = torch.load(path, map_location="cpu", weights_only=True)
    model.load_state_dict(state)


def prepare(path: Path) -> torch.Tensor:
    """A picture as the network wants it: (1, *SHAPE).

    Its shorter side is resized, its centre cut out, and its channels normalised.
    """
    image = ImageOps.exif_transpose(Image.open(path))
    if image.has_transparency_data:
        white = Image.new("RGBA", image.size, "white")
        image = Image.alpha_composite(white, image.convert("RGBA"))
    image = image.convert(MODE)
    height, width = SIZE
    scale = min(image.width / width, image.height / height)
    across, down = width * scale, height * scale
    left, top = (image.width - across) / 2, (image.height - down) / 2
    box = (left, top, min(left + across, image.width), min(top + down, image.height))
    image = image.resize((width, height), Image.Resampling.BILINEAR, box=box)
    pixels = torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8)
    x = pixels.view(height, width, len(MEAN)).permute(2, 0, 1).float() / 255
    mean, std = torch.tensor(MEAN).view(-1, 1, 1), torch.tensor(STD).view(-1, 1, 1)
    return ((x - mean) / std).reshape(1, *SHAPE)


def main() -> None:
    parser = argparse.ArgumentParser(description="ABOUT")
    parser.add_argument("pictures", type=Path, nargs="+")
    weights = Path(__file__).with_name(WEIGHTS)
    parser.add_argument("--weights", type=Path, default=weights)
    arguments = parser.parse_args()
    model = Network()
    load_weights(model, arguments.weights)
    model.eval()
    for path in arguments.pictures:
ANSWER


if __name__ == "__main__":
    main()
'''

_CLASSES = """\
        with torch.inference_mode():
            outputs = model(prepare(path))
        best = PROBABILITIES[0].topk(min(5, len(CLASSES)))
        print(path)
        shares = best.values.tolist()
        for share, index in zip(shares, best.indices.tolist(), strict=True):
            print(f"  {share:7.2%}  {CLASSES[index]}")
"""

_PLACES = """\
        with torch.inference_mode():
            outputs = model(prepare(path))
        places = outputs[0].argmax(dim=0).flatten()
        shares = places.bincount(minlength=len(CLASSES)) / len(places)
        print(path)
        for index in shares.argsort(descending=True, stable=True).tolist():
            if shares[index] > 0:
                print(f"  {float(shares[index]):7.2%}  {CLASSES[index]}")
"""

_VALUES = """\
        with torch.inference_mode():
            outputs = model(prepare(path))
        print(path)
        values = outputs[0] * torch.tensor(VALUE_STD) + torch.tensor(VALUE_MEAN)
        for name, value in zip(VALUES, values.tolist(), strict=True):
            print(f"  {name}  {value:.6g}")
"""

_SHAPE = """\
        with torch.inference_mode():
            output = model(prepare(path))
        print(path, "×".join(map(str, output.shape[1:])))
"""

_SHAPES = """\
        with torch.inference_mode():
            outputs = model(prepare(path))
        print(path, *("×".join(map(str, output.shape[1:])) for output in outputs))
"""
