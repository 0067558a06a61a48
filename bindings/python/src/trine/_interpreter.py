"""Python may have several interpreters in a process; C tells the functions of one alone."""


def _is_main():
    try:
        import _interpreters as inside
    except ImportError:
        try:
            import _xxsubinterpreters as inside
        except ImportError:
            # Not CPython, or one without others.
            return True
    # A number, or from Python 3.13 on a pair that begins with it.
    ids = inside.get_current(), inside.get_main()
    current, main = (it[0] if isinstance(it, tuple) else int(it) for it in ids)
    return current == main


if not _is_main():
    raise ImportError("this is another interpreter of the process: import trine in the main interpreter")
