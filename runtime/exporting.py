"""Networks taken away: as a Python program, as weights, as ONNX.

What is written is written whole or not at all; what cannot be written is told as a Problem.
"""

from __future__ import annotations

import ast
import logging
import tempfile
import warnings
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from builder.analysis import analyze
from builder.document import Document
from builder.errors import Problem
from builder.logs import details
from runtime.codegen import generate
from runtime.data.preparation import Preparation
from runtime.weights import TORCH_SUFFIXES, write_atomically, write_weights

if TYPE_CHECKING:
    from torch import nn

log = logging.getLogger(__name__)

#: The formats there are, and what they are called in a menu.
FORMATS: Mapping[str, str] = {
    "python": "Python program",
    "state-dict": "Weights (.safetensors or .pt)",
    "onnx": "ONNX model",
}
#: What a message calls them, and how their files end.
_SUFFIXES: Mapping[str, tuple[str, tuple[str, ...]]] = {
    "python": ("A Python program is", (".py",)),
    "state-dict": ("Weights are", (".safetensors", *TORCH_SUFFIXES)),
    "onnx": ("An ONNX model is", (".onnx",)),
}


def export_python(
    document: Document, model: nn.Module, preparation: Preparation, out: Path
) -> Problem | list[Path]:
    """A program that runs alone with torch, safetensors and Pillow, and its weights beside it.

    ``out`` is the .py file; the weights get its name with .safetensors. Returns the files written.
    """
    if wrong := wrong_suffix("python", out):
        return wrong
    text = python_program(document, preparation, out.with_suffix(".safetensors").name)
    if isinstance(text, list):
        return text[0]
    weights = out.with_suffix(".safetensors")
    problem = write_weights(model.state_dict(), weights, {"format": "pt", "network": document.name})
    problem = problem or write_atomically(out, text.encode())
    return problem if problem is not None else [out, weights]


def python_program(document: Document, preparation: Preparation, weights_name: str) -> str | list[Problem]:
    """The generated source with a ``__main__`` that loads the weights and names a picture's classes."""
    source = generate(document)
    if isinstance(source, list):
        return source
    from runtime.training.objective import objective_of

    head, body = _split_imports(source.text)
    imports = _merged_imports(head)
    facts = _facts(preparation, weights_name)
    heads = objective_of(document).heads
    probabilities = "outputs" if heads[0].from_probabilities else "outputs.softmax(dim=1)"
    program = _PROGRAM.replace("Network()", f"{source.class_name}()").replace("PROBABILITIES", probabilities)
    program = program.replace("BILINEAR", preparation.interpolation.upper())
    if preparation.crop < 1:
        program = program.replace("scale = min(", "scale = CROP * min(")
    if len(heads) > 1:  # the first is the answer
        program = program.replace("outputs = model(", "outputs, *_ = model(")
    return f"{imports}\n\n{facts}\n\n\n{body.strip()}\n\n\n{program}"


def _facts(preparation: Preparation, weights_name: str) -> str:
    """What the program knows of pictures and classes, as constants."""
    known = preparation.data
    classes = f"The classes of {_comment(known)}" if known else "The classes by number"
    lines = [
        f"#: {classes}, in the order of the outputs.",
        f"CLASSES = {_literal(preparation.classes)}",
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


def export_state_dict(document: Document, model: nn.Module, out: Path) -> Problem | list[Path]:
    """The weights: safetensors, or what torch.save writes for .pt and .pth."""
    if wrong := wrong_suffix("state-dict", out):
        return wrong
    problem = write_weights(model.state_dict(), out, {"format": "pt", "network": document.name})
    return problem if problem is not None else [out]


def export_onnx(document: Document, model: nn.Module, out: Path) -> Problem | list[Path]:
    """One ONNX file, in eval mode, with a free batch size; inputs and outputs are called as in the document."""
    import torch

    if wrong := wrong_suffix("onnx", out):
        return wrong
    try:
        import onnx  # noqa: F401
        import onnxscript  # noqa: F401
    except ImportError:
        return Problem(
            "onnx-missing",
            "ONNX files are written by the packages onnx and onnxscript",
            "they are not installed",
            "Install convolab[onnx]",
        )
    shapes = [shape for shape in analyze(document).input_shapes if shape is not None]
    device = next((weight.device for weight in model.parameters()), torch.device("cpu"))
    # Two samples: one would be taken for a constant.
    examples = tuple(torch.zeros(2, *shape, device=device) for shape in shapes)
    batch = torch.export.Dim("batch", min=1)
    wiring = analyze(document).root.wiring
    was_training = model.training
    model.eval()
    try:
        program = _quietly(
            torch.onnx.export,
            model,
            examples,
            dynamo=True,
            verbose=False,
            input_names=[document.network.node(node_id).name for node_id in wiring.inputs],
            output_names=[document.network.node(node_id).name for node_id in wiring.outputs],
            dynamic_shapes=tuple({0: batch} for _ in examples),
        )
        # Written by way of a folder of its own: the exporter wants a name, and must leave nothing half done.
        with tempfile.TemporaryDirectory() as folder:
            temporary = Path(folder) / "model.onnx"
            program.save(str(temporary), external_data=False)
            contents = temporary.read_bytes()
    except OSError as error:
        return _cannot_export("ONNX", error)
    except Exception as error:
        log.exception("ONNX export failed")
        return _cannot_export("ONNX", error)
    finally:
        model.train(was_training)
    problem = write_atomically(out, contents)
    return problem if problem is not None else [out]


def wrong_suffix(format: str, out: Path) -> Problem | None:
    """Whether a file of this format may be called so."""
    what, suffixes = _SUFFIXES[format]
    if out.suffix in suffixes:
        return None
    *most, last = suffixes
    return Problem(
        "export-suffix",
        f"{what} written as {', '.join(most)}{' or ' if most else ''}{last}",
        f"the file is called '{out.name}'",
        "Give it this ending" if len(suffixes) == 1 else "Give it one of these endings",
    )


def _quietly(call: Callable[..., Any], *arguments: Any, **named: Any) -> Any:
    """A call without what the exporter says of itself: missing torchvision, its own deprecations."""
    logger = logging.getLogger("torch.onnx")
    level = logger.level
    logger.setLevel(logging.ERROR)
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            return call(*arguments, **named)
    finally:
        logger.setLevel(level)


def _cannot_export(what: str, error: Exception) -> Problem:
    lines = str(error).strip().splitlines()
    return Problem(
        "export-failed",
        f"{what} takes what its exporter can trace",
        f"{type(error).__name__}: {lines[0][:200] if lines else ''}",
        f"Export Python instead. {details()}",
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
    parser = argparse.ArgumentParser(description="Say what is in a picture.")
    parser.add_argument("pictures", type=Path, nargs="+")
    weights = Path(__file__).with_name(WEIGHTS)
    parser.add_argument("--weights", type=Path, default=weights)
    arguments = parser.parse_args()
    model = Network()
    load_weights(model, arguments.weights)
    model.eval()
    for path in arguments.pictures:
        with torch.inference_mode():
            outputs = model(prepare(path))
        best = PROBABILITIES[0].topk(min(5, len(CLASSES)))
        print(path)
        shares = best.values.tolist()
        for share, index in zip(shares, best.indices.tolist(), strict=True):
            print(f"  {share:7.2%}  {CLASSES[index]}")


if __name__ == "__main__":
    main()
'''
