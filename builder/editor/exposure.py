"""Values that become parameters of the module they stand in, and back, by a button at the end of their row."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from functools import partial

from builder.document import Module
from builder.editor.inplace import InPlaceField
from builder.errors import Problem
from builder.expressions import is_expression
from builder.graph import Node
from builder.modular import REPEAT, can_expose, expose, proposed_parameter, unexpose
from builder.widgets.forms import Form, Side
from builder.widgets.session import Session


class NameField(InPlaceField):
    """The name of a module's parameter, typed where its value stands in a form."""

    def __init__(self, form: Form, row: str, name: str, accept: Callable[[str], Problem | None]) -> None:
        super().__init__(form, form.field(row).geometry(), name, accept)
        self.setObjectName("parameter-name")


class Exposure:
    """The buttons in the form of a node; they are there inside of modules."""

    def __init__(self, session: Session, form: Form, shown: Callable[[], Sequence[Node]]) -> None:
        self._session, self._form, self._shown = session, form, shown
        form.sideAsked.connect(self._asked)

    @property
    def _module(self) -> Module | None:
        return self._session.document.modules.get(self._session.graph.key)

    def sides(self, nodes: Sequence[Node], names: Iterable[str]) -> dict[str, Side]:
        """The buttons for these rows."""
        module = self._module
        if module is None or len(nodes) != 1:
            return {}
        (node,) = nodes
        found = {}
        for name in names:
            if (followed := _followed(module, node, name)) is not None:
                found[name] = retract_side(module, followed)
            elif can_expose(self._session.document, node, name):
                found[name] = Side(
                    "export", f"Make it a parameter of {module.name}, which every instance may set"
                )
        return found

    def _asked(self, name: str) -> None:
        module, nodes = self._module, self._shown()
        if module is None or len(nodes) != 1:
            return
        (node,) = nodes
        if (followed := _followed(module, node, name)) is not None:
            retract(self._session, module.name, followed)
            return
        proposed = proposed_parameter(module, node, name)
        field = NameField(self._form, name, proposed, partial(self._expose, module.name, node.id, name))
        field.setAccessibleName("Name of the new parameter")

    def _expose(self, module: str, node_id: str, name: str, wish: str) -> Problem | None:
        """Make it a parameter of this name, unless that is none."""
        document = self._session.document
        if module not in document.modules or node_id not in document.graph(module):
            return None
        wish = wish or proposed_parameter(
            document.modules[module], document.graph(module).node(node_id), name
        )
        edits = expose(document, module, node_id, name, wish)
        if isinstance(edits, Problem):
            return edits
        self._session.perform(f"Parameter {wish} of {module}", edits)
        return None


def retract_side(module: Module, name: str) -> Side:
    """The button that makes a parameter a plain value again."""
    return Side("import", f"Make '{name}' a plain value again, wherever {module.name} uses it")


def retract(session: Session, module: str, name: str) -> None:
    """Put a parameter's value in where it is used; why not, is told."""
    edits = unexpose(session.document, module, name)
    session.problemsFound.emit([edits] if isinstance(edits, Problem) else [])
    if not isinstance(edits, Problem):
        session.perform(f"No parameter {name} of {module}", edits)


def _followed(module: Module, node: Node, name: str) -> str | None:
    """The parameter of the module that a value is, if it is nothing but that."""
    value = node.repeat if name == REPEAT else node.parameters.get(name)
    while isinstance(value, list | tuple) and value and all(part == value[0] for part in value):
        value = value[0]
    if not is_expression(value):
        return None
    wanted = str(value).removeprefix("=").strip()
    return next((declared.name for declared in module.parameters if declared.name == wanted), None)
