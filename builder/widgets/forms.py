"""A form made from declarations: labels in the lecture's words, editors, reasons, and the way back to the default."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from html import escape
from itertools import pairwise
from typing import Any

from PySide6.QtCore import Qt, Signal
from PySide6.QtWidgets import QApplication, QGridLayout, QLabel, QSizePolicy, QToolButton, QWidget

from builder.blocks.parameters import Parameter
from builder.entry import sentence, show
from builder.expressions import is_expression
from builder.widgets.fields import MIXED, Field, FlagField, LineField, field_class
from builder.widgets.icons import themed
from builder.widgets.theme import Theme

__all__ = ["MIXED", "Form", "Side"]

LABEL_WIDTH = 92
#: The height of a row.
_ROW = 36


@dataclass(frozen=True, slots=True)
class Side:
    """A button at the end of a row: its icon, and what it does, in words."""

    icon: str
    text: str


class Form(QWidget):
    """One row for each declaration. ``edited(name, value)`` comes as one types, with values that passed the check.

    Names of parameters are PyTorch's, or those of ``whose`` else they are, and appear in the tooltips; what stands in
    the form are the labels.
    """

    edited = Signal(str, object)
    #: The default was asked for: the parameter is to be dropped.
    reset = Signal(str)
    #: A field was left: what is typed next is another step.
    finished = Signal()
    #: The button at the end of a parameter's row was pressed.
    sideAsked = Signal(str)

    def __init__(self, theme: Theme, parent: QWidget | None = None, *, whose: str = "PyTorch") -> None:
        super().__init__(parent)
        self.theme = theme
        self.whose = whose
        self._rows: dict[str, _Row] = {}
        self._declared: list[tuple[str, Parameter[Any]]] = []
        self._names: Mapping[str, float] | None = None
        self._dims: int | None = None
        self.grid = QGridLayout(self)
        self.grid.setContentsMargins(0, 0, 0, 0)
        self.grid.setHorizontalSpacing(4)
        self.grid.setVerticalSpacing(0)
        self.grid.setColumnMinimumWidth(0, LABEL_WIDTH)
        self.grid.setColumnStretch(2, 1)
        self.setSizePolicy(QSizePolicy.Policy.Preferred, QSizePolicy.Policy.Fixed)

    def show_parameters(
        self,
        declared: Mapping[str, Parameter[Any]],
        values: Mapping[str, Any],
        *,
        names: Mapping[str, float] | None = None,
        dims: int | None = None,
        sides: Mapping[str, Side] | None = None,
    ) -> None:
        """Show declarations with the values given (``MIXED`` where several differ), the default for the rest.

        ``names``: what expressions may use; None refuses them. ``dims``: number of spatial axes, if known. ``sides``:
        the rows that have a button at their end.
        Fields stay, with the focus and what is typed in them, while the declarations are the same.
        """
        listed = list(declared.items())
        self._names, self._dims = names, dims
        same = len(listed) == len(self._declared) and all(
            name == other and parameter is before
            for (name, parameter), (other, before) in zip(listed, self._declared, strict=True)
        )
        if not same:
            self._clear()
            self._declared = listed
        for number, (name, parameter) in enumerate(listed):
            value = values.get(name, parameter.default)
            row = self._rows.get(name)
            if row is not None and row.suits(value):
                row.show(value, name in values, names, dims)
                continue
            had_focus = row is not None and holds_focus(row.field)
            if row is not None:
                row.remove()
            row = self._rows[name] = _Row(self, number, name, parameter, value)
            row.show(value, name in values, names, dims)
            if had_focus:
                row.field.setFocus(Qt.FocusReason.OtherFocusReason)
        for name, row in self._rows.items():
            row.offer((sides or {}).get(name))
        self._order_tabs()

    def hide_all_but(self, names: Collection[str]) -> None:
        """Hide the rows that have no say just now; they keep what is in them."""
        for number, (name, _) in enumerate(self._declared):
            self._rows[name].appear(name in names)
            self.grid.setRowMinimumHeight(2 * number, _ROW if name in names else 0)

    def forget(self) -> None:
        """What is shown next is of something else: nothing that is being typed outlives it."""
        for row in self._rows.values():
            row.field.forget()

    def set_theme(self, theme: Theme) -> None:
        """Use another theme's colours."""
        self.theme = theme
        for row in self._rows.values():
            row.dress(theme)

    def field(self, name: str) -> Field:
        """The editor of a parameter; raises KeyError for one that is not in the form."""
        return self._rows[name].field

    def reason(self, name: str) -> str:
        """Why what stands in a field is not applied, "" if it is."""
        return self._rows[name].reason.text()

    def refused(self) -> dict[str, str]:
        """The parameters whose editors hold what will not do, and why."""
        return {name: row.reason.text() for name, row in self._rows.items() if row.refuses}

    def set_reason(self, name: str, text: str) -> None:
        """Say below a field what is wrong with it (a rule that goes beyond the declaration)."""
        if name in self._rows:
            self._rows[name].judge(sentence(text) if text else "")

    def reset_button(self, name: str) -> QToolButton:
        """The button that brings the default back."""
        return self._rows[name].back

    def side_button(self, name: str) -> QToolButton:
        """The button at the end of a parameter's row."""
        return self._rows[name].side

    def focus_first(self) -> None:
        """Put the focus into the first field."""
        if self._declared:
            self.field(self._declared[0][0]).setFocus(Qt.FocusReason.ShortcutFocusReason)

    def use_expression(self, name: str) -> None:
        """Turn a switch into a line in which an expression can be typed."""
        row = self._rows[name]
        number = [other for other, _ in self._declared].index(name)
        parameter, value = row.parameter, row.field.value
        row.remove()
        row = self._rows[name] = _Row(self, number, name, parameter, value, as_line=True)
        row.show(value, True, self._names, self._dims)
        assert isinstance(row.field, LineField)
        row.field.line.setText("=")
        row.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self._order_tabs()

    def _clear(self) -> None:
        for row in self._rows.values():
            row.remove()
        self._rows.clear()
        for number in range(self.grid.rowCount()):
            self.grid.setRowMinimumHeight(number, 0)

    def _order_tabs(self) -> None:
        rows = [self._rows[name] for name, _ in self._declared]
        widgets = [widget for row in rows for widget in (row.back, row.field, row.side)]
        for first, second in pairwise(widgets):
            QWidget.setTabOrder(first, second)


class _Row:
    """Label, reset button, editor, and the reason below it."""

    def __init__(
        self,
        form: Form,
        number: int,
        name: str,
        parameter: Parameter[Any],
        value: Any,
        *,
        as_line: bool = False,
    ) -> None:
        self._form = form
        self._name = name
        self.parameter = parameter
        self.as_line = as_line
        self.label = QLabel(parameter.label, form)
        self.label.setProperty("role", "muted")
        told = explanation(parameter, form.whose)
        self.label.setToolTip(told)
        kind = LineField if as_line else field_class(parameter, value)
        self.field = kind(parameter, form.theme, form)
        self.field.setToolTip(told)
        self.field.setAccessibleName(parameter.label)
        proxy = self.field.focusProxy()
        if proxy is not None:
            proxy.setAccessibleName(parameter.label)
            proxy.setAccessibleDescription(f"{parameter.help} {form.whose}: {name}")
            self.label.setBuddy(proxy)
        self.back = _small_button(form)
        self.back.setAccessibleName(f"Reset {parameter.label}")
        policy = self.back.sizePolicy()
        policy.setRetainSizeWhenHidden(True)
        self.back.setSizePolicy(policy)
        self.back.clicked.connect(self._reset)
        self.side = _small_button(form)
        self.side.setAccessibleName(f"More for {parameter.label}")
        self.side.hide()
        self._side: Side | None = None
        self._appears, self._changed = True, False
        self.side.clicked.connect(lambda: form.sideAsked.emit(name))
        self.reason = QLabel(form)
        self.reason.setProperty("role", "error")
        self.reason.setWordWrap(True)
        self.reason.hide()
        if isinstance(self.field, FlagField) and set(form._names or ()) - {"in_channels"}:
            self._offer_expression(self.field)
        form.grid.addWidget(self.label, 2 * number, 0)
        form.grid.addWidget(self.back, 2 * number, 1)
        form.grid.addWidget(self.field, 2 * number, 2)
        form.grid.addWidget(self.side, 2 * number, 3)
        form.grid.addWidget(self.reason, 2 * number + 1, 0, 1, 4)
        form.grid.setRowMinimumHeight(2 * number, _ROW)
        self.field.refused.connect(self.judge)
        self.field.edited.connect(lambda value: form.edited.emit(name, value))
        self.field.finished.connect(form.finished)
        self.dress(form.theme)

    def suits(self, value: Any) -> bool:
        """Whether the editor there is can show this value."""
        if self.as_line:
            return is_expression(value) or holds_focus(self.field)
        return type(self.field) is field_class(self.parameter, value)

    def show(self, value: Any, is_given: bool, names: Mapping[str, float] | None, dims: int | None) -> None:
        """Show a value, and whether it differs from the default."""
        self.field.names = names
        self.field.dims = dims
        self.field.set_value(value)
        self._changed = is_given and value is not MIXED and not _equal(value, self.parameter.default)
        self.back.setVisible(self._changed and self._appears)
        if self._changed:
            self.back.setToolTip(f"Back to {show(self.parameter, self.parameter.default)}, the default")

    def appear(self, appears: bool) -> None:
        """Be there, or leave no room."""
        if appears == self._appears:
            return
        self._appears = appears
        policy = self.back.sizePolicy()
        policy.setRetainSizeWhenHidden(appears)
        self.back.setSizePolicy(policy)
        self.label.setVisible(appears)
        self.field.setVisible(appears)
        self.back.setVisible(appears and self._changed)
        self.side.setVisible(appears and self._side is not None)
        self.reason.setVisible(appears and bool(self.reason.text()))

    def offer(self, side: Side | None) -> None:
        """Have a button at the end, or none."""
        if side != self._side:
            self._side = side
            self.side.setVisible(side is not None and self._appears)
            if side is not None:
                self.side.setToolTip(side.text)
                self.side.setAccessibleName(f"{self.parameter.label}: {side.text}")
                self.side.setIcon(themed(side.icon, self._form.theme))

    @property
    def refuses(self) -> bool:
        """Whether what is there will not do."""
        return self._appears and bool(self.reason.text())

    def judge(self, reason: str) -> None:
        """Show why what is there will not do."""
        self.reason.setText(reason)
        self.reason.setVisible(bool(reason) and self._appears)
        proxy = self.field.focusProxy()
        if proxy is not None:
            proxy.setAccessibleDescription(
                reason or f"{self.parameter.help} {self._form.whose}: {self._name}"
            )

    def dress(self, theme: Theme) -> None:
        """Use a theme's colours."""
        self.field.dress(theme)
        self.back.setIcon(themed("reset", theme))
        if self._side is not None:
            self.side.setIcon(themed(self._side.icon, theme))

    def remove(self) -> None:
        """Take the row out of the form."""
        for widget in (self.label, self.back, self.field, self.side, self.reason):
            self._form.grid.removeWidget(widget)
            widget.hide()
            widget.deleteLater()

    def _reset(self) -> None:
        self.field.setFocus(Qt.FocusReason.OtherFocusReason)
        self._form.reset.emit(self._name)

    def _offer_expression(self, field: FlagField) -> None:
        button = QToolButton(field)
        button.setText("=")
        button.setProperty("variant", "quiet")
        button.setProperty("scale", "small")
        button.setToolTip("Let it depend on the module's parameters: type an expression that is 0 or 1")
        button.setAccessibleName(f"Use an expression for {self.parameter.label}")
        button.clicked.connect(lambda: self._form.use_expression(self._name))
        field.row.addWidget(button)


def _small_button(parent: QWidget) -> QToolButton:
    """A button with nothing but an icon, as high as a line of text."""
    button = QToolButton(parent)
    button.setProperty("variant", "quiet")
    button.setFixedSize(20, 20)
    button.setStyleSheet("padding: 0; min-height: 16px;")
    return button


def explanation(parameter: Parameter[Any], whose: str = "PyTorch") -> str:
    """A tooltip: what the parameter is for, its range, and PyTorch's name for it, or whose else."""
    minimum, maximum = getattr(parameter, "minimum", None), getattr(parameter, "maximum", None)
    bounds = ""
    if isinstance(minimum, int | float) and isinstance(maximum, int | float) and maximum < 2**31 - 1:
        bounds = (
            f"From {minimum:g} to {maximum:g}. " if minimum != float("-inf") else f"At most {maximum:g}. "
        )
    text = f"<p style='margin:0'>{escape(parameter.help)}</p>" if parameter.help else ""
    return f"{text}<p style='margin:2px 0 0 0'>{bounds}{whose}: <b>{escape(parameter.name)}</b></p>"


def holds_focus(widget: QWidget) -> bool:
    """Whether the focus is in a widget or in one of its children."""
    focus = QApplication.focusWidget()
    return focus is not None and (focus is widget or widget.isAncestorOf(focus))


def _equal(first: Any, second: Any) -> bool:
    def plain(value: Any) -> Any:
        return tuple(plain(part) for part in value) if isinstance(value, list | tuple) else value

    return bool(plain(first) == plain(second))
