"""One ElementDefinition laid over that of its base: what replaces it, and what adds up."""

from typing import Any, Final

from gateway.validate.tree import Branch

_UNITED: Final = ("alias", "condition", "constraint", "example", "mapping")
_TEXTS: Final = ("definition", "comment", "requirements")
_OF_ITS_PLACE: Final = ("id", "path", "sliceName", "base", "contentReference")


def merge(base: dict[str, Any], over: dict[str, Any]) -> None:
    """Lay one over the other in place."""
    for key, value in over.items():
        if key in _UNITED:
            base[key] = [*base.get(key, ()), *(one for one in value if one not in base.get(key, ()))]
        elif key == "binding":
            base[key] = {**base.get(key, {}), **value}
        elif key in _TEXTS and str(value).startswith("...") and key in base:
            base[key] = f"{base[key]}\n{value.removeprefix('...')}"
        elif key == "extension":
            new = {one.get("url") for one in value}
            base[key] = [*(one for one in base.get(key, ()) if one.get("url") not in new), *value]
        elif key not in _OF_ITS_PLACE:
            base[key] = value


def slice_of(whole: Branch, name: str) -> Branch:
    """A new slice: all that holds for the element as such, but that it need not stand."""
    made = Branch(whole.said, whole.children).copied()
    made.said |= {"sliceName": name, "min": 0}
    made.said.pop("slicing", None)
    return made
