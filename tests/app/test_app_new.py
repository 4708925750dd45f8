"""``new`` with an architecture's own options: factors on channels and blocks, and what it alone can be made with."""

from __future__ import annotations

from pathlib import Path

import pytest

import app
from builder.analysis import analyze
from builder.architectures import ARCHITECTURES
from builder.architectures.base import Architecture
from builder.commands import options_of
from builder.document import Document
from builder.reading import load
from builder.writing import write_document


def test_factors_are_the_options_of_the_architecture(tmp_path: Path) -> None:
    path = tmp_path / "narrow.convolab"
    assert app.main(["new", "darknet53", "-o", str(path), "--width", "0.25", "--depth", "0.5"]) == 0
    made = load(path)
    assert isinstance(made, Document)
    asked = ARCHITECTURES["darknet53"].build(width=0.25, depth=0.5)
    assert analyze(made).totals.parameters == analyze(asked).totals.parameters


@pytest.mark.parametrize("option", ["--width", "--depth"])
@pytest.mark.parametrize("factor", ["0", "-1", "nan", "inf", "1e9", "wide"])
def test_what_is_no_factor_is_refused(
    option: str, factor: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "network.convolab"
    assert app.main(["new", "darknet53", "-o", str(path), f"{option}={factor}"]) == 2
    assert f"needs a number above 0 and at most 100, not '{factor}'" in capsys.readouterr().err
    assert not path.exists()


def _written(path: Path, *words: str) -> Document:
    assert app.main(["new", words[0], "-o", str(path), *words[1:]]) == 0
    made = load(path)
    assert isinstance(made, Document)
    return made


@pytest.mark.parametrize(
    ("words", "options"),
    [
        (["googlenet", "--set", "aux=true"], {"aux": True}),
        (["googlenet", "--set", "aux=no"], {"aux": False}),
        (["resnet18", "--set", "shortcut=zero-padded"], {"shortcut": "zero-padded"}),
        (["unet", "--set", "merge=sum", "--set", "levels=3", "--set", "up=bilinear"],
         {"merge": "sum", "levels": 3, "up": "bilinear"}),
        (["tcn", "--set", "kernel-size=3", "--set", "dropout=0.25", "--set", "norm=on"],
         {"kernel_size": 3, "dropout": 0.25, "norm": True}),
        (["resnet18", "--set", "width=0.5", "--set", "input_shape=1×64×64", "--set", "classes=3"],
         {"width": 0.5, "input_shape": (1, 64, 64), "classes": 3}),
        (["resnet18", "--width", "0.5", "--input", "1,64,64", "--classes", "3"],
         {"width": 0.5, "input_shape": (1, 64, 64), "classes": 3}),
    ],
)  # fmt: skip
def test_options_are_those_of_the_declaration(
    words: list[str], options: dict[str, object], tmp_path: Path
) -> None:
    made = _written(tmp_path / "made.convolab", *words)
    asked = ARCHITECTURES[words[0]].build(**options)
    assert write_document(made) == write_document(asked)
    usual = ARCHITECTURES[words[0]].build()
    assert (write_document(made) == write_document(usual)) == (options == {"aux": False})


def _choices() -> list[tuple[str, str]]:
    """Every option of a network of each family, as it is listed: each word, or the stock value."""
    first = {entry.family: entry for entry in reversed(ARCHITECTURES.values())}
    return [
        (entry.name, f"{option.partition('=')[0]}={word}")
        for entry in first.values()
        for option in options_of(entry)
        for word in option.partition("=")[2].split("|")
    ]


@pytest.mark.parametrize(("name", "option"), _choices())
def test_whatever_is_listed_can_be_set(name: str, option: str, tmp_path: Path) -> None:
    made = _written(tmp_path / "made.convolab", name, "--set", option)
    assert analyze(made).ok


def test_what_can_be_set_is_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert app.main(["architectures"]) == 0
    lines = {line.split()[0]: line for line in capsys.readouterr().out.splitlines()}
    assert "  shortcut=projection|zero-padded, width=1  " in lines["resnet18"]
    assert "  shortcut=zero-padded|projection, width=1  " in lines["resnet20"]
    assert "norm=false|true" in lines["tcn"]
    assert lines["name"].split() == ["name", "parameters", "input", "options", "source"]
    for entry in ARCHITECTURES.values():
        assert all(option in lines[entry.name] for option in options_of(entry))
        assert len(options_of(entry)) == len(entry.options)


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["resnet18", "--set", "shortcut=none"], "'shortcut': Needs one of projection, zero-padded, not 'none'"),
        (["resnet18", "--set", "shortcut"], "--set wants OPTION=VALUE, not 'shortcut'"),
        (["resnet18", "--set", "blocks=3"], "ResNet-18 has no option 'blocks'"),
        (["resnet18", "--set", "width=2", "--width", "2"], "'width' is given twice"),
        (["resnet18", "--set", "width=2", "--set", "width=2"], "'width' is given twice"),
        (["resnet18", "--set", "width=0"], "'width': needs a number above 0"),
        (["resnet18", "--set", "width==2"], "'width': needs a number above 0"),
        (["resnet18", "--set", "classes=0"], "'classes': Needs at least 1"),
        (["resnet18", "--depth", "2"], "ResNet-18 has no --depth to set"),
        (["unet", "--set", "levels=1e3"], "'levels': Needs a whole number"),
        (["unet", "--set", "levels=0"], "'levels': Needs at least 1"),
        (["unet", "--set", "levels=1000000"], "'levels': Needs at most 10,000"),
        (["unet", "--set", "levels=" + "9" * 5000], "'levels': Needs a whole number"),
        (["unet", "--set", "levels==2+1"], "'levels': An expression is not allowed here"),
        (["tcn", "--set", "norm=perhaps"], "'norm': Needs true or false"),
        (["tcn", "--set", "dropout=nan"], "'dropout': Needs a number"),
        (["tcn", "--set", "dropout=1e9"], "'dropout': Needs at most 100"),
        (["lenet5", "--set", "aux=true"], "LeNet-5 has no option 'aux'"),
        (["lenet5", "--set", "="], "LeNet-5 has no option ''"),
    ],
)  # fmt: skip
def test_misuse_is_told_with_the_options_there_are(
    words: list[str], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    path = tmp_path / "network.convolab"
    assert app.main(["new", words[0], "-o", str(path), *words[1:]]) == 2
    out, err = capsys.readouterr()
    assert out == ""
    assert err.count("\n") == 1
    assert err.startswith(said)
    known = ", ".join(options_of(ARCHITECTURES[words[0]]))
    assert err.endswith(f". Its options are {known}\n" if known else ". It has no options\n")
    assert not path.exists()


def test_options_that_do_not_go_together_are_misuse(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    def build(levels: int = 2, steps: int = 2) -> Document:
        if levels > steps:
            raise ValueError(f"'levels' is at most 'steps', {steps}, not {levels}")
        return Document("picky")

    entry = Architecture("lenet5", "Picky", "Deeper", build, "Picks.", "A. Body, Picky, 2000.", 2000)
    monkeypatch.setattr("builder.commands.ARCHITECTURES", {"lenet5": entry})
    path = tmp_path / "network.convolab"
    assert app.main(["new", "lenet5", "-o", str(path), "--set", "levels=3"]) == 2
    assert capsys.readouterr().err == (
        "A network is made of options that go together: 'levels' is at most 'steps', 2, not 3. Choose others. "
        "Its options are levels=2, steps=2\n"
    )
    assert not path.exists()
