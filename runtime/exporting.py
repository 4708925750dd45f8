"""Networks taken away: as a Python program, as weights, as ONNX.

What is written is written whole or not at all; what cannot be written is told as a Problem.
"""

from __future__ import annotations

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
from runtime.data.preparation import Preparation
from runtime.program import python_program
from runtime.weights import TORCH_SUFFIXES, write_atomically, write_weights

if TYPE_CHECKING:
    from torch import nn

    from runtime.meaning import Meaning
    from runtime.training.tasks import Task

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
    document: Document, model: nn.Module, preparation: Preparation, out: Path, task: Task | None = None
) -> Problem | list[Path]:
    """A program that runs alone with torch, safetensors and Pillow, and its weights beside it.

    ``task`` says what the outputs mean, where that is known.
    ``out`` is the .py file; the weights get its name with .safetensors. Returns the files written.
    """
    if wrong := wrong_suffix("python", out):
        return wrong
    text = python_program(document, preparation, out.with_suffix(".safetensors").name, task)
    if isinstance(text, list):
        return text[0]
    weights = out.with_suffix(".safetensors")
    problem = write_weights(model.state_dict(), weights, {"format": "pt", "network": document.name})
    problem = problem or write_atomically(out, text.encode())
    return problem if problem is not None else [out, weights]


def export_state_dict(
    document: Document, model: nn.Module, out: Path, meaning: Meaning | None = None
) -> Problem | list[Path]:
    """The weights alone: safetensors, with the ``meaning`` in the metadata, or what torch.save writes (.pt, .pth)."""
    if wrong := wrong_suffix("state-dict", out):
        return wrong
    about = {"format": "pt", "network": document.name}
    if meaning is not None:
        about |= meaning.metadata(analyze(document).output_shapes[0], in_unit=False)
    problem = write_weights(model.state_dict(), out, about)
    return problem if problem is not None else [out]


def export_onnx(
    document: Document, model: nn.Module, out: Path, meaning: Meaning | None = None
) -> Problem | list[Path]:
    """One ONNX file, in eval mode, with a free batch size; inputs and outputs are called as in the document.

    By its ``meaning`` a network that learnt values tells them in their unit, and the file's metadata say the rest.
    """
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
    answer = analyze(document).output_shapes[0]
    told = model if meaning is None else meaning.told(model, answer).to(device)
    was_training = model.training
    try:
        program = _quietly(
            torch.onnx.export,
            told.eval(),
            examples,
            dynamo=True,
            verbose=False,
            input_names=[document.network.node(node_id).name for node_id in wiring.inputs],
            output_names=[document.network.node(node_id).name for node_id in wiring.outputs],
            dynamic_shapes=tuple({0: batch} for _ in examples),
        )
        if meaning is not None:
            program.model.metadata_props.update(meaning.metadata(answer, in_unit=True))
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
