"""What can be placed (blocks, presets, the document's modules) or opened, and finding it by a few letters."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cache, lru_cache
from typing import Any

from PySide6.QtCore import QMimeData

from builder.blocks import CATEGORIES, in_order
from builder.closeness import closeness, plain
from builder.document import Document
from builder.library import LIBRARY, ReadyModule, part_names
from builder.library.own import OwnModule, fits_in, is_there, own_modules
from builder.links import check_instance
from builder.widgets import preferences

#: The category of the user's own library, and of what is opened and not placed.
OWN, NETWORKS = "Yours", "Architectures"
#: So much less a network's name counts than a block's, which is what is looked for most.
_NETWORK = 0.75


@dataclass(frozen=True, slots=True)
class Entry:
    """A block as it would be placed: with a preset's parameters, or a module. Or a ``network``, which is opened."""

    title: str
    category: str
    block: str
    description: str = ""
    parameters: Mapping[str, Any] = field(default_factory=dict)
    search: tuple[str, ...] = ()
    #: The name of an architecture, and the heading it stands under within its category.
    network: str = ""
    family: str = ""
    #: The module of the user's library that it places.
    own: OwnModule | None = None

    @property
    def key(self) -> str:
        """What it is remembered by among the recent ones."""
        return f"{self.block if self.own is None else self.own.file.name}/{self.title}"


def entries(document: Document, graph_key: str = "") -> list[Entry]:
    """Everything that may be placed in a graph, by category in the palette's order, presets after their block."""
    found: list[Entry] = []
    for block in in_order():
        found.append(Entry(block.title, block.category, block.id, block.description, {}, block.search))
        found += [
            Entry(
                preset.title,
                block.category,
                block.id,
                block.description,
                preset.parameters,
                (*preset.search, *block.search),
            )
            for preset in block.presets
        ]
    ready = [one for one in LIBRARY.values() if _is_as_in_library(document, one)]
    found += [_ready(one) for one in ready if _fits_in(document, graph_key, one)]
    own = own_modules().modules
    told = {one.name for one in ready} | {one.name for one in own if is_there(document, one)}
    for name, module in document.modules.items():
        if name not in told and check_instance(document, graph_key, module.block) is None:
            about = module.description or f"The module {name} of this document."
            found.append(Entry(name, "Modules", module.block, about))
    found += [_own(one) for one in own if fits_in(document, graph_key, one)]
    order = {category: index for index, category in enumerate((OWN, *CATEGORIES))}
    return sorted(found, key=lambda entry: order.get(entry.category, len(order)))


@cache
def networks() -> tuple[Entry, ...]:
    """The architectures, by family."""
    from builder.architectures import ARCHITECTURES
    from builder.architectures.base import by_family

    return tuple(
        Entry(
            entry.title, NETWORKS, "", entry.about, search=(entry.name, family, str(entry.year)),
            network=entry.name, family=family,
        )
        for family, members in by_family(ARCHITECTURES.values()).items()
        for entry in members
    )  # fmt: skip


def _is_as_in_library(document: Document, ready: ReadyModule) -> bool:
    """Whether the library's words still say what this name places: there is no other module of that name."""
    module = document.modules.get(ready.name)
    return module is None or module.description == ready.description


def _fits_in(document: Document, graph_key: str, ready: ReadyModule) -> bool:
    """Whether neither the module nor a part of it that the document has contains the graph it is to stand in."""
    names = part_names(ready.name)
    there = [document.modules[name].block for name in names if name in document.modules]
    return graph_key not in names and all(check_instance(document, graph_key, one) is None for one in there)


def _ready(ready: ReadyModule) -> Entry:
    search = (ready.name, *ready.search)
    return Entry(ready.title, ready.category, ready.block, ready.description, ready.placed, search)


def _own(own: OwnModule) -> Entry:
    module = own.module
    about = module.description or f"The module {module.name} of your library."
    return Entry(module.name, OWN, module.block, about, own.placed, ("mine", "library"), own=own)


def find(query: str, among: Iterable[Entry], lately: Iterable[str] = ()) -> list[Entry]:
    """Entries that match, best first; with nothing typed the recent ones come first, then all in order."""
    order = {key: index for index, key in enumerate(lately)}
    words = plain(query).split()
    scored = []
    for place, entry in enumerate(among):
        scores = [score(word, entry) for word in words]
        if all(value > 0 for value in scores):
            rank = order.get(entry.key, len(order))
            scored.append((-sum(scores), rank, place, entry))
    return [entry for *_, entry in sorted(scored, key=lambda item: item[:3])]


@lru_cache(2**14)
def _closest(word: str, title: str, block: str, search: tuple[str, ...]) -> float:
    return max(
        closeness(word, plain(title)),
        0.9 * closeness(word, plain(block)),
        *(0.8 * closeness(word, plain(term)) for term in search),
    )


def score(word: str, entry: Entry) -> float:
    """How well a word fits an entry; 0: not at all."""
    best = _closest(word, entry.title, entry.block, entry.search)
    if entry.network:
        return _NETWORK * best
    return best + (0.1 if len(word) > 3 and word in plain(entry.category) else 0.0)


_RECENT, _RECENT_LENGTH = "blocks/recent", 6


def recent() -> list[str]:
    """The keys of the entries placed lately, the last first."""
    return preferences.recall_texts(_RECENT)


def remember(entry: Entry) -> None:
    """An entry was placed: it comes first in the next search."""
    others = [key for key in recent() if key != entry.key]
    preferences.remember(_RECENT, [entry.key, *others][:_RECENT_LENGTH])


ENTRY_MIME = "application/x-convolab-block"


def mime_of_entry(entry: Entry) -> QMimeData:
    """An entry as it travels while it is dragged."""
    data = QMimeData()
    data.setData(ENTRY_MIME, entry.key.encode())
    data.setText(entry.title)
    return data


def entry_of_mime(data: QMimeData, document: Document) -> Entry | None:
    """The entry that is being dragged; None for anything else, and for what is not in the catalogue."""
    if not data.hasFormat(ENTRY_MIME):
        return None
    key = data.data(ENTRY_MIME).toStdString()
    return next((entry for entry in (*entries(document), *networks()) if entry.key == key), None)
