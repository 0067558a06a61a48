"""Bounds of parameters, for `Annotated`."""


class Range:
    """Bounds of a number, both of which it may be: `Annotated[int, Range(0, 100)]`."""

    __slots__ = ("ge", "le", "multiple_of")

    def __init__(self, ge=None, le=None, multiple_of=None):
        if ge is not None and le is not None and ge > le:
            raise ValueError(f"Range({ge}, {le}): the first number is the smaller one")
        self.ge, self.le, self.multiple_of = ge, le, multiple_of

    def __repr__(self):
        return f"Range({self.ge}, {self.le})"


class Length:
    """Bounds of how long a text or a list is: `Annotated[str, Length(1, 40)]`."""

    __slots__ = ("max_length", "min_length")

    def __init__(self, min_length=None, max_length=None):
        if None not in (min_length, max_length) and min_length > max_length:
            text = f"Length({min_length}, {max_length})"
            raise ValueError(f"{text}: the first number is the smaller one")
        self.min_length, self.max_length = min_length, max_length

    def __repr__(self):
        return f"Length({self.min_length}, {self.max_length})"
