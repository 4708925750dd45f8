"""The parameters of the module one is in: what instances have that say nothing else, and the way to do without one."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from PySide6.QtWidgets import QLabel, QVBoxLayout, QWidget

from builder.blocks.parameters import Parameter
from builder.document import Module, ModuleParameter
from builder.editor.exposure import retract, retract_side
from builder.editor.selection import declaration_of
from builder.edits import SetModuleParameters
from builder.widgets.forms import Form
from builder.widgets.session import Session


class ModuleParameters(QWidget):
    """A form with the defaults; empty for a module without parameters."""

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
        self.form.sideAsked.connect(lambda name: retract(session, self._name, name))
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
        sides = {name: retract_side(module, name) for name in self._declared}
        self.form.show_parameters(self._declared, {}, sides=sides)
        self.setVisible(bool(self._declared))

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
