"""Which names nodes, modules and parameters may have: they become attributes and classes of the source."""

from __future__ import annotations

import keyword
import re
import unicodedata

from builder.errors import Problem

#: Longer names are refused: they would not fit on a node, a line of source or a file's key.
MAX_LENGTH = 100

#: Attributes of torch.nn.Module (and of nn.Sequential, which chains become) other than ``__special__`` ones;
#: a test compares the list with the torch that is installed.
MODULE_ATTRIBUTES = frozenset(
    """
    T_destination _apply _backward_hooks _backward_pre_hooks _buffers _call_impl _compiled_call_impl
    _forward_hooks _forward_hooks_always_called _forward_hooks_with_kwargs _forward_pre_hooks
    _forward_pre_hooks_with_kwargs _get_backward_hooks _get_backward_pre_hooks _get_item_by_idx _get_name
    _is_full_backward_hook _load_from_state_dict _load_state_dict_post_hooks _load_state_dict_pre_hooks
    _maybe_warn_non_full_backward_hook _modules _named_members _non_persistent_buffers_set _parameters
    _register_load_state_dict_pre_hook _register_state_dict_hook _replicate_for_data_parallel
    _save_to_state_dict _slow_forward _state_dict_hooks _state_dict_pre_hooks _version _wrapped_call_impl
    add_module append apply bfloat16 buffers call_super_init children compile cpu cuda double dump_patches
    eval extend extra_repr float forward get_buffer get_extra_state get_parameter get_submodule half insert
    ipu load_state_dict modules mtia named_buffers named_children named_modules named_parameters parameters pop
    register_backward_hook register_buffer register_forward_hook register_forward_pre_hook
    register_full_backward_hook register_full_backward_pre_hook register_load_state_dict_post_hook
    register_load_state_dict_pre_hook register_module register_parameter register_state_dict_post_hook
    register_state_dict_pre_hook requires_grad_ set_extra_state set_submodule share_memory state_dict to
    to_empty train training type xpu zero_grad
    """.split()  # noqa: SIM905 - a hundred quoted words would be harder to read
)

#: What the generated source calls by name, so that a local variable or an argument must not hide it.
SOURCE_NAMES = frozenset(
    "self torch nn functional F math Tensor OrderedDict super range len int tuple list zip isinstance".split()  # noqa: SIM905
)

#: What an expression of parameters may use besides them (see ``builder.expressions``).
_EXPRESSION_NAMES = frozenset({"min", "max", "in_channels", "input_channels"})

_SEGMENT = re.compile(r"[\w-]+")
_COUNTED = re.compile(r"([\w-]*)\{([0-9]{1,4})\}")
_NUMBER = re.compile(r"()([0-9]{1,9})")


def normalise(name: str) -> str:
    """The form in which a name is kept and compared: NFKC, as Python itself does with identifiers."""
    return unicodedata.normalize("NFKC", name)


def check_name(name: str, *, in_chain: bool = False) -> Problem | None:
    """What is wrong with a node's name, or None.

    ``in_chain``: the node stands in a chain, where any segment of a state_dict key will do ("0", "block1-0"), and
    a number in braces counts (see ``counted``).
    """
    name = normalise(name)
    if problem := _check_form(name, "node", in_chain=in_chain):
        return problem
    if name in MODULE_ATTRIBUTES:
        return Problem(
            "name-reserved",
            "A node's name must not be an attribute that every torch.nn.Module has",
            f"'{name}'",
            f"Call it '{name.strip('_')}_1', say.",
        )
    return _check_source_names(name, "node")


def counted(name: str) -> tuple[str, int] | None:
    """What stands before the braces of ``layer{1}``, and the number in them; None for a name without.

    In a chain such names are numbered as one appends to a list: the first has its own number, every other the one
    after that of the last before it that begins alike. What is bypassed takes none, what is repeated one a stage.
    """
    match = _COUNTED.fullmatch(name)
    return None if match is None else (match[1], int(match[2]))


def numbered(name: str) -> tuple[str, int] | None:
    """Text and number of a name whose stages in a chain are called by the next numbers: ``3``, ``layer{1}``."""
    match = _COUNTED.fullmatch(name) or _NUMBER.fullmatch(name)
    return None if match is None else (match[1], int(match[2]))


def check_module_name(name: str) -> Problem | None:
    """What is wrong with a module's name, the class in the source, or None."""
    name = normalise(name)
    if problem := _check_form(name, "module"):
        return problem
    if not name[0].isupper():
        proposal = name.title().replace("_", "")
        way_out = (
            f"Call it '{proposal}', say." if proposal[:1].isupper() else "Begin it with a capital letter."
        )
        return Problem(
            "name-not-capitalised",
            "A module's name is a class and begins with a capital",
            f"'{name}'",
            way_out,
        )
    return _check_source_names(name, "module")


def check_parameter_name(name: str) -> Problem | None:
    """What is wrong with the name of a module's parameter, an argument in the source, or None."""
    name = normalise(name)
    if problem := _check_form(name, "parameter") or _check_source_names(name, "parameter"):
        return problem
    if name in _EXPRESSION_NAMES:
        return Problem(
            "name-reserved",
            "A parameter's name must not be one that expressions know already",
            f"'{name}'",
            f"Call it '{name}_value', say.",
        )
    return None


def identifier_from(wish: str, default: str = "node") -> str:
    """An allowed name that looks like ``wish``: "Conv 3×3" becomes ``conv_3x3``."""
    plain = normalise(wish).replace("×", "x")
    # More than \w are no part of a name to Python: numbers of scripts that have letters for them, say.
    allowed = "".join(character if f"_{character}".isidentifier() else " " for character in plain)
    text = re.sub(r"\W+", "_", allowed).strip("_").lower()
    if not text or not text.isidentifier():
        text = f"{default}_{text}".rstrip("_") if text else default
    return text if check_name(text) is None else f"{text[: MAX_LENGTH - 2]}_1"


def module_name_from(wish: str) -> str:
    """The name of a module as people mean it: ``residual block`` becomes ``ResidualBlock``; others stay as they are."""
    if check_module_name(wish) is None:
        return normalise(wish)
    words = re.split(r"[\W_]+", normalise(wish))
    name = "".join(word[:1].upper() + word[1:] for word in words)
    return name if check_module_name(name) is None else wish


def natural_key(text: str) -> tuple[tuple[tuple[bool, int, str], ...], str]:
    """A sort key by which ``n2`` comes before ``n10``."""
    return tuple(_natural_part(part) for part in re.split("([0-9]+)", text) if part), text


def _natural_part(part: str) -> tuple[bool, int, str]:
    if part[0] not in "0123456789":
        return True, 0, part
    digits = part.lstrip("0")  # compared by length first, as numbers are: int() refuses very long ones
    return False, len(digits), digits


def _check_form(name: str, what: str, *, in_chain: bool = False) -> Problem | None:
    if not name:
        return Problem("name-empty", f"A {what} needs a name", "", "Give it one.")
    if len(name) > MAX_LENGTH:
        return Problem(
            "name-too-long",
            f"A {what}'s name has at most {MAX_LENGTH} characters",
            f"'{name[:20]}…' has {len(name)}",
            "Shorten it.",
        )
    if keyword.iskeyword(name):
        return Problem(
            "name-keyword",
            f"A {what}'s name must not be a Python keyword",
            f"'{name}'",
            f"Call it '{name}_1', say.",
        )
    if name.startswith("__"):
        return Problem(
            "name-reserved",
            f"A {what}'s name must not begin with two underscores, which Python keeps for itself",
            f"'{name}'",
            "Take one away.",
        )
    if in_chain and (_SEGMENT.fullmatch(name) or counted(name)):
        return None
    if name.isidentifier():
        return None
    if in_chain:
        rule = f"A {what}'s name is made of letters, digits, underscores and hyphens, and may end in a number in braces"
    else:
        rule = f"A {what}'s name begins with a letter and goes on with letters, digits and underscores"
    proposal = identifier_from(name)
    return Problem("name-not-identifier", rule, f"'{name}'", f"Call it '{proposal}', say.")


def _check_source_names(name: str, what: str) -> Problem | None:
    if name not in SOURCE_NAMES:
        return None
    return Problem(
        "name-reserved",
        f"A {what}'s name must not be one that the generated source uses itself",
        f"'{name}'",
        f"Call it '{name}_1', say.",
    )
