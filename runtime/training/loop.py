"""``train``: a document, settings and data in; events out; a run folder records what is durable.

    for event in train(document, settings, data, run=run): ...

What a user can cause comes as Trouble and Finished("failed"), never as an exception.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator
from contextlib import suppress

import torch

from builder.analysis import Analysis, analyze
from builder.document import Document
from builder.errors import Address, Problem
from builder.graph import Node
from builder.shapes import TensorShape
from runtime.compile import Tapped, build
from runtime.data import Data
from runtime.data.preparation import Preparation
from runtime.data.raw import SKIPPED
from runtime.threads import most_threads
from runtime.training.computing.arranging import arrange
from runtime.training.computing.computation import in_force
from runtime.training.computing.memory import check_memory, part_of
from runtime.training.control import Control
from runtime.training.events import Epoch, Event, Finished, Trouble
from runtime.training.feeding import Feed
from runtime.training.guards import Drawn
from runtime.training.learning.initialisation import balance, initialise
from runtime.training.randomness import seed_of, seeded
from runtime.training.records.checkpoints import Keeper, Origin
from runtime.training.records.recorder import Recorder
from runtime.training.records.runs import Run
from runtime.training.resuming import as_before, computed_before, fingerprint, go_on, remarks
from runtime.training.samples import check_labels, remarks_on
from runtime.training.settings import Settings
from runtime.training.tasks import TASKS, task_of, weight_of
from runtime.training.trainer import Trainer
from runtime.training.trouble import (
    check_batch,
    check_nodes,
    check_normalisation,
    explain,
    resolve_device,
)
from runtime.training.watching import Viewer

#: Problems told before a run that cannot begin gives up listing them.
_TOLD = 20


def train(
    document: Document,
    settings: Settings,
    data: Data,
    *,
    control: Control | None = None,
    run: Run | None = None,
) -> Iterator[Event]:
    """Train ``document``'s network; yields events, Finished last.

    ``document`` must not be edited meanwhile (hand in a copy). Requests of ``control`` are answered between
    steps. With ``run``, durable events and weights are recorded as they come; where that fails a Trouble says
    so and training goes on; a run from ``resuming.resume`` goes on where it was. Closing the generator
    early ends the run as stopped.
    """
    recorder = None if run is None else Recorder(run)
    finished = False
    with _logged_in(run):
        try:
            for event in _guarded(document, settings, data, control or Control(), run):
                finished = isinstance(event, Finished)
                if recorder is not None:
                    yield from recorder.take(event)
                yield event
        finally:
            if recorder is not None:
                recorder.end(finished)


def _guarded(
    document: Document, settings: Settings, data: Data, control: Control, run: Run | None
) -> Iterator[Event]:
    try:
        yield from _train(document, settings, data, control, run)
    except Exception as error:  # noqa: BLE001 -- whatever PyTorch throws is told, with the traceback in the log
        yield Trouble(explain(error, run.log_file if run is not None else None))
        yield _failed()


def _failed() -> Finished:
    return Finished("failed", None, None, None, None, 0.0)


def _train(
    document: Document, settings: Settings, data: Data, control: Control, run: Run | None
) -> Iterator[Event]:
    problems = check(document, settings, data)
    if problems:
        for problem in problems[:_TOLD]:
            yield Trouble(problem)
        yield _failed()
        return
    # cuBLAS reads it when it is first used; see torch.use_deterministic_algorithms.
    if settings.deterministic:
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    device = resolve_device(settings.device)
    assert isinstance(device, torch.device)
    torch.set_num_threads(most_threads())
    yield from _train_on(device, document, settings, data.to(device), control, run)


def _train_on(
    device: torch.device,
    document: Document,
    settings: Settings,
    data: Data,
    control: Control,
    run: Run | None,
) -> Iterator[Event]:
    given = data
    if run is not None and run.resumes:
        data = as_before(data, run)
    analysis = analyze(document)
    with seeded(seed_of(settings.seed, "initial weights")):
        model = build(document, analysis=analysis)
        initialise(model, settings)
    model.to(device)
    balance(model, settings, lambda: next(Feed(data, settings, device).epoch(1)).inputs)
    task = task_of(document, data, settings)
    recorded = computed_before(run, device_name(device)) if run is not None else None
    computation, told = arrange(
        model, data, task, settings, device, recorded=recorded, stop=lambda: control.stopping
    )
    origin = Origin(torch.__version__, device_name(device), computation.threads)
    keeper = None if run is None else _keeper(run, origin, settings)
    drawn = Drawn(Tapped(document, model, analysis=analysis), analysis.leaves())
    trainer = Trainer(
        model,
        data,
        settings,
        device,
        task,
        computation=computation,
        control=control,
        look=Viewer(drawn.twin, data, device, task, output_path(document)),
        save=run.save_weights if run is not None else None,
        keeper=keeper,
        drawn=drawn,
    )
    if run is not None:
        remarked = _recorded(run, trainer, origin, data, given)
        if isinstance(remarked, Problem):
            yield Trouble(remarked)
            yield _failed()
            return
        told = [*told, *remarked]
    yield from map(
        Trouble, [*data.warnings, *remarks_on(data, device), *told, *trainer.feed.augmentation.remarks]
    )
    try:
        with in_force(computation, device):
            yield from _telling_damage(trainer.events(), data)
    finally:
        data.close()
        if keeper is not None:
            keeper.close()


def _recorded(run: Run, trainer: Trainer, origin: Origin, data: Data, given: Data) -> list[Problem] | Problem:
    """Go on with a run, or begin to record it: what is to be remarked, or why it cannot go on.

    ``given`` is the data as it is measured today, ``data`` as the run has it.
    """
    samples, remarked = fingerprint(data), []
    if run.resumes:
        if problem := go_on(trainer, run):
            return problem
        remarked = list(remarks(run, origin, trainer.settings, Preparation.of(given).to_json(), samples))
    run.describe(
        device=origin.device,
        threads=origin.threads,
        computation=trainer.computation.to_json(),
        preparation=Preparation.of(data).to_json(),
        samples=samples,
        task=trainer.task.to_json(),
    )
    return remarked


def _telling_damage(events: Iterator[Event], data: Data) -> Iterator[Event]:
    """The events, and after an epoch what files proved to be damaged in it."""
    known = len(data.skipped)
    for event in events:
        yield event
        if isinstance(event, Epoch) and len(data.skipped) > known:
            known = len(data.skipped)
            yield from (Trouble(problem) for problem in data.warnings if problem.code == SKIPPED)


def _keeper(run: Run, origin: Origin, settings: Settings) -> Keeper:
    return Keeper(run.folder, origin, settings.checkpoint_every, run.position, run.sync)


def check(document: Document, settings: Settings | None, data: Data) -> list[Problem]:
    """The errors that keep this network from being trained on this data; without ``settings``, from being tested."""
    analysis = analyze(document) if settings is None else analyze(document, batch=part_of(settings))
    errors = [problem for problem in analysis.problems if problem.is_error]
    if errors:
        return errors
    inputs = analysis.input_shapes
    if len(inputs) != 1 or inputs[0] != data.input_shape:
        found = " and ".join("×".join(map(str, shape)) for shape in inputs if shape) or "none"
        return [
            Problem(
                "data-input",
                "The data must be prepared for the network's one input",
                f"the input is {found}, the data is {'×'.join(map(str, data.input_shape))}",
                "Load the data again for this network",
            )
        ]
    found_wrong = [check_labels(data)]
    found_wrong += [] if settings is None else _settings_problems(analysis, settings, data)
    found_wrong += _output_problems(document, analysis, data, learning=settings is not None)
    found_wrong.append(check_normalisation(analysis, data, settings.batch if settings is not None else None))
    return [problem for problem in found_wrong if problem is not None]


def _output_problems(
    document: Document, analysis: Analysis, data: Data, *, learning: bool
) -> list[Problem | None]:
    """What keeps the first output from being the answer, and those whose loss counts from being learnt from."""
    outputs = _outputs(document)
    weights = [weight_of(output) for output in outputs]
    if learning and not any(weights):
        return [
            Problem(
                "no-loss",
                "Training lowers the loss of the outputs, each times its loss weight",
                "the only one is 0" if len(weights) == 1 else "all are 0",
                "Set the first output's to 1",
                path=outputs[0].name,
                address=Address(document.network.key, outputs[0].id),
            )
        ]
    return [
        TASKS[data.task].check_output(shape, data, *_scores(document, output))
        for output, weight, shape in zip(outputs, weights, analysis.output_shapes, strict=True)
        if shape is not None and (output is outputs[0] or (learning and weight))
    ]


def _settings_problems(analysis: Analysis, settings: Settings, data: Data) -> list[Problem | None]:
    """What keeps these settings from being used, on this machine."""
    device = resolve_device(settings.device)
    if isinstance(device, Problem):
        return [check_batch(settings, data), check_nodes(analysis, settings), device]
    return [
        check_batch(settings, data),
        check_nodes(analysis, settings),
        check_memory(analysis, settings) if device.type == "cpu" else None,
    ]


def input_shape(document: Document) -> TensorShape | Problem:
    """The shape of the network's one input, for which data is to be prepared."""
    shapes = analyze(document).input_shapes
    if len(shapes) == 1 and shapes[0] is not None:
        return shapes[0]
    return Problem(
        "one-input",
        "A picture needs one input",
        f"the network has {len(shapes)}",
        "Leave one Input block",
    )


def mask_size(document: Document) -> tuple[int, int] | None:
    """Height and width of the map that a network answers with, at which masks are wanted; None for other answers."""
    shapes = analyze(document).output_shapes
    first = shapes[0] if shapes else None
    return (int(first[1]), int(first[2])) if first is not None and len(first) == 3 else None


def _outputs(document: Document) -> list[Node]:
    """The network's Output nodes, in the order of what it gives."""
    return [node for node in document.network if node.block == "output"]


def _scores(document: Document, output: Node) -> tuple[str, Address | None]:
    """Path and address of the node that gives an output."""
    network = document.network
    for edge in network.incoming(output.id).values():
        return network.node(edge.source).name, Address(network.key, edge.source)
    return "", None


def output_path(document: Document) -> str | None:
    """The path of the Output node whose numbers predictions are made of: the first."""
    return next((output.name for output in _outputs(document)), None)


def device_name(device: torch.device) -> str:
    """``cpu``, or ``cuda`` with the GPU's name."""
    return f"cuda ({torch.cuda.get_device_name(device)})" if device.type == "cuda" else "cpu"


class _logged_in:  # noqa: N801 -- a context manager, used as a function
    """While a run is recorded, what training logs goes to a file in its folder too."""

    def __init__(self, run: Run | None) -> None:
        self._run = run
        self._handler: logging.Handler | None = None

    def __enter__(self) -> None:
        if self._run is not None:
            with suppress(OSError):
                self._handler = logging.FileHandler(self._run.log_file, encoding="utf-8", delay=True)
                self._handler.setFormatter(
                    logging.Formatter("%(asctime)s %(levelname)s %(name)s: %(message)s")
                )
                logging.getLogger("runtime.training").addHandler(self._handler)

    def __exit__(self, *exc: object) -> None:
        if self._handler is not None:
            logging.getLogger("runtime.training").removeHandler(self._handler)
            self._handler.close()
