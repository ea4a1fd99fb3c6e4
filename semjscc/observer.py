"""Notes what parts hand on to each other, while they run as they always do."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Call:
    """One call of a method."""

    arguments: tuple[Any, ...]
    result: Any


class Observer(ExitStack):
    """Notes calls of methods of single objects, in the order in which they return; leaving it, it forgets the objects.

    A method is shadowed by an attribute of its object, which calls it and hands on the very same result. So it need be
    no module's ``forward``, and other objects of the class are not watched.

    Args:
        once: methods with which a round begins that is to be noted once: from the second call of one of them on,
            nothing more is kept.
    """

    def __init__(self, once: Sequence[str] = ()) -> None:
        super().__init__()
        self.once = once
        self.calls: dict[str, list[Call]] = defaultdict(list)
        self._begun: set[str] = set()
        self._full = False

    def watch(self, part: Any, *methods: str, then: Callable[[Any], None] = lambda result: None) -> None:
        """From now on; ``then`` is called with every result, before it is handed on."""
        for method in methods:
            if method not in vars(part):
                vars(part)[method] = self._noting(method, getattr(part, method), then)
                self.callback(vars(part).pop, method)

    def _noting(self, method: str, call: Callable, then: Callable[[Any], None]) -> Callable:
        def noting(*arguments, **named):
            self._full |= method in self.once and method in self._begun
            self._begun.add(method)
            result = call(*arguments, **named)
            if not self._full:
                self.calls[method].append(Call(arguments, result))
            then(result)
            return result

        return noting

    def last(self, *methods: str) -> Call | None:
        """The latest call of the first of ``methods`` that was called at all."""
        return next((self.calls[method][-1] for method in methods if self.calls[method]), None)
