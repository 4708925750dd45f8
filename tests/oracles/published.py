"""The networks as torchvision and timm have them, with random weights: nothing is downloaded."""

from __future__ import annotations

import sys
from typing import Any

import torch
from torch import nn

#: torchvision's operators for boxes are in a library that its wheel for CUDA can't load beside torch for the CPU;
#: the import asks for their schemas alone.
_SCHEMAS = (
    "nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
    "qnms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor",
)
#: What must be said for a plain network, without what is only for training.
_OPTIONS: dict[str, dict[str, Any]] = {
    "googlenet": {"aux_logits": False, "init_weights": False},
    "inception_v3": {"aux_logits": False, "init_weights": False},
}
_libraries: list[torch.library.Library] = []


def torchvision_models() -> Any:
    """``torchvision.models``."""
    try:
        import torchvision.models
    except RuntimeError:
        library = torch.library.Library("torchvision", "DEF")
        for schema in _SCHEMAS:
            library.define(schema)
        for module in [module for module in sys.modules if module.split(".")[0] == "torchvision"]:
            del sys.modules[module]  # what the first attempt got to
        _libraries.append(library)
        import torchvision.models
    return torchvision.models


def published(origin: str, **options: Any) -> nn.Module:
    """The network that ``origin`` names ("torchvision: resnet18", "timm: darknet53"), in eval mode."""
    models = torchvision_models()  # timm imports it too
    library, name = origin.split(": ")
    options = {**_OPTIONS.get(name, {}), **options}
    if library == "torchvision":
        network: nn.Module = models.get_model(name, weights=None, **options)
    else:
        assert library == "timm", origin
        import timm

        network = timm.create_model(name, pretrained=False, **options)
    return network.eval()
