"""The parameters of the module one is in: what instances have that say nothing else, their names and their order."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from typing import Any

from PySide6.QtCore import Qt
from PySide6.QtWidgets import QLabel, QMenu, QVBoxLayout, QWidget

from builder.blocks.parameters import Parameter
from builder.document import Module, ModuleParameter
from builder.editor.exposure import NameField, retract
from builder.editor.selection import declaration_of
from builder.edits import Edit, SetModuleParameters
from builder.errors import Problem
from builder.modular import is_used, move_parameter, rename_parameter
from builder.names import normalise
from builder.widgets.forms import Form, Side
from builder.widgets.session import Session


class ModuleParameters(QWidget):
    """A form with the defaults and a menu for each parameter; empty for a module without."""

    def __init__(self, session: Session, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self._session = session
        self._name = ""
        self._kinds: tuple[object, ...] = ()
        self._declared: dict[str, Parameter[Any]] = {}
        self.form = Form(session.theme, self, whose="Python")
        caption = QLabel("What instances have that say nothing else", self)
        caption.setProperty("role", "caption")
        caption.setWordWrap(True)
        layout = QVBoxLayout(self)
        layout.setContentsMargins(0, 0, 0, 0)
        layout.setSpacing(4)
        layout.addWidget(caption)
        layout.addWidget(self.form)
        self.form.edited.connect(self._edit)
        self.form.finished.connect(session.end_merging)
        self.form.sideAsked.connect(self._open_menu)
        session.themeChanged.connect(lambda: self.form.set_theme(session.theme))

    def show_module(self, module: Module) -> None:
        """Show a module's parameters; fields stay as they are while it has the same ones."""
        kinds = (module.name, *((p.name, type(p.default), p.help) for p in module.parameters))
        if kinds != self._kinds:
            self._kinds, self._name = kinds, module.name
            self._declared = {parameter.name: declaration_of(parameter) for parameter in module.parameters}
            self.form.forget()
        for parameter in module.parameters:
            self._declared[parameter.name].default = parameter.default
        sides = {name: Side("more", f"Rename {name}, move it, remove it") for name in self._declared}
        self.form.show_parameters(self._declared, {}, sides=sides)
        self.setVisible(bool(self._declared))

    # what is done with one ---------------------------------------------------------------------------------

    def menu(self, name: str) -> QMenu | None:
        """What can be done with a parameter besides setting its default; None where it has gone."""
        module = self._session.document.modules.get(self._name)
        names = [] if module is None else [parameter.name for parameter in module.parameters]
        if module is None or name not in names:
            return None
        menu = QMenu(self.form)
        menu.setAttribute(Qt.WidgetAttribute.WA_DeleteOnClose)
        menu.addAction("Rename…", partial(self._ask_name, name))
        menu.addAction("Move up", partial(self._move, name, -1)).setEnabled(name != names[0])
        menu.addAction("Move down", partial(self._move, name, 1)).setEnabled(name != names[-1])
        menu.addSeparator()
        word = "Make it a plain value" if is_used(module, name) else "Remove, nothing uses it"
        menu.addAction(word, partial(retract, self._session, self._name, name))
        return menu

    def _open_menu(self, name: str) -> None:
        button = self.form.side_button(name)
        if (menu := self.menu(name)) is not None:
            menu.popup(button.mapToGlobal(button.rect().bottomLeft()))

    def _ask_name(self, name: str) -> None:
        self.form.side_button(name).setFocus()  # where the focus goes back to
        field = NameField(self.form, name, name, partial(self._rename, name))
        field.setAccessibleName(f"New name of {name}")

    def _rename(self, old: str, new: str) -> Problem | None:
        document = self._session.document
        module = document.modules.get(self._name)
        if module is None or all(parameter.name != old for parameter in module.parameters):
            return None
        edits = rename_parameter(document, module.name, old, new)
        if isinstance(edits, Problem):
            return edits
        self._perform(f"Rename {old} of {module.name}", edits, normalise(new))
        return None

    def _move(self, name: str, places: int) -> None:
        edits = move_parameter(self._session.document, self._name, name, places)
        self._perform(f"Move {name} of {self._name}", edits, name)

    def _perform(self, label: str, edits: Sequence[Edit], name: str) -> None:
        """Do it; the focus stays with the parameter, wherever it stands and whatever it is called then."""
        if edits:
            self._session.perform(label, edits)
            self._session.flush()
            self.form.side_button(name).setFocus()

    def _edit(self, name: str, value: Any) -> None:
        module = self._session.document.modules.get(self._name)
        if module is None:
            return
        changed = tuple([_with(parameter, name, value) for parameter in module.parameters])
        if changed != module.parameters:
            edit = SetModuleParameters(module.name, changed)
            merge = ("module-parameter", module.name, name)
            self._session.perform(f"{name} of {module.name}", [edit], merge=merge)


def _with(parameter: ModuleParameter, name: str, value: Any) -> ModuleParameter:
    """The parameter with another default, of the kind it has, if it is the one of this name."""
    if parameter.name != name:
        return parameter
    return replace(parameter, default=type(parameter.default)(value))
