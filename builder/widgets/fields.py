"""One editor for each kind of declared parameter: what is typed is checked at once, and what will not do is said."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMenu,
    QSizePolicy,
    QToolButton,
    QWidget,
)

from builder.blocks.parameters import (
    Choice,
    Flag,
    Integer,
    OptionalReal,
    Padding,
    Parameter,
    PerAxis,
    Real,
    Sizes,
)
from builder.entry import EntryError, parse, real, show, unified
from builder.expressions import is_expression
from builder.widgets.icons import themed
from builder.widgets.inputs import Combo, LineEdit, Switch
from builder.widgets.theme import Theme, set_state

#: Stands for the value of several things that differ.
MIXED = object()

_MIXED_TEXT = "differ"


class Field(QWidget):
    """The editor of one parameter. ``edited`` carries values that passed the check, and no others."""

    edited = Signal(object)
    #: The reason why what is there will not do, "" once it does.
    refused = Signal(str)
    #: The user is done for now: what follows is another step.
    finished = Signal()

    def __init__(self, parameter: Parameter[Any], theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.parameter = parameter
        self.theme = theme
        self.names: Mapping[str, float] | None = None
        self.dims: int | None = None
        self.value: Any = parameter.default
        self.setSizePolicy(QSizePolicy.Policy.Expanding, QSizePolicy.Policy.Fixed)
        self.row = QHBoxLayout(self)
        self.row.setContentsMargins(0, 0, 0, 0)
        self.row.setSpacing(4)

    def set_value(self, value: Any) -> None:
        """Show a value (or ``MIXED``) without telling anyone."""
        raise NotImplementedError

    def forget(self) -> None:
        """Take the next value as it is, whatever is being typed: it is that of something else."""

    def dress(self, theme: Theme) -> None:
        """Use another theme's colours."""
        self.theme = theme
        self.update()

    def _take(self, value: Any) -> None:
        self.value = value
        self.edited.emit(value)


class LineField(Field):
    """Anything that is typed: numbers, numbers per axis, shapes, padding, texts, expressions."""

    def __init__(self, parameter: Parameter[Any], theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parameter, theme, parent)
        self.line = LineEdit(self, parameter.unit)
        self.setFocusProxy(self.line)
        self.row.addWidget(self.line, 1)
        self.line.textEdited.connect(self._typed)
        self.line.stepped.connect(self._step)
        self.line.escaped.connect(self._restore)
        self.line.left.connect(self._leave)
        self.line.returnPressed.connect(self._leave)
        self._nothing = "none" if isinstance(parameter, Sizes) else ""
        self._shown = False
        self._before: Any = None
        self._changed = False

    def set_value(self, value: Any) -> None:
        if self.line.hasFocus() and self._shown and value is not MIXED and _same(value, self.value):
            return  # someone is typing, and what is there is either this value or on its way to another
        self.value = value
        self._shown = True
        self.line.setPlaceholderText(_MIXED_TEXT if value is MIXED else self._nothing)
        if value is MIXED:
            self.line.clear()
        else:
            self.line.setText(self._text(value))
            if not self.line.hasFocus():
                self.line.setCursorPosition(0)  # of a long text the beginning is seen
        self._judge("")

    def forget(self) -> None:
        self._shown = self._changed = False

    def _text(self, value: Any) -> str:
        return show(self.parameter, value, self.dims)

    def _parse(self, text: str) -> Any:
        return parse(self.parameter, text, self.names)

    def _means(self, value: Any) -> bool:
        try:
            return _same(self._parse(self.line.text()), value)
        except EntryError:
            return False

    def _typed(self, text: str) -> None:
        try:
            value = self._parse(text)
        except EntryError as error:
            self._judge(str(error))
            return
        self._judge("")
        self._put(value)

    def _put(self, value: Any) -> None:
        if not self._changed:
            self._before, self._changed = self.value, True
        if self.value is MIXED or not _same(value, self.value):
            self._take(value)

    def _step(self, step: int) -> None:
        try:
            value = stepped(self.parameter, self._parse(self.line.text()), step)
        except EntryError:
            return
        if value is not None and self.parameter.check(value) is None:
            self.line.setText(self._text(value))
            self._judge("")
            self._put(value)

    def _restore(self) -> None:
        if self._changed and self._before is not MIXED and not _same(self._before, self.value):
            self._take(self._before)
        self._changed = False
        self.line.setText("" if self.value is MIXED else self._text(self.value))
        self.line.selectAll()
        self._judge("")
        self.finished.emit()

    def _leave(self) -> None:
        self._changed = False
        if self.value is not MIXED and self._means(self.value):
            self.line.setText(self._text(self.value))
        self.finished.emit()

    def _judge(self, reason: str) -> None:
        set_state(self.line, "invalid", "true" if reason else "false")
        self.refused.emit(reason)


class PerAxisField(LineField):
    """``3 × 3``: linked, one number sets all axes; the chain lets each have its own."""

    has_chain = True

    def __init__(self, parameter: Parameter[Any], theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parameter, theme, parent)
        self.chain = QToolButton(self)
        self.chain.setProperty("variant", "quiet")
        self.chain.setProperty("scale", "small")
        self.chain.setProperty("link", "true")
        self.chain.setCheckable(True)
        self.chain.setChecked(True)
        self.chain.setAccessibleName(f"One number for all axes of {parameter.label}")
        self.chain.clicked.connect(self._link)
        self.row.addWidget(self.chain)
        self.dress(theme)

    def dress(self, theme: Theme) -> None:
        super().dress(theme)
        linked = self.chain.isChecked()
        self.chain.setIcon(themed("chain" if linked else "unchain", theme, "accent" if linked else "muted"))
        self.chain.setToolTip(
            "One number sets all axes; click to give each its own"
            if linked
            else "Click to give all axes one number"
        )

    def set_value(self, value: Any) -> None:
        super().set_value(value)
        self.chain.setVisible(self.has_chain and self.dims != 1 and not is_expression(value))
        if (
            value is not MIXED
            and unified(value) is value
            and isinstance(value, list | tuple)
            and len(value) > 1
        ):
            self.chain.setChecked(False)
        self.dress(self.theme)

    def _parse(self, text: str) -> Any:
        value = super()._parse(text)
        if isinstance(value, list) and not self._mistaken(value) and self.chain.isChecked():
            return unified(value)
        if isinstance(value, list) and self._mistaken(value):
            raise EntryError(f"Needs one number, or one for each of {self.dims} axes, not {len(value)}.")
        return value

    def _mistaken(self, value: list[Any]) -> bool:
        return self.dims is not None and len(value) not in (1, self.dims)

    def _typed(self, text: str) -> None:
        super()._typed(text)
        if (
            isinstance(self.value, list | tuple)
            and unified(self.value) is self.value
            and self.chain.isChecked()
        ):
            self.chain.setChecked(False)  # 3 × 5 was typed: the axes go their own ways
            self.dress(self.theme)

    def _link(self, linked: bool) -> None:
        self.dress(self.theme)
        if self.value is MIXED or is_expression(self.value):
            return
        if linked and isinstance(self.value, list | tuple):
            self._put(self.value[0])
        elif not linked and isinstance(self.value, int):
            self._put([self.value] * (self.dims or 2))
        self.line.setText(self._text(self.value))
        self._judge("")
        self._leave()
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)
        self.line.selectAll()


class PaddingField(PerAxisField):
    """Numbers as for a kernel, ``1+2`` for before and after, or the words ``same`` and ``valid``."""

    has_chain = False

    def __init__(self, parameter: Parameter[Any], theme: Theme, parent: QWidget | None = None) -> None:
        self.more = QToolButton()
        super().__init__(parameter, theme, parent)
        self.more.setProperty("variant", "quiet")
        self.more.setProperty("scale", "small")
        self.more.setPopupMode(QToolButton.ToolButtonPopupMode.InstantPopup)
        self.more.setAccessibleName(f"Kinds of {parameter.label.lower()}")
        self.more.setToolTip("Words and forms it can have")
        menu = QMenu(self.more)
        if getattr(parameter, "words", False):
            menu.addAction("same – the output is as large as the input / stride", lambda: self._say("same"))
            menu.addAction("valid – no border is added", lambda: self._say("valid"))
        menu.addAction("a number for all sides", lambda: self._say(0))
        menu.addAction("a number for each axis", lambda: self._say([0] * (self.dims or 2)))
        if getattr(parameter, "sides", False):
            menu.addAction("before + after for each axis", lambda: self._say([[0, 0]] * (self.dims or 2)))
        self.more.setMenu(menu)
        self.row.addWidget(self.more)

    def dress(self, theme: Theme) -> None:
        super().dress(theme)
        self.more.setIcon(themed("chevron-down", theme))

    def _say(self, value: Any) -> None:
        self.chain.setChecked(not isinstance(value, list))
        self._put(value)
        self.set_value(self.value)
        self.line.setText(self._text(self.value))
        self._leave()
        self.line.setFocus(Qt.FocusReason.OtherFocusReason)
        self.line.selectAll()


class FlagField(Field):
    """A switch with its word."""

    def __init__(self, parameter: Parameter[Any], theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parameter, theme, parent)
        self.switch = Switch(theme, self)
        self.switch.setAccessibleName(parameter.label)
        self.word = QLabel(self)
        self.word.setProperty("role", "muted")
        self.setFocusProxy(self.switch)
        self.setMinimumHeight(28)
        self.row.addWidget(self.switch)
        self.row.addWidget(self.word)
        self.row.addStretch(1)
        self.switch.clicked.connect(self._switched)

    def set_value(self, value: Any) -> None:
        self.value = value
        self.switch.setChecked(bool(value) if value is not MIXED else False)
        self.word.setText(_MIXED_TEXT if value is MIXED else self.parameter.format(value))

    def dress(self, theme: Theme) -> None:
        super().dress(theme)
        self.switch.theme = theme
        self.switch.update()

    def _switched(self, checked: bool) -> None:
        self.word.setText(self.parameter.format(checked))
        self._take(checked)
        self.finished.emit()


class ChoiceField(Field):
    """One of a few words."""

    def __init__(self, parameter: Choice, theme: Theme, parent: QWidget | None = None) -> None:
        super().__init__(parameter, theme, parent)
        self.combo = Combo(self)
        self.combo.setFocusPolicy(Qt.FocusPolicy.StrongFocus)
        self.combo.setPlaceholderText(_MIXED_TEXT)
        self.combo.setMinimumContentsLength(4)
        self.combo.setSizeAdjustPolicy(QComboBox.SizeAdjustPolicy.AdjustToMinimumContentsLengthWithIcon)
        for option in parameter.options:
            self.combo.addItem(option, option)
        self.setFocusProxy(self.combo)
        self.row.addWidget(self.combo, 1)
        self.combo.activated.connect(self._chosen)

    def set_value(self, value: Any) -> None:
        self.value = value
        index = -1 if value is MIXED else self.combo.findData(value)
        self.combo.setCurrentIndex(index)
        known = index >= 0 or value is MIXED
        self.refused.emit("" if known else f"Needs one of the words listed, not “{value}”.")

    def _chosen(self, index: int) -> None:
        self.refused.emit("")
        if (value := self.combo.itemData(index)) != self.value:
            self._take(value)
        self.finished.emit()


def field_class(parameter: Parameter[Any], value: Any) -> type[Field]:
    """The editor for a declaration; a value that is an expression gets a line whatever its kind."""
    if is_expression(value) and not isinstance(parameter, PerAxis | Padding):
        return LineField
    kinds: tuple[tuple[type[Parameter[Any]], type[Field]], ...] = (
        (Flag, FlagField),
        (Choice, ChoiceField),
        (Padding, PaddingField),
        (PerAxis, PerAxisField),
    )
    return next((field for kind, field in kinds if isinstance(parameter, kind)), LineField)


def stepped(parameter: Parameter[Any], value: Any, step: int) -> Any:
    """The value some steps up or down: whole numbers by one, others by a tenth of their size; None if it has none."""
    if value is None or isinstance(value, bool | str):
        return None
    if isinstance(parameter, Real | OptionalReal):
        unit = 10.0 ** (len(f"{int(abs(value))}") - 2) if abs(value) >= 1 else _tenth(value)
        return float(real(round(value + step * unit, 12)))
    minimum = getattr(parameter, "minimum", None)
    maximum = getattr(parameter, "maximum", None)

    def moved(number: int) -> int:
        number += step
        number = number if minimum is None else max(number, minimum)
        return number if maximum is None else min(number, maximum)

    if isinstance(value, int):
        return moved(value) if isinstance(parameter, Integer | PerAxis | Padding) else None
    if isinstance(value, list | tuple) and all(isinstance(part, int) for part in value):
        return [moved(part) for part in value] if isinstance(parameter, PerAxis | Padding) else None
    return None


def _tenth(value: float) -> float:
    """A step for a number below one: one of its first figure (0.003 → 0.001), 0.1 for 0."""
    return 10.0 ** math.floor(math.log10(abs(value))) if value else 0.1


def _same(first: Any, second: Any) -> bool:
    def plain(value: Any) -> Any:
        return tuple(plain(part) for part in value) if isinstance(value, list | tuple) else value

    return type(first) is not bool and type(second) is not bool and plain(first) == plain(second)
